"""From a name and bars to values: one instrument's arrays, or a whole frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.frames import require_frame, require_text
from edgeproof.domain.series import PRICE_COLUMNS, VALUE_COLUMNS, BarSeries
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe
from edgeproof.features._align import align_funding, align_reference
from edgeproof.features._registry import FEATURES, Feature, FeatureInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray

_CALL: Final = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:\((?P<arguments>[^()]*)\))?\s*")
DEFAULT_REFERENCE: Final = "BTC-USDT"


def compute_feature(name: str, arguments: Sequence[float], data: FeatureInput) -> FloatArray:
    """Compute one feature for every bar of one instrument.

    Args:
        name: A registered name.
        arguments: In the order of the feature's parameters; those left out at the end take their defaults.
        data: The bars, and what stands beside them.

    Returns:
        Shape (n,), float64; NaN where the value is not defined: too little history, an absent input, a division by
        zero. Value ``i`` depends on bars ``0..i`` only.

    Raises:
        UnknownName: No such feature.
        InvalidValue: Arguments the feature does not take.
    """
    feature = FEATURES[name]
    checked = feature.check_arguments(arguments)
    if len(data.bars) == 0 or _lacks_inputs(feature, data):
        return np.full(len(data.bars), np.nan)
    # What is too large for a float becomes infinite, and is unknown below.
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(feature.compute(data, *checked), dtype=np.float64)
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if infinite.any() else values


def compute_features(
    bars: pl.DataFrame,
    names: Sequence[str] | None = None,
    *,
    funding: pl.DataFrame | None = None,
    reference: str = DEFAULT_REFERENCE,
) -> pl.DataFrame:
    """Compute features for a frame of bars, each symbol by itself.

    Args:
        bars: ``ts, open, high, low, close, volume`` and, where there are, ``quote_volume, trades, taker_buy_volume``
            and ``symbol``; one timeframe. A symbol's rows are taken in order of time, wherever they stand. A value that
            is null, NaN or infinite is unknown.
        names: Feature names, with arguments where wanted: ``"rsi"``, ``"ema(50)"``; all features where None.
        funding: ``ts, rate`` and ``symbol`` where the bars have it; a rate counts from the close of the first bar that
            closes at or after its ``ts``.
        reference: The symbol of the bars that cross-asset features compare with.

    Returns:
        ``ts``, ``symbol`` if given, and one Float64 column per name, spelled as asked; rows in the order of ``bars``,
        null where a value is not defined.

    Raises:
        UnknownName: No such feature.
        InvalidValue: Arguments a feature does not take, times that repeat within a symbol, or no frame at all.
        SchemaMismatch: The bars or the funding lack a column, or have one of another type.
    """
    require_frame(bars, "bars")
    if not isinstance(reference, str):
        raise InvalidValue("reference", reference, "the name of a symbol, such as BTC-USDT")
    calls = {text: parse_call(text) for text in (FEATURES.names if names is None else _read_names(names))}
    keys = _find_keys(bars)
    rows = bars.with_row_index("_row").sort(keys)
    parts = rows.partition_by("symbol") if "symbol" in keys and rows.height else [rows]
    series = {_symbol_of(part): bars_of for part, bars_of in zip(parts, _read_series(parts), strict=True)}
    computed = [
        _compute_part(part, calls, _input_of(symbol, series, funding, reference))
        for part, symbol in zip(parts, series, strict=True)
    ]
    joined = pl.concat(computed)
    # Bars mostly come in order; putting hundreds of columns in order would cost as much as computing them.
    ordered = joined if joined["_row"].is_sorted() else joined.sort("_row")
    return ordered.drop("_row")


def parse_call(text: str) -> tuple[str, tuple[float, ...]]:
    """Read ``ema`` or ``ema(50)`` as a name and checked arguments.

    Raises:
        UnknownName: No such feature.
        InvalidValue: Not a name and numbers, or arguments the feature does not take.
    """
    found = _CALL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidValue("feature", text, "a name, or a name and numbers, such as ema or ema(50)")
    feature = FEATURES[found["name"]]
    written = (found["arguments"] or "").strip()
    try:
        arguments = [float(part) for part in written.split(",")] if written else []
    except ValueError:
        raise InvalidValue("feature", text, "numbers between the brackets, such as ema(50)") from None
    return feature.name, feature.check_arguments(arguments)


def infer_timeframe(ts: IntArray) -> Timeframe:
    """The timeframe of ascending bar opens: their smallest step, one minute where there are no two bars.

    Raises:
        InvalidValue: The smallest step is no timeframe.
    """
    if len(ts) < 2:  # noqa: PLR2004 - a step needs two bars
        return ONE_MINUTE
    step_ms = int(np.diff(ts).min())
    if step_ms <= 0 or step_ms % MS_PER_MINUTE:
        raise InvalidValue("step between bars", f"{step_ms} ms", "whole minutes, each bar after the one before")
    return Timeframe(step_ms // MS_PER_MINUTE)


def _lacks_inputs(feature: Feature, data: FeatureInput) -> bool:
    return ("funding_rate" in feature.inputs and data.funding_rate is None) or (
        "reference" in feature.inputs and data.reference is None
    )


def _compute_part(
    part: pl.DataFrame, calls: Mapping[str, tuple[str, tuple[float, ...]]], data: FeatureInput
) -> pl.DataFrame:
    columns = [
        pl.Series(text, compute_feature(name, arguments, data), nan_to_null=True)
        for text, (name, arguments) in calls.items()
    ]
    kept = [c for c in ("_row", "ts", "symbol") if c in part.columns]
    return part.select(kept).hstack(columns)


def _input_of(
    symbol: str, series: Mapping[str, BarSeries], funding: pl.DataFrame | None, reference: str
) -> FeatureInput:
    bars = series[symbol]
    own_funding = _funding_of(funding, symbol)
    return FeatureInput(
        bars=bars,
        funding_rate=None if own_funding is None else align_funding(own_funding, bars),
        reference=align_reference(series[reference], bars) if reference in series else None,
        shared={},
    )


def _find_keys(bars: pl.DataFrame) -> list[str]:
    """The columns that name a row."""
    if "ts" not in bars.columns:
        raise SchemaMismatch("bars", {"ts": "missing"})
    if "symbol" not in bars.columns:
        return ["ts"]
    require_text(bars, "symbol", "bars")
    return ["symbol", "ts"]


def _read_series(parts: Sequence[pl.DataFrame]) -> list[BarSeries]:
    """Each symbol's bars, all of the finest timeframe found: one with many gaps, or one bar, has none of its own."""
    series = [_forget_infinite(BarSeries.from_frame(part, ONE_MINUTE)) for part in parts]
    timeframe = min((infer_timeframe(bars.ts) for bars in series if len(bars) > 1), default=ONE_MINUTE)
    return [replace(bars, timeframe=timeframe) for bars in series]


