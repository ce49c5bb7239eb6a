"""Funding features, and how rates reach the bars."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.time import MS_PER_HOUR, Timeframe, from_ms
from edgeproof.features import FeatureInput, align_funding, compute_feature
from fakes.feature_markets import SUNDAY_MS, random_bars

HOUR = Timeframe(60)
BARS = random_bars(30, seed=1, timeframe=HOUR)


def funding_frame(*hours_and_rates: tuple[float, float]) -> pl.DataFrame:
    ts = [from_ms(SUNDAY_MS) + timedelta(hours=hour) for hour, _ in hours_and_rates]
    frame = pl.DataFrame({"ts": ts, "rate": [rate for _, rate in hours_and_rates]})
    return frame.with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))


def test_a_rate_counts_from_the_bar_that_closes_at_its_settlement() -> None:
    rates = align_funding(funding_frame((8, 0.01), (16, 0.02)), BARS)
    # The bar that opens at 07:00 closes at 08:00, when the rate is known; the one before it closes too early.
    assert np.isnan(rates[:7]).all()
    assert (rates[7:15] == 0.01).all()
    assert (rates[15:] == 0.02).all()


def test_a_rate_a_millisecond_after_the_close_is_not_known_at_it() -> None:
    late = pl.DataFrame({"ts": [SUNDAY_MS + 8 * MS_PER_HOUR + 1], "rate": [0.01]})
    rates = align_funding(late, BARS)
    assert np.isnan(rates[7])
    assert rates[8] == 0.01


def test_order_and_nulls_of_the_funding_frame_do_not_matter() -> None:
    tidy = funding_frame((0, 0.01), (8, 0.02))
    untidy = pl.concat([tidy.reverse(), tidy.head(1).with_columns(rate=pl.lit(None, pl.Float64))])
    np.testing.assert_array_equal(align_funding(untidy, BARS), align_funding(tidy, BARS))


def test_an_empty_funding_frame_gives_nulls_and_a_frame_without_rates_is_refused() -> None:
    assert np.isnan(align_funding(funding_frame((0, 1.0)).clear(), BARS)).all()
    with pytest.raises(SchemaMismatch, match="rate: missing"):
        align_funding(pl.DataFrame({"ts": [0]}), BARS)


def test_funding_features_say_what_their_names_say() -> None:
    random = np.random.default_rng(1)
    rates = np.repeat(random.normal(1e-4, 1e-4, 10), 3)
    data = FeatureInput(bars=BARS, funding_rate=rates)
    np.testing.assert_array_equal(compute_feature("funding_rate", (), data), rates)
    np.testing.assert_allclose(compute_feature("funding_annualised", (3,), data), rates * 1_095)
    assert compute_feature("funding_mean", (12,), data)[-1] == pytest.approx(rates[-12:].mean())
    assert compute_feature("funding_change", (6,), data)[-1] == pytest.approx(rates[-1] - rates[-7])
    expected = (rates[-1] - rates[-12:].mean()) / rates[-12:].std()
    assert compute_feature("funding_zscore", (12,), data)[-1] == pytest.approx(expected)
