from __future__ import annotations

import polars as pl
import pytest

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.frames import BARS, FUNDING, UTC_MS, conform


def funding_rows() -> pl.DataFrame:
    return pl.DataFrame({"rate": [0.0001], "ts": [0], "symbol": ["BTC-USDT"], "venue": ["blofin"]}).with_columns(
        pl.col("ts").cast(UTC_MS)
    )


def test_columns_come_in_the_declared_order() -> None:
    assert conform(funding_rows(), FUNDING).schema == FUNDING.schema


def test_columns_that_a_source_may_lack_become_nulls() -> None:
    bar = {"venue": ["x"], "symbol": ["A-B"], "timeframe": ["1m"], "ts": [0]}
    prices = {c: [1.0] for c in ("open", "high", "low", "close", "volume")}
    frame = pl.DataFrame(bar | prices).with_columns(pl.col("ts").cast(UTC_MS))
    assert conform(frame, BARS).select(BARS.nullable).null_count().row(0) == (1, 1, 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (pl.col("ts").cast(pl.Datetime("us", "UTC")), "ts: is Datetime"),
        (pl.col("rate").cast(pl.Float32), "rate: is Float32"),
        (pl.lit(None, dtype=pl.Float64).alias("rate"), "rate: 1 nulls"),
        (pl.lit(1).alias("extra"), "extra: unexpected"),
    ],
)
def test_a_frame_of_another_shape_is_told_what_is_wrong(change: pl.Expr, told: str) -> None:
    with pytest.raises(SchemaMismatch, match=told):
        conform(funding_rows().with_columns(change), FUNDING)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaMismatch, match="rate: missing"):
        conform(funding_rows().drop("rate"), FUNDING)
