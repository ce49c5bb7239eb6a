"""The heart of the intake, without I/O: what streams tell goes in, rows for the lake come out.

Whatever comes is judged here, whichever venue and library it came through: a value that cannot be true is refused and
counted by its kind, and nothing a stream may send raises.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.frames import BARS, UTC_MS
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, ONE_MINUTE
from edgeproof.ops.intake.sequence import TradeSequence
from edgeproof.ops.intake.trade_buffer import TradeBuffer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Clock

_GREATEST: Final = 1e15
_FIRST_MS: Final = 1_230_768_000_000  # 2009: nothing of what we trade is older
# The newest trades of a dormant market are old; venues' clocks are not far ahead of ours.
_OLDEST_MS: Final = 400 * MS_PER_DAY
_AHEAD_MS: Final = 5 * MS_PER_MINUTE
_NO_DELAY: Final = 2**62
_LONGEST_ID: Final = 80
_CANDLES_KEPT: Final = 240
_KINDS_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """A closed 1-minute candle as a stream told it; volumes in base and quote units."""

    symbol: str
    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Why trades of a symbol may be missing: since ``from_ms``, as was noted at ``noted_ms``.

    ``ask`` says whether the venue's newest trades would help now; while a stream is down they would be too few later.
    """

    symbol: str
    cause: str
    from_ms: int
    noted_ms: int
    ask: bool = True


