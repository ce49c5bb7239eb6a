"""What every registered feature owes, asked of each by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, Timeframe
from edgeproof.features import FEATURES, FeatureInput, Unit, compute_feature
from fakes.feature_markets import flat_input, make_bars, random_input, replace_columns, scale_input, slice_input

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features import Feature

every_feature = pytest.mark.parametrize("feature", list(FEATURES), ids=FEATURES.names)
LANGUAGE_WORDS = {
    *("lag", "crosses_above", "crosses_below", "highest", "lowest", "mean", "stdev", "zscore", "rank"),
    *("abs", "min", "max", "log", "on", "of", "model", "and", "or", "not"),
    *VALUE_COLUMNS,
}
FAMILIES = {
    *("price", "returns", "volume", "vwap", "momentum", "trend", "volatility", "oscillators", "channels"),
    *("candles", "order_flow", "funding", "cross_asset", "seasonality", "regime"),
}
# Indicators whose lines jump: two runs that agree must agree exactly, and may differ only where they have not met.
DISCRETE = {Unit.FLAG, Unit.CODE}
# Bars of the long hourly market known at a cut: late enough for every default warm-up, at 11:00, 01:00 and 14:00.
LONG_CUTS = (5_003, 7_201, 8_990)


def compute_all(data: FeatureInput) -> dict[str, FloatArray]:
    return {feature.name: compute_feature(feature.name, (), data) for feature in FEATURES}


@cache
def ordinary_market(bars: int = 1_500) -> FeatureInput:
    return random_input(bars, seed=7)


@cache
def long_hourly_market() -> FeatureInput:
    return random_input(9_000, seed=11, timeframe=Timeframe(60))


def assert_the_past_stands(now: FloatArray, later: FloatArray, name: str) -> int:
    """Compare what was known at a cut with the same bars seen later; how many finite values that compared."""
    np.testing.assert_allclose(now, later[: len(now)], rtol=1e-12, atol=0.0, err_msg=name)
    return int(np.isfinite(now).sum())


def splice_future(data: FeatureInput, other: FeatureInput, known: int) -> FeatureInput:
    """The same past with the other market's bars after it."""
    return replace_columns(
        data, {c: np.append(getattr(data.bars, c)[:known], getattr(other.bars, c)[known:]) for c in VALUE_COLUMNS}
    )


def smallest_arguments(feature: Feature) -> tuple[float, ...]:
    return tuple(p.low for p in feature.parameters)


def random_arguments(feature: Feature, seed: int) -> tuple[float, ...]:
    """Arguments near the low end of their ranges, fast ones above slow ones included."""
    random = np.random.default_rng(seed)
    return tuple(
        int(random.integers(int(p.low), int(min(p.high, p.low + 60)) + 1))
        if p.integer
        else float(random.uniform(p.low, min(p.high, 3.0 * p.default)))
        for p in feature.parameters
    )


def test_there_are_at_least_95_features_in_every_family_asked_for() -> None:
    assert len(FEATURES) >= 95
    assert {feature.family for feature in FEATURES} == FAMILIES


@every_feature
def test_a_feature_says_what_it_is(feature: Feature) -> None:
    assert feature.name.isidentifier()
    assert feature.name == feature.name.lower()
    assert feature.name not in LANGUAGE_WORDS
    assert feature.meaning.endswith(".")
    assert feature.source
    assert feature.inputs
    assert all(p.low <= p.default <= p.high for p in feature.parameters)
    assert len({p.name for p in feature.parameters}) == len(feature.parameters)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), bars=st.integers(1, 400), share=st.floats(0.0, 1.0), gaps=st.booleans())
