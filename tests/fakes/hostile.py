"""What nobody should bring, and what may come of it: bars with anything wrong, values of every kind, and the judge.

`bring` asks a door. Either it refuses in one line, or every number of what it answers is finite and adds up.
"""

from __future__ import annotations

from dataclasses import asdict
from math import fsum, inf, isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from hypothesis import strategies as st

from edgeproof.backtest import BacktestResult
from edgeproof.backtest.portfolio import PortfolioResult
from edgeproof.domain.errors import EdgeproofError
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from fakes.small_markets import START_MS, make_bars

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BARS: Final = 90
_PLENTY = make_bars("BTC-USDT", minutes=MOST_BARS, seed=3)
_PRICES: Final[tuple[str, ...]] = ("open", "high", "low", "close")
_MOST_TOLD: Final = 1_000

NUMBERS: Final = st.one_of(
    st.sampled_from(
        [nan, inf, -inf, 0.0, -0.0, -1.0, 1e-300, 5e-324, 1e-12, 0.5, 1.0, 150.0, 1e12, 1e15, 1e300, 1.7e308]
    ),
    st.sampled_from([-1, 0, 1, 2, 10**9, 10**12, 2**63, 10**30, 10**400]),
    st.floats(),
    st.integers(),
)
OTHERS: Final = st.sampled_from(
    [
        None, True, "", "x", "1", "a\nb", b"x", [], {}, (), object(), 1 + 2j, Path("nowhere.yaml"), np.float32(1),
        np.int8(1), np.datetime64(0, "s"), np.array(1.0), np.array([]), np.ones((2, 2)), pl.Series([1.0]),
        pl.DataFrame(), pl.col("close"), pl.LazyFrame(), lambda: 1, float, [[True], [True, False]],
    ]
)  # fmt: skip
ANYTHING: Final = st.one_of(NUMBERS, OTHERS)


def bring(door: Callable[[], object]) -> object:
    """Ask, and judge what comes: an error's one line, or a result that adds up. Gives the result, None for an error."""
    try:
        result = door()
    except EdgeproofError as error:
        told = str(error)
        assert told, "an error that says nothing"
        assert "\n" not in told
        assert len(told) < _MOST_TOLD
        return None
    if isinstance(result, (BacktestResult, PortfolioResult)):
        _judge_backtest(result)
    if isinstance(result, PortfolioResult):
        _judge_table(result.by_leg)
    if isinstance(result, pl.DataFrame):
        _judge_table(result)
    return result


def _judge_backtest(result: BacktestResult | PortfolioResult) -> None:
    equity, trades = result.equity["equity"], result.trades
    _judge_table(result.equity)
    _judge_table(trades)
    assert not trades.null_count().sum_horizontal().item()
    _judge_numbers(asdict(result.metrics))
    _judge_numbers(asdict(result.costs))
    assert np.isfinite(result.daily_returns).all()
    assert (equity >= 0.0).all()
    start, pnl = result.metrics.initial_equity, trades["pnl"].to_list()
    # Rounding is that of the largest sum on the way.
    scale = max(float(equity.to_numpy().max()), start, float(np.abs(start + np.cumsum(pnl)).max(initial=0.0)))
    assert abs(start + fsum(pnl) - equity[-1]) <= 1e-9 * max(scale, max(map(abs, pnl), default=0.0))
    assert result.metrics.final_equity == equity[-1]
    assert result.metrics.trades == trades.height


def _judge_table(table: pl.DataFrame) -> None:
    for column in table.get_columns():
        if column.dtype.is_float():
            assert column.drop_nulls().is_finite().all(), column.name


def _judge_numbers(numbers: dict[str, Any]) -> None:
    for name, value in numbers.items():
        if isinstance(value, dict):
            _judge_numbers(value)
        elif isinstance(value, float):
            assert isfinite(value), name


@st.composite
def draw_bars(draw: st.DrawFn) -> Any:  # noqa: ANN401 - mostly a frame
    """Minute bars with up to two things wrong; now and then no frame at all."""
    bars: Any = _PLENTY.head(draw(st.sampled_from([MOST_BARS, MOST_BARS, 30, 2, 1, 0])))
    for spoil in draw(st.lists(st.sampled_from(_SPOILING), max_size=2)):
        bars = spoil(draw, bars)
        if not isinstance(bars, pl.DataFrame):
            break
    return bars