class Collector:
    """Implements ``ports.Sink``. Use it from one thread.

    Args:
        venue: As rows name it.
        symbols: What is taken in; trades of others are refused.
        clock: Ours, for ``seen_at``.
        most_waiting: Trades that may wait for the lake. Beyond it new ones are dropped, counted, and asked for again
            from the venue; what does not come back is found and marked by the check against candles.
    """

    def __init__(self, venue: str, symbols: Sequence[str], clock: Clock, *, most_waiting: int = 1_000_000) -> None:
        self.venue = venue
        self.symbols = tuple(symbols)
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.last_trade_ms: dict[str, int] = {}  # by the venue's clock
        self.venue_ms = 0  # its clock has surely reached this
        self.last_streamed_ms: dict[str, int] = {}  # by ours
        self._least_delay_ms = _NO_DELAY
        self._positions = {symbol: i for i, symbol in enumerate(symbols)}
        self._sequences = [TradeSequence() for _ in symbols]
        self._clock = clock
        self._buffer = TradeBuffer(venue, symbols, most_rows=most_waiting)
        self._candles: defaultdict[str, dict[int, Candle]] = defaultdict(dict)
        self._hints: dict[tuple[str, str], Hint] = {}

    @property
    def waiting(self) -> int:
        """Trades that wait for the lake."""
        return len(self._buffer)

    def add_trade(  # noqa: PLR0913 - as _admit
        self,
        symbol: str,
        ts: int,
        price: float,
        size: float,
        trade_id: str,
        *,
        buy: bool,
        streamed: bool = True,
    ) -> None:
        """One trade: the venue's time in milliseconds, size in base units; whether a stream brought it unasked."""
        position = self._positions.get(symbol)
        seen_at = self._clock.now_ms()
        if position is None:
            self.refuse("unknown instrument")
        elif not (0.0 < price < _GREATEST and 0.0 < size < _GREATEST):
            self.refuse("price or size is not a positive number")
        elif not seen_at - _OLDEST_MS <= ts <= seen_at + _AHEAD_MS:
            self.refuse("time out of range")
        elif not 0 < len(trade_id) <= _LONGEST_ID:
            self.refuse("no trade number")
        else:
            if streamed:
                self.last_streamed_ms[symbol] = seen_at
                self._least_delay_ms = min(self._least_delay_ms, seen_at - ts)
            self._admit(position, symbol, ts, seen_at, price, size, trade_id, buy=buy)

    def add_candle(self, candle: Candle) -> None:
        """A candle that has closed."""
        prices = (candle.open, candle.high, candle.low, candle.close)
        volumes = (candle.volume, 0.0 if candle.quote_volume is None else candle.quote_volume)
        sound = all(0.0 < p < _GREATEST for p in prices) and all(0.0 <= v < _GREATEST for v in volumes)
        if candle.symbol not in self._positions:
            self.refuse("unknown instrument")
        elif not sound or not candle.low <= min(prices) or not max(prices) <= candle.high:
            self.refuse("candle that cannot be")
        elif candle.open_ms % MS_PER_MINUTE or not _FIRST_MS <= candle.open_ms <= self._clock.now_ms():
            self.refuse("time out of range")
        else:
            self.counts["candles"] += 1
            self.venue_ms = max(self.venue_ms, candle.open_ms + MS_PER_MINUTE)
            kept = self._candles[candle.symbol]
            kept[candle.open_ms] = candle
            while len(kept) > _CANDLES_KEPT:
                del kept[min(kept)]

    def refuse(self, kind: str) -> None:
        """Count something that is not taken in, by its kind."""
        known = kind in self.refused or len(self.refused) < _KINDS_KEPT
        self.refused[kind if known else "other"] += 1

    def note(self, what: str) -> None:
        """Count something that happened, such as a connection."""
        self.counts[what] += 1

    def break_off(self, symbols: Iterable[str], cause: str) -> None:
        """A stream of these symbols ended, or was silent: trades may be missing from their last one on."""
        for symbol in symbols:
            self._sequences[self._positions[symbol]].restart()
            self._hint(symbol, cause, self.last_trade_ms.get(symbol, self._clock.now_ms()), ask=False)

    def resume(self, symbols: Iterable[str]) -> None:
        """A stream of these symbols has begun: what was traded until now can be asked for."""
        for symbol in symbols:
            self._hint(symbol, "reconnect", self.last_trade_ms.get(symbol, self._clock.now_ms()))

    def take_delay(self) -> int | None:
        """The least time from a streamed trade to its arrival since the last call; None where none came."""
        delay_ms, self._least_delay_ms = self._least_delay_ms, _NO_DELAY
        return None if delay_ms == _NO_DELAY else delay_ms

    def take_trades(self) -> pl.DataFrame:
        """Trades that wait, as rows of the trades table."""
        return self._buffer.take()

    def take_hints(self) -> list[Hint]:
        """Why trades may be missing, one hint for each symbol and cause since the last call."""
        hints = list(self._hints.values())
        self._hints.clear()
        return hints

    def candles(self, instrument: Instrument) -> pl.DataFrame:
        """Candles that streams told of late, as rows of the bars table, ascending."""
        told = [self._candles[instrument.symbol][ms] for ms in sorted(self._candles[instrument.symbol])]
        return pl.DataFrame(
            {
                "venue": [instrument.venue] * len(told),
                "symbol": [instrument.symbol] * len(told),
                "timeframe": [ONE_MINUTE.name] * len(told),
                "ts": pl.Series([candle.open_ms for candle in told], dtype=pl.Int64).cast(UTC_MS),
                **{
                    name: pl.Series([getattr(candle, name) for candle in told], dtype=pl.Float64)
                    for name in ("open", "high", "low", "close", "volume", "quote_volume")
                },
                "trades": pl.repeat(None, len(told), eager=True, dtype=pl.Int64),
                "taker_buy_volume": pl.repeat(None, len(told), eager=True, dtype=pl.Float64),
            },
            schema=BARS.schema,
        )

    def forget_candles(self, symbol: str, before_ms: int) -> None:
        """Let go of candles that were used."""
        kept = self._candles[symbol]
        for open_ms in [ms for ms in kept if ms < before_ms]:
            del kept[open_ms]

    def _admit(  # noqa: PLR0913, PLR0917 - the columns of a trade; an object for each would cost as much as all the rest
        self, position: int, symbol: str, ts: int, seen_at: int, price: float, size: float, trade_id: str, *, buy: bool
    ) -> None:
        if self._buffer.is_full:
            self.counts["dropped beyond the memory limit"] += 1
            self._hint(symbol, "overflow", ts)
            return
        sequence = self._sequences[position]
        jumps = sequence.jumps
        if not sequence.admit(trade_id):
            self.counts["duplicates"] += 1
            return
        if sequence.jumps > jumps:
            self._hint(symbol, "sequence", self.last_trade_ms.get(symbol, ts))
        self._buffer.add(position, ts, seen_at, price, size, trade_id, buy=buy)
        self.counts["trades"] += 1
        if ts > self.last_trade_ms.get(symbol, 0):
            self.last_trade_ms[symbol] = ts
            self.venue_ms = max(self.venue_ms, ts)

    def _hint(self, symbol: str, cause: str, from_ms: int, *, ask: bool = True) -> None:
        self.counts[f"hints: {cause}"] += 1
        earlier = self._hints.get((symbol, cause))
        self._hints[symbol, cause] = Hint(
            symbol=symbol,
            cause=cause,
            from_ms=min(from_ms, earlier.from_ms) if earlier else from_ms,
            noted_ms=self._clock.now_ms(),
            ask=ask or (earlier is not None and earlier.ask),
        )
