"""An exchange that speaks BloFin's protocol on this machine, plays a market, and keeps the truth of what it sent."""

from edgeproof.simulator.exchange.engine.clocks import ManualClock, ScaledClock
from edgeproof.simulator.exchange.engine.faults import Fault, FaultKind, PlannedFault, plan_faults
from edgeproof.simulator.exchange.engine.limits import UNLIMITED, Budgets
from edgeproof.simulator.exchange.engine.listing import Listing
from edgeproof.simulator.exchange.engine.signing import ApiKey
from edgeproof.simulator.exchange.engine.spec import DEMO_KEY, ExchangeSpec
from edgeproof.simulator.exchange.engine.tape import Tape
from edgeproof.simulator.exchange.engine.trade_ids import TradeIds
from edgeproof.simulator.exchange.engine.truth import Delivery, read_records, tabulate_trades
from edgeproof.simulator.exchange.engine.venue import Venue
from edgeproof.simulator.exchange.server.background import BackgroundExchange
from edgeproof.simulator.exchange.server.exchange_server import ExchangeServer
from edgeproof.simulator.exchange.tapes import (
    Burst,
    GeneratedTape,
    ReplayTape,
    WalkSpec,
    WalkTape,
    make_trades_of_bars,
    record_tape,
)

__all__ = [
    "DEMO_KEY",
    "UNLIMITED",
    "ApiKey",
    "BackgroundExchange",
    "Budgets",
    "Burst",
    "Delivery",
    "ExchangeServer",
    "ExchangeSpec",
    "Fault",
    "FaultKind",
    "GeneratedTape",
    "Listing",
    "ManualClock",
    "PlannedFault",
    "ReplayTape",
    "ScaledClock",
    "Tape",
    "TradeIds",
    "Venue",
    "WalkSpec",
    "WalkTape",
    "make_trades_of_bars",
    "plan_faults",
    "read_records",
    "record_tape",
    "tabulate_trades",
]
