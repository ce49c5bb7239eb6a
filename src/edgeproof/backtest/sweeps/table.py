"""A sweep's answers as rows: one a combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_type_hints

import polars as pl

from edgeproof.domain.errors import UnknownName
from edgeproof.domain.results import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edgeproof.backtest.sweeps.combinations import Combination
    from edgeproof.strategies import Strategy

# What a sweep may be scored by, and whether more of it is better.
SCORES: Final[Mapping[str, bool]] = {
    "sharpe": True,
    "sharpe_low": True,
    "sortino": True,
    "calmar": True,
    "total_return": True,
    "annual_return": True,
    "profit_factor": True,
    "expectancy": True,
    "win_rate": True,
    "max_drawdown": False,
    "annual_volatility": False,
}
# The scores that are neither good nor bad, where a measure has one.
NEUTRAL: Final[Mapping[str, float]] = dict.fromkeys(
    ("sharpe", "sharpe_low", "sortino", "calmar", "total_return", "annual_return", "expectancy"), 0.0
) | {"profit_factor": 1.0}

_HINTS: Final = get_type_hints(Metrics)
_METRICS: Final[Mapping[str, pl.DataType]] = {
    column: pl.Int64() if hint is int else pl.Float64()
    for name, hint in _HINTS.items()
    for column in ((name, "sharpe_low", "sharpe_high") if name == "sharpe" else (name,))
}
_PLACE: Final[Mapping[str, pl.DataType]] = {
    "combination": pl.Int64(),
    "strategy": pl.String(),
    "symbol": pl.String(),
    "timeframe": pl.String(),
}
_TAKEN: Final = frozenset({*_PLACE, "score", *_METRICS})


def name_column(param: str) -> str:
    """The column of a param: its own name, unless the table has another column of that name."""
    return f"param_{param}" if param in _TAKEN else param


def describe_rows(strategies: Iterable[Strategy]) -> pl.Schema:
    """The table's schema: place, params (null where a strategy has no such param), score, metrics."""
    params: dict[str, pl.DataType] = {}
    for strategy in strategies:
        for name, param in strategy.params.items():
            whole = param.integer and params.get(name, pl.Int64()) == pl.Int64()
            params[name] = pl.Int64() if whole else pl.Float64()
    columns = {name_column(name): dtype for name, dtype in params.items()}
    return pl.Schema({**_PLACE, **columns, "score": pl.Float64(), **_METRICS})


def make_rows(
    combinations: Sequence[Combination], metrics: Sequence[Mapping[str, Any]], *, metric: str, schema: pl.Schema
) -> pl.DataFrame:
    """The rows of some combinations.

    Args:
        combinations: What was asked.
        metrics: What came of each, as `describe_metrics` gives it.
        metric: What to score by.
        schema: As `describe_rows` gives it.
    """
    rows = [
        {
            "combination": one.number,
            "strategy": one.strategy.name,
            "symbol": one.symbol,
            "timeframe": one.timeframe.name,
            **{name_column(name): value for name, value in one.params.items()},
            "score": score_metrics(found, metric),
            **_flatten(found),
        }
        for one, found in zip(combinations, metrics, strict=True)
    ]
    columns = {name: [row.get(name) for row in rows] for name in schema}
    # Whole params are floats until here.
    return pl.DataFrame({name: pl.Series(name, values).cast(schema[name]) for name, values in columns.items()})


def score_metrics(metrics: Mapping[str, Any], metric: str) -> float | None:
    """The score, more is better; None where the sample cannot support the number."""
    value = _flatten(metrics)[metric]
    if value is None:
        return None
    return float(value) if SCORES[metric] else -float(value)


def check_metric(metric: str) -> str:
    """The name, if a sweep can be scored by it.

    Raises:
        UnknownName: It cannot.
    """
    if not isinstance(metric, str) or metric not in SCORES:
        raise UnknownName("metric", str(metric), SCORES)
    return metric


def _flatten(metrics: Mapping[str, Any]) -> dict[str, Any]:
    sharpe = metrics["sharpe"] or {"estimate": None, "low": None, "high": None}
    numbers = {name: sharpe[part] for name, part in _SHARPE_PARTS.items()}
    return {**metrics, **numbers}


_SHARPE_PARTS: Final = {"sharpe": "estimate", "sharpe_low": "low", "sharpe_high": "high"}
