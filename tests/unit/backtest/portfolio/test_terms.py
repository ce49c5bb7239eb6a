"""Limits and sizes that cannot be meant are refused where they are written down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Leg,
    Limits,
    Member,
    RiskPerTrade,
    Signalled,
    TargetVolatility,
)
from edgeproof.domain.errors import InvalidValue
from fakes.tiny_market import make_bars, make_signals

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (Limits, {"max_positions": 0}),
        (Limits, {"max_positions": 2.0}),
        (Limits, {"max_positions": True}),
        (Limits, {"max_gross": 0.0}),
        (Limits, {"max_gross": INFINITE}),
        (Limits, {"max_symbol": NAN}),
        (Limits, {"max_symbol": "1"}),
        (Limits, {"least_part": 1.5}),
        (Limits, {"least_part": -0.1}),
        (Limits, {"margin_leverage": 0.5}),
        (Limits, {"margin_leverage": NAN}),
        (Limits, {"max_gross": 10**400}),
        (Limits, {"least_part": "0"}),
        (Limits, {"least_part": np.zeros(2)}),
        (Limits, {"margin_leverage": True}),
        (Limits, {"daily_loss": 0.03}),
        (Limits, {"correlation": 1.5}),
        (CorrelationCap, {"exposure": 0.0}),
        (CorrelationCap, {"exposure": 1.0, "threshold": 0.0}),
        (CorrelationCap, {"exposure": 1.0, "threshold": 1.1}),
        (CorrelationCap, {"exposure": 1.0, "days": 0}),
        (DailyLossStop, {"share": 0.0}),
        (DailyLossStop, {"share": 1.1}),
        (DailyLossStop, {"share": 0.03, "flatten": "no"}),
        (Signalled, {"share": 0.0}),
        (Signalled, {"share": 1.1}),
        (FixedLeverage, {"leverage": 0.0}),
        (FixedLeverage, {"leverage": INFINITE}),
        (FixedLeverage, {"leverage": 10**400}),
        (TargetVolatility, {"annual": NAN}),
        (TargetVolatility, {"annual": 0.2, "max_leverage": 0}),
        (RiskPerTrade, {"risk": 0.0}),
        (RiskPerTrade, {"risk": "0.1"}),
        (FractionalKelly, {"fraction": 1.5}),
        (FractionalKelly, {"max_leverage": -1.0}),
        (FractionalKelly, {"trades": 0}),
        (FractionalKelly, {"trades": 10, "fewest": 11}),
        (FractionalKelly, {"start": -0.1}),
        (FractionalKelly, {"start": np.zeros(2)}),
        (Member, {"strategy": "ema_crossover", "symbols": "BTC-USDT"}),
        (Member, {"strategy": "ema_crossover", "symbols": []}),
        (Member, {"strategy": "ema_crossover", "symbols": [1]}),
        (Member, {"strategy": "ema_crossover", "params": 3}),
        (Member, {"strategy": "ema_crossover", "timeframe": 5}),
        (Member, {"strategy": "ema_crossover", "priority": "x"}),
        (Member, {"strategy": "ema_crossover", "priority": NAN}),
        (Member, {"strategy": "ema_crossover", "sizing": "risk"}),
    ],
)
def test_terms_out_of_their_range_are_refused(kind: type[Any], terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        kind(**terms)


@pytest.mark.parametrize("terms", [{"priority": NAN}, {"priority": "x"}, {"sizing": 0.5}])
def test_a_leg_that_cannot_be_meant_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Leg(name="leg", symbol="A", signals=make_signals(make_bars("100"), "."), **terms)


def test_the_edges_of_ranges_are_allowed() -> None:
    Limits(least_part=0, margin_leverage=1)
    Limits(least_part=1.0, max_positions=1)
    CorrelationCap(exposure=0.1, threshold=1)
    DailyLossStop(share=1)
    Signalled(share=1)
    FractionalKelly(trades=1, fewest=1)


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (
            Limits,
            {
                "max_positions": np.int64(3),
                "max_gross": np.float32(2.0),
                "max_symbol": np.float64(1.5),
                "least_part": np.float64(0.0),
                "margin_leverage": np.int32(2),
            },
        ),
        (CorrelationCap, {"exposure": np.float64(1.5), "threshold": np.float64(0.5), "days": np.uint8(30)}),
        (DailyLossStop, {"share": np.float64(0.03)}),
        (Signalled, {"share": np.float64(0.5)}),
        (FixedLeverage, {"leverage": np.int64(2)}),
        (TargetVolatility, {"annual": np.float64(0.2), "max_leverage": np.int64(3)}),
        (RiskPerTrade, {"risk": np.float64(0.01), "max_leverage": np.float64(5.0)}),
        (
            FractionalKelly,
            {
                "fraction": np.float64(0.5),
                "max_leverage": np.float64(2.0),
                "trades": np.int64(50),
                "fewest": np.int16(20),
                "start": np.float64(0.0),
            },
        ),
        (Member, {"strategy": "ema_crossover", "priority": np.int64(2)}),
    ],
)
def test_numpy_numbers_are_numbers_and_kept_as_python_has_them(kind: type[Any], terms: dict[str, Any]) -> None:
    made = kind(**terms)
    for name, value in terms.items():
        kept = getattr(made, name)
        assert kept == value
        assert not isinstance(kept, np.generic)
        assert isinstance(kept, (int, float, str))


def test_a_start_of_nothing_or_more_is_expected_of_kelly() -> None:
    with pytest.raises(InvalidValue, match=r"start cannot be -0.1; expected 0, or a finite number above"):
        FractionalKelly(start=-0.1)
