"""The public side of the exchange: every instrument's trades, candles, touch and funding, as of now."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.simulator.exchange.engine.candles import CLOSE, COLUMNS, HIGH, LOTS, LOW, OPEN, CandleBook
from edgeproof.simulator.exchange.engine.depth import MOST_LEVELS, Depth, Touch, draw_depth
from edgeproof.simulator.exchange.engine.listing import LIVE, SUSPENDED
from edgeproof.simulator.exchange.engine.refusal import refuse_instrument
from edgeproof.simulator.exchange.engine.trades import Printed, TradeBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.tape import FundingSchedule, Tape

RECENT_TRADES: Final = 100
_DAY_MINUTES: Final = 1_440
_LEVEL_TO_MINUTE: Final = 0.05  # mean size of a book's level, in volumes of a usual minute
_DEFAULT_LOTS: Final = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One recent trade: its number, time, price in ticks, size in lots and taker's side."""

    number: int
    ts: int
    ticks: int
    lots: int
    buys: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """The last 24 hours, in ticks and lots."""

    open: int
    high: int
    low: int
    lots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPoint:
    """A rate and when it is settled."""

    ts: int
    rate: float


@dataclass(slots=True, kw_only=True)
class Instrument:
    """One instrument as it stands; only ``VenueMarket`` changes it."""

    listing: Listing
    candles: CandleBook
    funding: FundingSchedule
    key: int
    mean_lots: float
    next_number: int = 0
    last: TradeRow | None = None
    recent: deque[TradeRow] = field(default_factory=lambda: deque(maxlen=RECENT_TRADES))

    @property
    def symbol(self) -> str:
        """The instrument's id."""
        return self.listing.symbol

    @property
    def trades(self) -> bool:
        """Whether it trades, rather than being suspended or delisted."""
        return self.listing.state == LIVE

    @property
    def last_ticks(self) -> int:
        """The last price, or the last close before the first trade; 0 where nothing ever traded."""
        if self.last is not None:
            return self.last.ticks
        minutes = self.candles.minutes
        return int(minutes[-1, CLOSE]) if len(minutes) else 0

    @property
    def touch(self) -> Touch:
        """Best prices: the last trade took one of them, the other lies a tick away."""
        buys = self.last.buys if self.last is not None else True
        last = max(self.last_ticks, 2)
        return Touch(bid=last - 1, ask=last) if buys else Touch(bid=last, ask=last + 1)

    def read_depth(self, now_ms: int, levels: int = MOST_LEVELS) -> Depth:
        """The book at a moment."""
        return draw_depth(self.key, self.touch, now_ms, mean_lots=self.mean_lots, levels=levels)

    def measure_day(self) -> DayFigures:
        """The last 24 hours by the minute."""
        day = self.candles.minutes[-_DAY_MINUTES:]
        if not len(day):
            return DayFigures(open=0, high=0, low=0, lots=0)
        return DayFigures(
            open=int(day[0, OPEN]),
            high=int(day[:, HIGH].max()),
            low=int(day[:, LOW].min()),
            lots=int(day[:, LOTS].sum()),
        )

    def next_funding(self, now_ms: int) -> FundingPoint | None:
        """The rate that is settled next."""
        at = int(np.searchsorted(self.funding.ts, now_ms, side="right"))
        return self._funding_point(at) if at < len(self.funding.ts) else None

    def past_funding(self, now_ms: int) -> list[FundingPoint]:
        """Settled rates, newest first."""
        settled = int(np.searchsorted(self.funding.ts, now_ms, side="right"))
        return [self._funding_point(i) for i in range(settled - 1, -1, -1)]

    def settled_between(self, after_ms: int, until_ms: int) -> list[FundingPoint]:
        """Rates settled with ``after_ms < ts <= until_ms``, oldest first."""
        first, stop = np.searchsorted(self.funding.ts, [after_ms, until_ms], side="right")
        return [self._funding_point(i) for i in range(int(first), int(stop))]

    def print_batch(self, batch: TradeBatch) -> Printed:
        """Make trades public: number them and fold them into candles."""
        printed = Printed(batch=batch, first=self.next_number)
        self.next_number += len(batch)
        self.candles.fold(batch)
        kept = min(len(batch), RECENT_TRADES)
        columns = (batch.ts[-kept:], batch.ticks[-kept:], batch.lots[-kept:], batch.buys[-kept:])
        numbers = range(self.next_number - kept, self.next_number)
        for number, ts, ticks, lots, buys in zip(numbers, *(c.tolist() for c in columns), strict=True):
            self.recent.append(TradeRow(number=number, ts=ts, ticks=ticks, lots=lots, buys=buys))
        self.last = self.recent[-1]
        return printed

    def _funding_point(self, at: int) -> FundingPoint:
        return FundingPoint(ts=int(self.funding.ts[at]), rate=float(self.funding.rate[at]))


