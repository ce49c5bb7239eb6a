"""Generate a market: bars of every symbol, funding, and trades of any symbol and window on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS, conform
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, format_ms
from edgeproof.kernels.market_paths import walk_minutes
from edgeproof.simulator.market._ground import lay_ground
from edgeproof.simulator.market._paths import SymbolPath, draw_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.arrays import BoolArray, IntArray
    from edgeproof.domain.time import Window
    from edgeproof.simulator.market._spec import MarketSpec, PlantedEdge

VENUE: Final = "demo"
_BAR_FIELDS: Final = 7
_LATENCY_MS: Final = 40
_LATENCY_SPREAD_MS: Final = 120
_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prints:
    """Room for trades as the kernel writes them."""

    ticks: IntArray
    lots: IntArray
    buys: BoolArray
    offsets: IntArray

    @classmethod
    def allot(cls, count: int) -> _Prints:
        """Room for this many trades; 0 asks the kernel for bars alone."""
        ticks, lots, offsets = (np.empty(count, dtype=np.int64) for _ in range(3))
        return cls(ticks=ticks, lots=lots, buys=np.empty(count, dtype=np.bool_), offsets=offsets)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeneratedMarket:
    """A market that was generated: the same spec gives the same one, to the bit.

    Attributes:
        spec: What was asked for.
        bars: Minutes of every symbol, as ``domain.frames.BARS``, in order of symbol as asked, then time.
        funding: Rates of every symbol, as ``domain.frames.FUNDING``, in the same order.
        paths: What each symbol's trades are walked from.
    """

    spec: MarketSpec
    bars: pl.DataFrame
    funding: pl.DataFrame
    paths: Mapping[str, SymbolPath]

    @property
    def edges(self) -> tuple[PlantedEdge, ...]:
        """What is planted in it."""
        return self.spec.edges

    def rules(self, symbol: str) -> InstrumentRules:
        """The grid that prices and sizes of a symbol lie on.

        Raises:
            UnknownName: The market has no such symbol.
        """
        profile = self._path(symbol).profile
        return InstrumentRules(tick=profile.tick, lot=profile.lot, min_size=profile.lot)

    def trades(self, symbol: str, window: Window | None = None) -> pl.DataFrame:
        """Trades of a symbol in a window (the whole market without one), as ``domain.frames.TRADES``.

        They are the trades its bars are made of: added up by minute they give the bars exactly, in any order of
        addition, for ticks and lots are powers of two. Ids count from the market's start, so overlapping windows agree.

        Raises:
            UnknownName: The market has no such symbol.
            InvalidValue: The window reaches outside the market.
        """
        path = self._path(symbol)
        whole = self.spec.window
        asked = window or whole
        if asked.start_ms < whole.start_ms or asked.end_ms > whole.end_ms:
            told = f"{format_ms(asked.start_ms)} to {format_ms(asked.end_ms)}"
            span = f"{format_ms(whole.start_ms)} to {format_ms(whole.end_ms)}"
            raise InvalidValue("window of trades", told, f"one within the market, {span}")
        first = (asked.start_ms - whole.start_ms) // MS_PER_MINUTE
        stop = -((whole.start_ms - asked.end_ms) // MS_PER_MINUTE)
        ts = pl.col("ts").dt.epoch("ms")
        return _walk_trades(path, self.spec.start_ms, first, stop).filter(ts >= asked.start_ms, ts < asked.end_ms)

    def _path(self, symbol: str) -> SymbolPath:
        try:
            return self.paths[symbol]
        except KeyError:
            raise UnknownName("symbol of the market", symbol, self.paths) from None


def generate_market(spec: MarketSpec) -> GeneratedMarket:
    """Generate the market that a spec names.

    A symbol's prices depend on the seed, the span and the edges planted in that symbol; adding, leaving out or
    reordering other symbols changes nothing.
    """
    ground = lay_ground(seed=spec.seed, start_ms=spec.start_ms, minutes=spec.minutes)
    paths = {s: draw_path(ground, s, [edge for edge in spec.edges if edge.symbol == s]) for s in spec.symbols}
    return GeneratedMarket(
        spec=spec,
        bars=conform(pl.concat([_add_up_bars(path, ground.ts) for path in paths.values()]), BARS),
        funding=conform(pl.concat([_tabulate_funding(path) for path in paths.values()]), FUNDING),
        paths=paths,
    )


def _add_up_bars(path: SymbolPath, ts: IntArray) -> pl.DataFrame:
    bars = _walk(path, 0, len(ts), _Prints.allot(0))
    tick, lot = path.profile.tick, path.profile.lot
    prices = {name: bars[:, i] * tick for i, name in enumerate(("open", "high", "low", "close"))}
    return pl.DataFrame(
        {
            "venue": pl.repeat(VENUE, len(ts), eager=True),
            "symbol": pl.repeat(path.symbol, len(ts), eager=True),
            "timeframe": pl.repeat(ONE_MINUTE.name, len(ts), eager=True),
            "ts": pl.Series(ts).cast(UTC_MS),
            **prices,
            "volume": bars[:, 4] * lot,
            "quote_volume": bars[:, 5] * (tick * lot),
            "trades": path.counts,
            "taker_buy_volume": bars[:, 6] * lot,
        }
    )


def _tabulate_funding(path: SymbolPath) -> pl.DataFrame:
    count = len(path.funding.ts)
    return pl.DataFrame(
        {
            "venue": pl.repeat(VENUE, count, eager=True),
            "symbol": pl.repeat(path.symbol, count, eager=True),
            "ts": pl.Series(path.funding.ts).cast(UTC_MS),
            "rate": path.funding.rate,
        }
    )


def _walk_trades(path: SymbolPath, start_ms: int, first: int, stop: int) -> pl.DataFrame:
    counts = path.counts[first:stop]
    total = int(counts.sum())
    prints = _Prints.allot(total)
    _walk(path, first, stop, prints)
    opens = start_ms + np.arange(first, stop, dtype=np.int64) * MS_PER_MINUTE
    ts = np.repeat(opens, counts) + prints.offsets
    ids = int(path.counts[:first].sum()) + np.arange(total)
    frame = pl.DataFrame(
        {
            "venue": pl.repeat(VENUE, total, eager=True),
            "symbol": pl.repeat(path.symbol, total, eager=True),
            "ts": pl.Series(ts).cast(UTC_MS),
            # Late by a little that varies, never overtaking an earlier trade.
            "seen_at": pl.Series(np.maximum.accumulate(ts + _LATENCY_MS + ids * 7919 % _LATENCY_SPREAD_MS)).cast(
                UTC_MS
            ),
            "price": prints.ticks * path.profile.tick,
            "size": prints.lots * path.profile.lot,
            "side": pl.Series(prints.buys).replace_strict({True: "buy", False: "sell"}, return_dtype=pl.String),
            "trade_id": pl.Series(ids).cast(pl.String).str.zfill(_ID_DIGITS),
        }
    )
    return conform(frame, TRADES)


def _walk(path: SymbolPath, first: int, stop: int, prints: _Prints) -> IntArray:
    """Walk minutes ``first`` up to ``stop``: returns their bars in ticks and lots, and fills prints that have room."""
    bars = np.empty((stop - first, _BAR_FIELDS), dtype=np.int64)
    walk_minutes(
        path.key,
        first,
        path.latent[first : stop + 1],
        path.spread[first:stop],
        path.jumps[first:stop],
        path.counts[first:stop],
        path.mean_lots[first:stop],
        path.buy_share[first:stop],
        path.profile.tick,
        bars,
        prints.ticks,
        prints.lots,
        prints.buys,
        prints.offsets,
    )
    return bars
