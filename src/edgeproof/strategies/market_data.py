"""The bars a strategy may look at, and what was already computed from them."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import numpy as np

from edgeproof.domain.errors import UnknownName
from edgeproof.features import FeatureInput, align_funding, align_reference, compute_feature
from edgeproof.market import resample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import polars as pl

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.series import BarSeries
    from edgeproof.domain.time import Timeframe

DEFAULT_REFERENCE: Final = "BTC-USDT"
# A value of another symbol or timeframe counts for as many of its own bars; after that it is unknown.
MAX_AGE_BARS: Final = 3
_DEFAULT_CACHE_BYTES: Final = 512 * 1024 * 1024

_Array = TypeVar("_Array", bound="npt.NDArray[Any]")


class View(NamedTuple):
    """One symbol's bars of one timeframe."""

    symbol: str
    timeframe: Timeframe


class MarketData:
    """Bars and funding of some symbols, and a bounded memory of what was computed from them.

    Values depend on the past only, so they may be shared by strategies, parameters and threads alike. Arrays that it
    hands out are shared: read them, never write into them.

    Args:
        bars: The finest bars there are of each symbol; longer ones are resampled from them.
        funding: Funding rates (``ts``, ``rate``) of the symbols that have any.
        reference: The symbol that cross-asset features compare with; it is its own reference too.
        cache_bytes: What the memory may hold; the values unused for longest go first.
    """

    def __init__(
        self,
        bars: Mapping[str, BarSeries],
        funding: Mapping[str, pl.DataFrame] | None = None,
        reference: str = DEFAULT_REFERENCE,
        *,
        cache_bytes: int = _DEFAULT_CACHE_BYTES,
    ) -> None:
        self._finest = bars
        self._funding = funding or {}
        self._reference = reference
        self._cache_bytes = cache_bytes
        self._lock = Lock()
        self._kept: OrderedDict[tuple[View, str], npt.NDArray[Any]] = OrderedDict()
        self._kept_bytes = 0
        self._series: dict[View, BarSeries] = {}
        self._inputs: dict[View, FeatureInput] = {}
        self._positions: dict[tuple[View, View], IntArray] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it has bars of."""
        return tuple(self._finest)

    def has_bars(self, symbol: str, timeframe: Timeframe) -> bool:
        """Whether there are bars of a symbol from which this timeframe can be made."""
        return symbol in self._finest and timeframe.ms % self._finest[symbol].timeframe.ms == 0

    def finest(self, symbol: str) -> BarSeries:
        """The bars of a symbol as they were given.

        Raises:
            UnknownName: It has none.
        """
        if symbol not in self._finest:
            raise UnknownName("bars of", symbol, self._finest)
        return self._finest[symbol]

    def bars(self, symbol: str, timeframe: Timeframe) -> BarSeries:
        """The bars of a symbol on a timeframe.

        Raises:
            UnknownName: There are no bars of that symbol.
            InvalidValue: The timeframe is no whole multiple of the finest bars'.
        """
        finest = self.finest(symbol)
        if timeframe == finest.timeframe:
            return finest
        view = View(symbol, timeframe)
        if (found := self._series.get(view)) is None:
            resampled = resample(finest, timeframe)
            with self._lock:
                found = self._series.setdefault(view, resampled)
        return found

    def feature(self, symbol: str, timeframe: Timeframe, name: str, arguments: Sequence[float]) -> FloatArray:
        """One feature of a symbol on a timeframe, shape (n,).

        Raises:
            UnknownName: No such symbol or feature.
            InvalidValue: The feature does not take these arguments.
        """
        view = View(symbol, timeframe)
        key = f"{name}({','.join(repr(float(a)) for a in arguments)})"
        return self.recall(view, key, lambda: compute_feature(name, arguments, self._find_input(view)))

    def recall(self, view: View, key: str, compute: Callable[[], _Array]) -> _Array:
        """The array known by this key, computed where it is not; one key means one kind of array."""
        found = self._look_up(view, key)
        return cast("_Array", self._keep(view, key, compute()) if found is None else found)

    def align(self, source: View, target: View) -> IntArray:
        """For each bar of ``target``, the newest bar of ``source`` that had closed by its close.

        Returns:
            Positions in ``source``, shape (n,); -1 where there is none, or it closed more than three of its bars ago.
        """
        if (found := self._positions.get((target, source))) is None:
            positions = _align(self.bars(*source), self.bars(*target))
            with self._lock:
                found = self._positions.setdefault((target, source), positions)
        return found

    def drop(self, symbol: str) -> None:
        """Forget what was computed for a symbol; its bars stay."""
        with self._lock:
            for key in [key for key in self._kept if key[0].symbol == symbol]:
                self._kept_bytes -= self._kept.pop(key).nbytes
            for store in (self._series, self._inputs):
                for view in [view for view in store if view.symbol == symbol]:
                    del store[view]
            for pair in [pair for pair in self._positions if symbol in (pair[0].symbol, pair[1].symbol)]:
                del self._positions[pair]

    def _look_up(self, view: View, key: str) -> npt.NDArray[Any] | None:
        with self._lock:
            found = self._kept.get((view, key))
            if found is not None:
                self._kept.move_to_end((view, key))
            return found

    def _keep(self, view: View, key: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        with self._lock:
            known = self._kept.setdefault((view, key), values)
            self._kept_bytes += values.nbytes if known is values else 0
            while self._kept_bytes > self._cache_bytes and self._kept:
                self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return known

    def _find_input(self, view: View) -> FeatureInput:
        if (found := self._inputs.get(view)) is None:
            made = self._make_input(view)
            with self._lock:
                found = self._inputs.setdefault(view, made)
        return found

    def _make_input(self, view: View) -> FeatureInput:
        bars = self.bars(*view)
        funding = self._funding.get(view.symbol)
        reference = None
        if self.has_bars(self._reference, view.timeframe):
            reference = align_reference(self.bars(self._reference, view.timeframe), bars)
        return FeatureInput(
            bars=bars,
            funding_rate=None if funding is None else align_funding(funding, bars),
            reference=reference,
        )


def _align(source: BarSeries, target: BarSeries) -> IntArray:
    at = np.searchsorted(source.known_at, target.known_at, side="right").astype(np.int64) - 1
    if len(source) == 0:
        return at
    age = target.known_at - source.known_at[np.maximum(at, 0)]
    return np.where(age > MAX_AGE_BARS * source.timeframe.ms, -1, at)
