"""Markets that the exchange can play: generated, recorded, or made for load."""

from edgeproof.simulator.exchange.tapes.generated import GeneratedTape
from edgeproof.simulator.exchange.tapes.recording import record_tape
from edgeproof.simulator.exchange.tapes.replay import ReplayTape, make_trades_of_bars
from edgeproof.simulator.exchange.tapes.walk import Burst, WalkSpec, WalkTape

__all__ = ["Burst", "GeneratedTape", "ReplayTape", "WalkSpec", "WalkTape", "make_trades_of_bars", "record_tape"]