def test_no_feature_changes_when_the_future_is_cut_off(seed: int, bars: int, share: float, gaps: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    data = random_input(bars, seed, gaps=gaps)
    known = max(1, round(share * bars))
    whole, cut = compute_all(data), compute_all(slice_input(data, 0, known))
    for name in FEATURES.names:
        assert_the_past_stands(cut[name], whole[name], name)


# A minute market of hours holds no whole session and no second day: some features have their first value in weeks.
@every_feature
def test_no_feature_changes_when_the_future_of_a_long_market_is_cut_off(feature: Feature) -> None:
    data = long_hourly_market()
    whole = compute_feature(feature.name, (), data)
    for known in LONG_CUTS:
        cut = compute_feature(feature.name, (), slice_input(data, 0, known))
        assert assert_the_past_stands(cut, whole, feature.name)


@every_feature
def test_no_feature_changes_when_the_future_changes(feature: Feature) -> None:
    compared = {}
    for data, cuts in ((ordinary_market(), (1_200,)), (long_hourly_market(), LONG_CUTS)):
        wild = random_input(len(data.bars), seed=99, timeframe=data.bars.timeframe)
        whole = compute_feature(feature.name, (), data)
        for known in cuts:
            spliced = compute_feature(feature.name, (), splice_future(data, wild, known))[:known]
            np.testing.assert_array_equal(spliced, whole[:known])
            compared[known] = int(np.isfinite(spliced).sum())
    assert all(compared[known] for known in LONG_CUTS)


@every_feature
def test_the_declared_warm_up_is_enough(feature: Feature) -> None:
    data = long_hourly_market()
    timeframe = data.bars.timeframe
    whole = compute_feature(feature.name, (), data)
    warm_up = feature.warm_up((), timeframe)
    assert not np.isnan(whole[warm_up:]).any()
    scale = float(np.median(np.abs(whole[warm_up:])))
    for start in (1, 13, 290, 1_003):
        part = compute_feature(feature.name, (), slice_input(data, start, len(data.bars)))[warm_up:]
        expected = whole[start + warm_up :]
        if feature.unit in DISCRETE and feature.recursive:
            assert np.mean(part != expected) <= 1e-3
        else:
            tolerance = 1e-4 if feature.recursive else 1e-9
            np.testing.assert_allclose(part, expected, rtol=tolerance, atol=tolerance * scale + 1e-15)


@every_feature
def test_a_window_is_null_until_it_is_full(feature: Feature) -> None:
    data = slice_input(long_hourly_market(), 5, 9_000)
    values = compute_feature(feature.name, (), data)
    defined = np.flatnonzero(~np.isnan(values))
    assert defined.size
    if not feature.recursive and "ts" not in feature.inputs:
        assert defined[0] == feature.warm_up((), data.bars.timeframe)


@every_feature
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_warm_up_follows_the_arguments(feature: Feature, seed: int) -> None:
    if not feature.parameters:
        return
    arguments, data = random_arguments(feature, seed), long_hourly_market()
    values = compute_feature(feature.name, arguments, data)
    warm_up = feature.warm_up(arguments, data.bars.timeframe)
    # A short window may hold equal values only, and then has no z-score.
    assert np.mean(np.isnan(values[warm_up:])) <= 0.2
    defined = np.flatnonzero(~np.isnan(values))
    if not feature.recursive and "ts" not in feature.inputs and not np.isnan(values[warm_up:]).any():
        assert defined[0] == warm_up
    else:
        assert defined[0] <= warm_up + 20


@every_feature
def test_a_window_longer_than_history_is_null(feature: Feature) -> None:
    largest = tuple(p.high for p in feature.parameters)
    values = compute_feature(feature.name, largest, slice_input(ordinary_market(), 0, 400))
    assert values.shape == (400,)
    if feature.warm_up(largest) >= 400 and not feature.recursive and "ts" not in feature.inputs:
        assert np.isnan(values).all()


@every_feature
@pytest.mark.parametrize("bars", [0, 1, 2, 5])
def test_a_short_history_is_null_and_never_an_error(feature: Feature, bars: int) -> None:
    data = slice_input(ordinary_market(), 0, bars)
    values = compute_feature(feature.name, (), data)
    assert values.shape == (bars,)
    assert values.dtype == np.float64


@every_feature
@pytest.mark.parametrize("volume", [0.0, 3.0])
def test_a_dead_market_gives_no_infinity_and_no_signal_out_of_rounding(feature: Feature, volume: float) -> None:
    values = compute_feature(feature.name, (), flat_input(1_500, volume=volume))
    assert not np.isinf(values).any()
    # Rounding would make a z-score of a constant jump between -1 and 1; whatever is defined must stand still.
    if "ts" not in feature.inputs:
        settled = values[feature.warm_up() :]
        settled = settled[~np.isnan(settled)]
        assert settled.size == 0 or np.ptp(settled) <= 1e-9 * max(1.0, float(np.abs(settled).max()))


@every_feature
@pytest.mark.parametrize("arguments", ["default", "smallest"])
def test_values_are_finite_and_within_the_declared_bounds(feature: Feature, arguments: str) -> None:
    chosen = smallest_arguments(feature) if arguments == "smallest" else ()
    low, high = feature.bounds
    for data in (ordinary_market(), random_input(600, seed=3, gaps=True), slice_input(ordinary_market(), 0, 90)):
        values = compute_feature(feature.name, chosen, data)
        known = values[~np.isnan(values)]
        assert np.isfinite(known).all()
        assert ((known >= low) & (known <= high)).all()


@every_feature
def test_the_smallest_arguments_look_back_only_as_well(feature: Feature) -> None:
    arguments = smallest_arguments(feature)
    compared = {}
    for data, cuts in ((random_input(300, seed=21), (7, 40, 171)), (long_hourly_market(), LONG_CUTS)):
        whole = compute_feature(feature.name, arguments, data)
        for known in cuts:
            cut = compute_feature(feature.name, arguments, slice_input(data, 0, known))
            compared[known] = assert_the_past_stands(cut, whole, feature.name)
    assert all(compared[known] for known in LONG_CUTS)


@every_feature
def test_a_feature_reads_the_columns_it_declares_and_no_other(feature: Feature) -> None:
    data = ordinary_market()
    noise = random_input(1_500, seed=8)
    columns = {c: getattr((data if c in feature.inputs else noise).bars, c) for c in VALUE_COLUMNS}
    series = replace_columns(data, columns).bars
    elsewhere = FeatureInput(
        bars=series if "ts" in feature.inputs else replace(series, ts=series.ts + 3 * MS_PER_DAY + 7 * MS_PER_MINUTE),
        funding_rate=data.funding_rate if "funding_rate" in feature.inputs else noise.funding_rate,
        reference=data.reference if "reference" in feature.inputs else noise.reference,
    )
    expected = compute_feature(feature.name, (), data)
    np.testing.assert_array_equal(compute_feature(feature.name, (), elsewhere), expected)


@every_feature
@pytest.mark.parametrize("absent", ["quote_volume", "trades", "taker_buy_volume", "funding_rate", "reference"])
def test_a_feature_without_its_input_is_null(feature: Feature, absent: str) -> None:
    data = ordinary_market()
    if absent in {"funding_rate", "reference"}:
        without = FeatureInput(
            bars=data.bars,
            funding_rate=None if absent == "funding_rate" else data.funding_rate,
            reference=None if absent == "reference" else data.reference,
        )
    else:
        without = replace_columns(data, {absent: np.full(1_500, np.nan)})
    values = compute_feature(feature.name, (), without)
    if absent in feature.inputs:
        assert np.isnan(values).all()
    else:
        np.testing.assert_array_equal(values, compute_feature(feature.name, (), data))


@every_feature
def test_a_hole_in_an_optional_column_closes_again(feature: Feature) -> None:
    optional = {"quote_volume", "trades", "taker_buy_volume"} & set(feature.inputs)
    if not optional:
        return
    data, hole = ordinary_market(), 700
    torn = {c: np.where(np.arange(1_500) == hole, np.nan, getattr(data.bars, c)) for c in optional}
    values = compute_feature(feature.name, (), replace_columns(data, torn))
    expected = compute_feature(feature.name, (), data)
    after = hole + feature.warm_up() + 1
    assert np.isnan(values[hole])
    np.testing.assert_array_equal(values[:hole], expected[:hole])
    np.testing.assert_allclose(values[after:], expected[after:], rtol=1e-9)


@every_feature
def test_doubling_prices_or_volumes_changes_a_value_by_its_unit(feature: Feature) -> None:
    # Powers of two are exact, so whatever answers otherwise mixes units or compares with an absolute size.
    data = ordinary_market()
    expected = compute_feature(feature.name, (), data)
    price_power, volume_power = feature.unit.powers
    for price, volume in ((2.0**-20, 1.0), (2.0**12, 1.0), (1.0, 2.0**10)):
        values = compute_feature(feature.name, (), scale_input(data, price=price, volume=volume))
        factor = price**price_power * volume**volume_power
        np.testing.assert_allclose(values, expected * factor, rtol=1e-9, atol=1e-9 * factor)


@every_feature
def test_a_feature_leaves_its_input_alone_and_repeats_itself(feature: Feature) -> None:
    data = random_input(200, seed=5)
    before = {c: getattr(data.bars, c).copy() for c in VALUE_COLUMNS}
    first = compute_feature(feature.name, (), data)
    np.testing.assert_array_equal(compute_feature(feature.name, (), data), first)
    first[:] = -1.0
    for column, values in before.items():
        np.testing.assert_array_equal(getattr(data.bars, column), values)


@every_feature
def test_prices_that_contradict_themselves_are_no_error(feature: Feature) -> None:
    # Venues publish opens outside high and low, zero prices and spikes; quality control may not have run.
    random = np.random.default_rng(4)
    o, h, low, c = random.uniform(0.0, 10.0, (4, 400))
    c[100:110] = 0.0
    h[200] = 1e12
    v = random.uniform(0.0, 5.0, 400)
    bars = make_bars(open=o, high=h, low=low, close=c, volume=v, quote_volume=v * c, trades=v, taker_buy_volume=2 * v)
    values = compute_feature(feature.name, (), FeatureInput(bars=bars, funding_rate=v, reference=bars))
    assert not np.isinf(values).any()