def _forget_infinite(bars: BarSeries) -> BarSeries:
    """One infinite price would make every sum that runs over it unknown for ever."""
    prices: dict[str, FloatArray] = {name: getattr(bars, name) for name in PRICE_COLUMNS}
    if not any(np.isinf(values).any() for values in prices.values()):
        return bars
    known = {name: np.where(np.isinf(values), np.nan, values) for name, values in prices.items()}
    return BarSeries(
        timeframe=bars.timeframe, ts=bars.ts, **known, **{n: getattr(bars, n) for n in VALUE_COLUMNS if n not in known}
    )


def _read_names(names: object) -> list[str]:
    if not isinstance(names, Iterable) or isinstance(names, str) or getattr(names, "ndim", 1) != 1:
        raise InvalidValue("names", names, 'names of features, such as ["rsi", "ema(50)"]')
    return list(names)


def _symbol_of(part: pl.DataFrame) -> str:
    return str(part["symbol"][0]) if "symbol" in part.columns and part.height else ""


def _funding_of(funding: pl.DataFrame | None, symbol: str) -> pl.DataFrame | None:
    if funding is None or "symbol" not in require_frame(funding, "funding").columns or not symbol:
        return funding
    require_text(funding, "symbol", "funding")
    own = funding.filter(pl.col("symbol").cast(pl.String) == symbol)
    return own if own.height else None
