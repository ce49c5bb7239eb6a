"""The exchange as a whole: its market, its limits, its faults, its memory of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.simulator.exchange.engine.faults import FaultDesk
from edgeproof.simulator.exchange.engine.limits import Limiter
from edgeproof.simulator.exchange.engine.market import VenueMarket
from edgeproof.simulator.exchange.engine.signing import Gate
from edgeproof.simulator.exchange.engine.trading.desk import TradingDesk
from edgeproof.simulator.exchange.engine.trading.floor import Floor
from edgeproof.simulator.exchange.engine.truth import GroundTruth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgeproof.domain.time import Clock
    from edgeproof.simulator.exchange.engine.faults import Fault
    from edgeproof.simulator.exchange.engine.spec import ExchangeSpec
    from edgeproof.simulator.exchange.engine.tape import Tape
    from edgeproof.simulator.exchange.engine.trades import Printed


class Venue:
    """Everything behind the wire. Use it from one thread.

    Args:
        tape: The market to play.
        spec: How the exchange behaves.
        clock: Time of the market.
        wall: Time of the world, which budgets, signatures, liveness and faults go by; the market's own without one.
    """

    def __init__(self, tape: Tape, spec: ExchangeSpec, clock: Clock, wall: Clock | None = None) -> None:
        self.tape = tape
        self.spec = spec
        self.market = VenueMarket(tape)
        self.limiter = Limiter(spec.budgets)
        self.faults = FaultDesk(spec.plan)
        self.gate = Gate(spec.keys)
        self.truth = GroundTruth(tape.listings, spec.ids, spec.truth_path)
        self.floor = Floor(self.market, spec.ids, spec.maker_rate, spec.taker_rate)
        self.desk = TradingDesk(self.floor)
        for user in sorted({key.user for key in spec.keys}):
            self.desk.open_account(user, spec.opening_balance)
        self._clock = clock
        self._wall = wall or clock
        self._opened_ms = self.wall_ms()
        self._unsent: list[Printed] = []

    def wall_ms(self) -> int:
        """Time of the world."""
        return self._wall.now_ms()

    def now_ms(self) -> int:
        """Time of the market, as the exchange's own clock tells it."""
        return self._clock.now_ms() + self.faults.skew_ms(self.wall_ms())

    def signing_ms(self) -> int:
        """The time that signatures are held against: the world's, as the exchange's own clock tells it."""
        return self.wall_ms() + self.faults.skew_ms(self.wall_ms())

    def advance(self) -> None:
        """Bring the market up to now, and start planned faults that are due."""
        wall_ms = self.wall_ms()
        for fault in self.faults.start_planned(wall_ms - self._opened_ms, wall_ms):
            self.truth.count_event(f"fault {fault.kind}")
        now_ms = self.now_ms()
        for moment_ms in [*self._find_settlements(now_ms), now_ms]:
            self._play_until(moment_ms)

    def inject(self, fault: Fault) -> None:
        """Make something go wrong now."""
        self.truth.count_event(f"fault {fault.kind}")
        self.faults.inject(fault, self.wall_ms())

    def suspend(self, symbol: str) -> None:
        """Let an instrument trade no more from now on, and stay in the list as ``suspend``.

        Raises:
            Refusal: There is no such instrument.
        """
        self._change_listing(self.market.suspend, symbol, "suspended")

    def delist(self, symbol: str) -> None:
        """Let an instrument trade no more from now on, and answer as if it were unknown.

        Raises:
            Refusal: There is no such instrument.
        """
        self._change_listing(self.market.delist, symbol, "delisted")

    def relist(self, symbol: str) -> None:
        """Let a suspended or delisted instrument trade again from now on.

        Raises:
            Refusal: There is no such instrument.
        """
        self._change_listing(self.market.relist, symbol, "relisted")

    def take_unsent(self) -> Sequence[Printed]:
        """Trades made since the last call, for the streams."""
        taken, self._unsent = self._unsent, []
        return taken

    def _change_listing(self, change: Callable[[str], None], symbol: str, what: str) -> None:
        self.advance()
        change(symbol)
        self.truth.count_event(f"{what} {symbol}")

    def _find_settlements(self, now_ms: int) -> list[int]:
        """Times at which funding is settled on the way to now."""
        instruments = self.market.instruments.values()
        return sorted({p.ts for i in instruments for p in i.settled_between(self.market.now_ms, now_ms)})

    def _play_until(self, moment_ms: int) -> None:
        before_ms = self.market.now_ms
        for printed in self.market.advance(moment_ms):
            self._remember(printed)
            self.desk.follow(printed)
        self.desk.settle(before_ms, self.market.now_ms)
        self.remember_prints()

    def remember_prints(self) -> None:
        """Take note of the trades that users made."""
        for printed in self.floor.take_prints():
            self._remember(printed)

    def _remember(self, printed: Printed) -> None:
        self.truth.record_trades(printed)
        self._unsent.append(printed)