def _place_value(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    column = draw(st.sampled_from([c for c in (*_PRICES, "volume") if c in bars.columns] or ["lost"]))
    value = draw(st.one_of(st.none(), NUMBERS.filter(lambda n: isinstance(n, float))))
    at = draw(st.integers(0, MOST_BARS))
    rows = pl.int_range(pl.len())
    old = pl.col(column) if column in bars.columns else pl.lit(None)
    kept = old if bars.schema.get(column, pl.Float64).is_numeric() else pl.lit(None)
    return bars.with_columns(
        pl.when(rows == at).then(pl.lit(value, dtype=pl.Float64)).otherwise(kept.cast(pl.Float64)).alias(column)
    )


def _fill_column(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    columns = ("volume", "quote_volume", "trades", "taker_buy_volume", *_PRICES)
    value = draw(NUMBERS.filter(lambda n: isinstance(n, float)))
    return bars.with_columns(pl.lit(value).alias(draw(st.sampled_from(columns))))


def _swing(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    """From one end of what a price may be to the other and back, bar by bar."""
    high, low = draw(st.sampled_from([(1e12, 1e-12), (1e12, 1e11), (2.0, 1.0), (1e-12, 1e-12)]))
    even = pl.int_range(pl.len()) % 2 == 0
    return bars.with_columns(
        high=pl.lit(high), low=pl.lit(low),
        open=pl.when(even).then(high).otherwise(low), close=pl.when(even).then(low).otherwise(high),
    )  # fmt: skip


def _cast_column(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    kinds: tuple[Any, ...] = (
        pl.String,
        pl.Boolean,
        pl.Float32,
        pl.Int8,
        pl.UInt64,
        pl.Int128,
        pl.Null,
        pl.Decimal(30, 3),
        pl.Date,
        pl.Categorical,
    )
    column, kind = draw(st.sampled_from(bars.columns or ["lost"])), draw(st.sampled_from(kinds))
    if column not in bars.columns:
        return bars
    try:
        return bars.with_columns(pl.col(column).cast(kind, strict=False))
    except pl.exceptions.PolarsError:
        return bars.with_columns(pl.lit(None).cast(kind).alias(column))


def _lose_column(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    return bars.drop(draw(st.sampled_from(bars.columns or ["lost"])), strict=False)


def _move_times(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    count = bars.height
    steps = np.arange(count, dtype=np.int64)
    times = draw(
        st.sampled_from(
            [
                START_MS + steps,
                START_MS + steps * 7 * MS_PER_MINUTE,
                START_MS + steps * MS_PER_DAY * 400,
                START_MS - steps * MS_PER_MINUTE,
                START_MS // 1_000 + steps * 60,
                START_MS * 1_000_000 + steps * MS_PER_MINUTE,
                np.full(count, START_MS),
                -steps[::-1] * MS_PER_MINUTE,
                np.where(steps % 5 == 4, START_MS, START_MS + steps * MS_PER_MINUTE),
                START_MS + np.where(steps > 10, MS_PER_HOUR * 100, 0) + steps * MS_PER_MINUTE,
                np.iinfo(np.int64).max - steps[::-1] * MS_PER_MINUTE,
                np.iinfo(np.int64).min + steps * MS_PER_MINUTE,
            ]
        )
    )
    kinds: tuple[Any, ...] = (
        pl.Int64,
        pl.Datetime("ms", "UTC"),
        pl.Datetime("us"),
        pl.Datetime("ns"),
        pl.Datetime("ms", "Asia/Tokyo"),
    )
    return bars.with_columns(pl.Series("ts", times).cast(draw(st.sampled_from(kinds))))


def _name_rows(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    column = draw(st.sampled_from(["symbol", "venue", "timeframe"]))
    value = draw(st.sampled_from([None, "", "ETH-USDT", "1m", "5m", "7x", 3, "a\nb"]))
    some = pl.int_range(pl.len()) % draw(st.integers(1, 3)) == 0
    old = pl.col(column).cast(pl.String) if column in bars.columns else pl.lit("BTC-USDT")
    other = value if isinstance(value, str) else None
    if isinstance(value, int):
        return bars.with_columns(pl.lit(value).alias(column))
    return bars.with_columns(pl.when(some).then(pl.lit(other, dtype=pl.String)).otherwise(old).alias(column))


def _mix_rows(draw: st.DrawFn, bars: pl.DataFrame) -> pl.DataFrame:
    way = draw(st.sampled_from(["reverse", "shuffle", "twice"]))
    if way == "reverse":
        return bars.reverse()
    return bars.sample(fraction=1.0, shuffle=True, seed=1) if way == "shuffle" else pl.concat([bars, bars])


def _be_no_frame(draw: st.DrawFn, bars: pl.DataFrame) -> object:
    return draw(st.sampled_from([bars.lazy(), bars.to_dict(), np.zeros((3, 6)), [(1, 2.0)], None, "bars", 7]))


_SPOILING: Final = (
    _place_value, _place_value, _place_value, _fill_column, _fill_column, _swing, _cast_column, _lose_column,
    _move_times, _move_times, _name_rows, _mix_rows, _be_no_frame,
)  # fmt: skip


@st.composite
def draw_array(draw: st.DrawFn, count: int) -> Any:  # noqa: ANN401 - anything
    """Something for every bar, or for too many, of any kind; now and then anything at all."""
    length = draw(st.sampled_from([count, count, count, count, 0, 1, count + 1]))
    pattern = np.arange(length) % draw(st.integers(1, 7))
    number = draw(NUMBERS.filter(lambda n: isinstance(n, float)))
    made: list[Any] = [
        pattern == 0,
        pattern == 0,
        pattern == 0,
        np.where(pattern == 0, number, nan),
        np.full(length, number),
        pattern.astype(np.int8),
        pattern.astype(object),
        pattern.astype(str),
        np.full(length, 1j),
        np.full(length, 1, "timedelta64[s]"),
        np.broadcast_to(np.float64(1.0), (length,)),
        np.repeat(pattern == 0, 2)[::2],
        np.stack([pattern, pattern]),
        pl.Series(pattern == 0),
        pl.Series([None, *([True] * (length - 1))][:length], dtype=pl.Boolean),
        pl.Series([None] * length),
        pl.Series([1] * length, dtype=pl.Int128),
        pl.Series([1] * length).cast(pl.Decimal(10, 2)),
        pl.Series(pattern).to_pandas(),
        (pattern == 0).tolist(),
    ]
    return draw(st.one_of(st.sampled_from(made), st.sampled_from(made), ANYTHING))


@st.composite
def draw_funding(draw: st.DrawFn) -> Any:  # noqa: ANN401 - mostly a frame
    """Rates of any size at any time, in columns of any type."""
    count = draw(st.integers(0, 4))
    times = pl.Series("ts", START_MS + np.arange(count) * draw(st.sampled_from([0, 1, MS_PER_MINUTE, MS_PER_HOUR])))
    rate = draw(st.one_of(st.none(), NUMBERS.filter(lambda n: isinstance(n, float))))
    frame = pl.DataFrame({"ts": times.cast(pl.Datetime("ms", "UTC"))}).with_columns(rate=pl.lit(rate, pl.Float64))
    spoiled = [
        frame,
        frame,
        frame,
        frame.with_columns(symbol=pl.lit("BTC-USDT")),
        frame.with_columns(symbol=pl.lit(1)),
        frame.with_columns(symbol=pl.lit(None)),
        frame.with_columns(pl.col("ts").dt.epoch("ms")),
        frame.with_columns(pl.col("ts").cast(pl.String)),
        frame.with_columns(pl.col("rate").cast(pl.String)),
        frame.with_columns(pl.col("rate").cast(pl.Float32)),
        frame.with_columns(ts=pl.lit(None)),
        frame.drop("rate"),
        frame.drop("ts"),
        frame.lazy(),
        frame.to_dict(),
        3,
    ]
    return draw(st.sampled_from(spoiled))