class VenueMarket:
    """All instruments, moved forwards by the tape.

    One that is suspended or delisted makes no trades, and nobody hears of its books and candles; its clock goes on, so
    when it trades again its candles of that time are empty ones. What users hold in it stays as it is.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.now_ms = tape.start_ms
        self.instruments = {listing.symbol: _open_instrument(tape, listing) for listing in tape.listings}
        self.delisted: set[str] = set()
        self._newly_delisted: set[str] = set()

    def __getitem__(self, symbol: str) -> Instrument:
        try:
            return self.instruments[symbol]
        except KeyError:
            raise refuse_instrument() from None

    def lists(self, symbol: str) -> bool:
        """Whether an instrument may be asked for."""
        return symbol in self.instruments and symbol not in self.delisted

    def choose(self, symbol: str | None) -> Iterable[Instrument]:
        """One listed instrument, or all of them."""
        if symbol is None:
            return [item for item in self.instruments.values() if self.lists(item.symbol)]
        if not self.lists(symbol):
            raise refuse_instrument()
        return [self[symbol]]

    def suspend(self, symbol: str) -> None:
        """Halt an instrument that stays in the list."""
        self._set_state(symbol, SUSPENDED)
        self.delisted.discard(symbol)

    def delist(self, symbol: str) -> None:
        """Halt an instrument and take it off the list."""
        self._set_state(symbol, SUSPENDED)
        self.delisted.add(symbol)
        self._newly_delisted.add(symbol)

    def take_newly_delisted(self) -> set[str]:
        """Instruments that were delisted since the last call, whether or not they are back."""
        taken, self._newly_delisted = self._newly_delisted, set()
        return taken

    def relist(self, symbol: str) -> None:
        """Let a suspended or delisted instrument trade again."""
        self._set_state(symbol, LIVE)
        self.delisted.discard(symbol)

    def advance(self, now_ms: int) -> Sequence[Printed]:
        """Play the tape up to now; a clock that went back plays nothing."""
        if now_ms <= self.now_ms:
            return ()
        batches = self._tape.play_until(now_ms)
        printed = [self[batch.symbol].print_batch(batch) for batch in batches if self[batch.symbol].trades]
        self.now_ms = now_ms
        for instrument in self.instruments.values():
            instrument.candles.roll(now_ms)
        return printed

    def _set_state(self, symbol: str, state: str) -> None:
        instrument = self[symbol]
        instrument.listing = replace(instrument.listing, state=state)


def _open_instrument(tape: Tape, listing: Listing) -> Instrument:
    history = tape.history(listing.symbol)
    return Instrument(
        listing=listing,
        candles=CandleBook(history if len(history) else np.empty((0, COLUMNS), dtype=np.int64)),
        funding=tape.funding(listing.symbol),
        key=int.from_bytes(hashlib.sha256(listing.symbol.encode()).digest()[:7], "big"),
        mean_lots=max(1.0, _LEVEL_TO_MINUTE * float(np.median(history[:, LOTS]))) if len(history) else _DEFAULT_LOTS,
    )
