"""The desk of one cycle: every market's bars and funding, loaded once, named by hashes and looked at for faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from joblib import Parallel, delayed

from edgeproof.domain.frames import BARS, FUNDING
from edgeproof.domain.hashing import combine_hashes, hash_rows
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.series import BarSeries
from edgeproof.market import Fault, inspect_bars
from edgeproof.research.coverage import Coverage, measure_coverage
from edgeproof.research.request import Market, choose_markets
from edgeproof.strategies import DEFAULT_REFERENCE, MarketData

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Window
    from edgeproof.research.request import Universe
    from edgeproof.strategies import Strategy

# Faults that a bar in the lake may still have, and that put a price in doubt.
_DOUBTFUL = (Fault.OPEN_OUTSIDE, Fault.JUMP)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """One market's rows of the window.

    Attributes:
        market: Which.
        bars: Its bars.
        funding: Its funding rates, perhaps none.
        bars_hash: Names exactly the bars.
        data_hash: Names exactly the bars and the funding.
        doubtful: Bars whose prices are odd, though possible.
    """

    market: Market
    bars: BarSeries
    funding: pl.DataFrame
    bars_hash: str
    data_hash: str
    doubtful: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Desk:
    """Everything a cycle's evaluations read; shared by its threads, changed by none.

    Attributes:
        window: The window.
        loaded: The universe's markets, and those its strategies look at from outside it.
        coverages: The universe's markets against the window, in order.
        venues: Each venue's bars, as strategies see them.
        shared: Symbols that strategies look at from other markets.
    """

    window: Window
    loaded: Mapping[Instrument, Loaded]
    coverages: tuple[Coverage, ...]
    venues: Mapping[str, MarketData]
    shared: frozenset[str]

    @property
    def data_hash(self) -> str:
        """Names exactly the rows that were used."""
        return combine_hashes(f"{name}:{loaded.data_hash}" for name, loaded in self.loaded.items())

    def hash_for(self, strategy: Strategy, instrument: Instrument) -> str:
        """Names the rows one trial uses: the market's own, and those of the others the strategy looks at.

        Of a symbol that it names by ``of`` it may read bars and funding, of the reference bars alone.
        """
        named = set(strategy.symbols)
        others = {Instrument(venue=instrument.venue, symbol=s) for s in find_context(strategy)} - {instrument}
        context = [
            f"{other}:{found.data_hash if other.symbol in named else found.bars_hash}"
            for other in others
            if (found := self.loaded.get(other)) is not None
        ]
        return combine_hashes([f"{instrument}:{self.loaded[instrument].data_hash}", *context])

    def release(self, instrument: Instrument) -> None:
        """Forget what was computed for a market that is done, unless others look at it."""
        if instrument.symbol not in self.shared:
            self.venues[instrument.venue].drop(instrument.symbol)


def find_context(strategy: Strategy) -> set[str]:
    """Symbols whose rows a strategy may look at besides its own: the reference, and what it names by ``of``."""
    return {DEFAULT_REFERENCE, *strategy.symbols}


def load_desk(lake: Lake, universe: Universe, strategies: Sequence[Strategy], *, workers: int) -> Desk:
    """Load the universe and whatever else its strategies look at, where the lake has it."""
    shared = frozenset(symbol for strategy in strategies for symbol in find_context(strategy))
    context = _find_outside(lake, universe, shared)
    loaded = Parallel(n_jobs=workers, backend="threading")(
        delayed(_load)(lake, market, universe.window) for market in (*universe.markets, *context)
    )
    by_instrument = {one.market.instrument: one for one in loaded if len(one.bars)}
    return Desk(
        window=universe.window,
        loaded=by_instrument,
        coverages=tuple(
            _measure(by_instrument[market.instrument], universe.window)
            for market in universe.markets
            if market.instrument in by_instrument
        ),
        shared=shared,
        venues={venue: _open_venue(venue, by_instrument) for venue in sorted({i.venue for i in by_instrument})},
    )


def _find_outside(lake: Lake, universe: Universe, symbols: Iterable[str]) -> list[Market]:
    inside = {market.instrument for market in universe.markets}
    held = choose_markets(lake.holdings(), universe.window)
    wanted = {Instrument(venue=venue, symbol=s) for venue in {i.venue for i in inside} for s in symbols} - inside
    return [held[instrument] for instrument in sorted(wanted) if instrument in held]


def _load(lake: Lake, market: Market, window: Window) -> Loaded:
    bars = lake.bars(market.instrument, market.timeframe, window)
    funding = lake.funding(market.instrument, window)
    bars_hash = hash_rows(bars, BARS)
    faults = inspect_bars(bars).faults
    return Loaded(
        market=market,
        bars=BarSeries.from_frame(bars, market.timeframe),
        funding=funding,
        bars_hash=bars_hash,
        data_hash=combine_hashes([f"bars:{bars_hash}", f"funding:{hash_rows(funding, FUNDING)}"]),
        doubtful=sum(faults.get(fault, 0) for fault in _DOUBTFUL),
    )


def _measure(one: Loaded, window: Window) -> Coverage:
    settled = one.funding["ts"].dt.epoch("ms").to_numpy()
    return measure_coverage(
        one.market.instrument,
        one.market.timeframe,
        one.bars.ts,
        window,
        funding_ts=settled,
        trades=one.bars.trades,
    )


def _open_venue(venue: str, loaded: Mapping[Instrument, Loaded]) -> MarketData:
    here = {i.symbol: one for i, one in loaded.items() if i.venue == venue}
    return MarketData(
        {symbol: one.bars for symbol, one in here.items()},
        {symbol: one.funding for symbol, one in here.items() if one.funding.height},
        DEFAULT_REFERENCE,
    )
