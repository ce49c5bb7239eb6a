"""The promises again, on bars that an exchange published."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE
from edgeproof.features import FEATURES, FeatureInput, Unit, align_funding, align_reference, compute_feature
from fakes.feature_markets import slice_input

if TYPE_CHECKING:
    from edgeproof.features import Feature

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "market" / "freqtrade_a"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data/market/freqtrade_a is not here"),
]
every_feature = pytest.mark.parametrize("feature", list(FEATURES), ids=FEATURES.names)
DISCRETE = {Unit.FLAG, Unit.CODE}


def read(name: str) -> pl.DataFrame:
    frame = pl.read_ipc(FOLDER / name).rename({"date": "ts"})
    return frame.with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC"))).sort("ts")


@cache
def market() -> FeatureInput:
    bars = BarSeries.from_frame(read("ADA_USDT_USDT-1m-futures.feather"), ONE_MINUTE)
    reference = BarSeries.from_frame(read("BTC_USDT_USDT-1m-futures.feather"), ONE_MINUTE)
    funding = read("ADA_USDT_USDT-8h-funding_rate.feather").select("ts", rate=pl.col("open"))
    return FeatureInput(
        bars=bars, funding_rate=align_funding(funding, bars), reference=align_reference(reference, bars)
    )


@every_feature
def test_a_feature_on_the_bars_so_far_is_the_feature_on_all_bars(feature: Feature) -> None:
    whole = compute_feature(feature.name, (), market())
    for known in (1, 700, 5_000, 31_001):
        cut = compute_feature(feature.name, (), slice_input(market(), 0, known))
        np.testing.assert_allclose(cut, whole[:known], rtol=1e-12, atol=0.0)


@every_feature
def test_a_feature_with_its_warm_up_before_it_is_final(feature: Feature) -> None:
    bars, warm_up = len(market().bars), feature.warm_up()
    whole = compute_feature(feature.name, (), market())
    known = whole[~np.isnan(whole)]
    low, high = feature.bounds
    assert ((known >= low) & (known <= high)).all()
    assert known.size or {"taker_buy_volume", "trades", "quote_volume"} & set(feature.inputs)
    scale = float(np.median(np.abs(known))) if known.size else 0.0
    for start in (317, 5_003):
        part = compute_feature(feature.name, (), slice_input(market(), start, bars))[warm_up:]
        expected = whole[start + warm_up :]
        np.testing.assert_array_equal(np.isnan(part), np.isnan(expected))
        if feature.unit in DISCRETE and feature.recursive:
            assert np.mean((part != expected) & ~np.isnan(part)) <= 1e-3
        else:
            tolerance = 1e-4 if feature.recursive else 1e-9
            np.testing.assert_allclose(part, expected, rtol=tolerance, atol=tolerance * scale + 1e-15)
