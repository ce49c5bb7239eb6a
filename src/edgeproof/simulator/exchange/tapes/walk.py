"""A market for load: seeded random walks at any rate of trades, with bursts planned or called for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, format_ms
from edgeproof.simulator.exchange.engine.candles import COLUMNS
from edgeproof.simulator.exchange.engine.tape import FundingSchedule
from edgeproof.simulator.exchange.engine.trades import TradeBatch
from edgeproof.simulator.exchange.tapes._listings import list_profile
from edgeproof.simulator.exchange.tapes._queue import TradeQueue
from edgeproof.simulator.market import FUNDING_INTERVAL_MS, describe_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.listing import Listing

_MEAN_LOTS: Final = 60.0
_UP_OR_DOWN: Final = 0.2  # chance a trade moves the path a tick, either way
_FUNDING_SPAN: Final = 400
_FUNDING_SD: Final = 0.0002
_RATE_DECIMALS: Final = 8
_LEAST_TICKS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """More trades for a while: ``trades_per_second`` over all symbols from ``start_ms`` for ``seconds``."""

    start_ms: int
    seconds: int
    trades_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSpec:
    """A load market; equal specs give equal trades.

    Attributes:
        symbols: Names such as ``BTC-USDT``.
        start_ms: First moment that is played, a whole second.
        trades_per_second: Mean rate over all symbols; the first symbols get most of it.
        seed: Names one of the possible markets.
        history_minutes: Closed minutes before the start.
        bursts: Planned bursts.
    """

    symbols: tuple[str, ...]
    start_ms: int
    trades_per_second: float = 100.0
    seed: int = 1
    history_minutes: int = 1_440
    bursts: tuple[Burst, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", tuple(parse_symbol(symbol) for symbol in self.symbols))
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise InvalidValue("symbols", self.symbols, "one name or more, none twice")
        if self.start_ms % MS_PER_SECOND:
            raise InvalidValue("start_ms", format_ms(self.start_ms), "a whole second")
        if not 0.0 <= self.trades_per_second < float("inf"):
            raise InvalidValue("trades_per_second", self.trades_per_second, "a finite rate, 0 or more")


class WalkTape:
    """Plays a load market, one second of it drawn at a time."""

    def __init__(self, spec: WalkSpec) -> None:
        self._spec = spec
        self._random = np.random.Generator(np.random.PCG64(spec.seed))
        self._queue = TradeQueue()
        self._drawn_until_ms = spec.start_ms
        self._bursts = list(spec.bursts)
        profiles = [describe_symbol(symbol, spec.seed) for symbol in spec.symbols]
        self._listings = tuple(list_profile(s, p) for s, p in zip(spec.symbols, profiles, strict=True))
        self._ticks = [max(_LEAST_TICKS, round(p.price / p.tick)) for p in profiles]
        weights = 1.0 / np.sqrt(np.arange(1, len(profiles) + 1))
        self._shares = weights / weights.sum()
        self._history = {listing.symbol: self._draw_history(i) for i, listing in enumerate(self._listings)}

    @property
    def start_ms(self) -> int:
        """The first moment that is played."""
        return self._spec.start_ms

    @property
    def listings(self) -> Sequence[Listing]:
        """The symbols, in the order asked."""
        return self._listings

    def history(self, symbol: str) -> IntArray:
        """Minutes before the start; they end at the price the walk begins with."""
        return self._history[symbol]

    def funding(self, symbol: str) -> FundingSchedule:
        """Rates every eight hours, from before the history to months after the start."""
        number = [listing.symbol for listing in self._listings].index(symbol)
        stream = np.random.Generator(np.random.PCG64([self._spec.seed, number]))
        first = (self._spec.start_ms - self._spec.history_minutes * MS_PER_MINUTE) // FUNDING_INTERVAL_MS
        count = _FUNDING_SPAN + self._spec.history_minutes * MS_PER_MINUTE // (8 * MS_PER_HOUR)
        return FundingSchedule(
            ts=(first + np.arange(count, dtype=np.int64)) * FUNDING_INTERVAL_MS,
            rate=np.round(stream.normal(0.0001, _FUNDING_SD, count), _RATE_DECIMALS),
        )

    def play_until(self, until_ms: int) -> Sequence[TradeBatch]:
        """Trades up to and at ``until_ms``."""
        while self._drawn_until_ms <= until_ms:
            self._draw_second()
        return self._queue.take(until_ms)

    def burst(self, *, seconds: int, trades_per_second: float) -> None:
        """Raise the rate from the next second that is drawn; such a market depends on when it was called."""
        self._bursts.append(Burst(start_ms=self._drawn_until_ms, seconds=seconds, trades_per_second=trades_per_second))

    def _draw_second(self) -> None:
        second = self._drawn_until_ms
        counts = self._random.poisson(self._rate_at(second) * self._shares)
        for i, count in enumerate(counts.tolist()):
            if count:
                self._queue.put(self._draw_trades(i, second, count))
        self._drawn_until_ms = second + MS_PER_SECOND

    def _draw_trades(self, i: int, second: int, count: int) -> TradeBatch:
        buys = self._random.random(count) < 0.5  # noqa: PLR2004 - a fair coin
        moves = self._random.choice((-1, 0, 1), count, p=(_UP_OR_DOWN / 2, 1 - _UP_OR_DOWN, _UP_OR_DOWN / 2))
        path = np.maximum(self._ticks[i] + np.cumsum(moves), 2)
        self._ticks[i] = int(path[-1])
        return TradeBatch(
            symbol=self._spec.symbols[i],
            ts=second + np.sort(self._random.integers(0, MS_PER_SECOND, count)),
            ticks=path + buys,
            lots=1 + self._random.exponential(_MEAN_LOTS, count).astype(np.int64),
            buys=buys,
        )

    def _rate_at(self, second: int) -> float:
        live = [b.trades_per_second for b in self._bursts if b.start_ms <= second < b.start_ms + b.seconds * 1_000]
        return max([self._spec.trades_per_second, *live])

    def _draw_history(self, i: int) -> IntArray:
        count = self._spec.history_minutes
        rows = np.empty((count, COLUMNS), dtype=np.int64)
        opening = self._spec.start_ms // MS_PER_MINUTE * MS_PER_MINUTE
        rows[:, 0] = opening + MS_PER_MINUTE * np.arange(-count, 0)
        steps = self._random.integers(-8, 9, count)
        closes = np.maximum(self._ticks[i] - np.cumsum(steps[::-1])[::-1] + steps, 20)
        opens = np.concatenate((closes[:1], closes[:-1]))
        rows[:, 1], rows[:, 4] = opens, closes
        rows[:, 2] = np.maximum(opens, closes) + self._random.integers(0, 5, count)
        rows[:, 3] = np.maximum(np.minimum(opens, closes) - self._random.integers(0, 5, count), 1)
        rows[:, 5] = 1 + self._random.integers(0, int(100 * _MEAN_LOTS), count)
        rows[:, 6] = rows[:, 5] * ((rows[:, 2] + rows[:, 3]) // 2)
        return rows
