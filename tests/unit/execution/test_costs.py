from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from edgeproof.domain.errors import InvalidValue
from edgeproof.execution import Costs, HourlySlippage, Regime


def test_doubled_costs_are_twice_as_high_and_no_slower() -> None:
    assert Costs(maker=0.0001, taker=0.0005, slippage=0.001, latency_ms=300).doubled() == Costs(
        maker=0.0002, taker=0.001, slippage=0.002, latency_ms=300
    )


def test_costs_are_told_by_name() -> None:
    assert Costs().to_dict() == {"maker": 0.0002, "taker": 0.0006, "slippage": 0.00052, "latency_ms": 250}


def test_what_is_not_as_usual_is_told_too() -> None:
    hourly = HourlySlippage(buy=(0.001,) * 24, sell=(0.002,) * 24)
    told = Costs(fill_probability=0.5, seed=3, hourly=hourly).to_dict()
    assert (told["fill_probability"], told["seed"]) == (0.5, 3)
    assert (told["slippage_buy_00"], told["slippage_sell_23"]) == (0.001, 0.002)
    assert len(told) == 3 + 2 + 48


def test_costs_that_charge_the_same_tell_the_same() -> None:
    flat = Costs(slippage=0.0005).to_dict()
    alike = HourlySlippage(buy=(0.0005,) * 24, sell=(0.0005,) * 24)
    idle = Regime(when="close > 1", factor=1)
    assert Costs(hourly=alike).to_dict() == flat
    assert Costs(hourly=alike, slippage=0.001).to_dict() == flat
    assert Costs(slippage=0.0005, regimes=(idle,)).to_dict() == flat
    assert Costs(slippage=0.0, regimes=(Regime(when="close > 1", factor=9),)).to_dict() == Costs(slippage=0.0).to_dict()
    sides = HourlySlippage(buy=(0.0005,) * 24, sell=(0.0006,) * 24)
    assert Costs(hourly=sides, slippage=0.001).to_dict() == Costs(hourly=sides).to_dict() != flat
    assert "slippage" not in Costs(hourly=sides).to_dict()


def test_a_slippage_that_hours_stand_in_for_is_no_reason_not_to_double() -> None:
    hourly = HourlySlippage(buy=(0.001,) * 24, sell=(0.002,) * 24)
    assert Costs(hourly=hourly, slippage=0.6).doubled().to_dict() == Costs(hourly=hourly).doubled().to_dict()


def test_hourly_slippage_doubles_too() -> None:
    hourly = HourlySlippage(buy=(0.001,) * 24, sell=(0.002,) * 24)
    assert Costs(hourly=hourly).doubled().hourly == HourlySlippage(buy=(0.002,) * 24, sell=(0.004,) * 24)


@pytest.mark.parametrize("buy", [(), (0.001,) * 23, (0.001,) * 23 + (1.0,), [0.001] * 24, (float("nan"),) * 24])
def test_hourly_slippage_that_cannot_be_is_refused(buy: tuple[float, ...]) -> None:
    with pytest.raises(InvalidValue, match="slippage to buy"):
        HourlySlippage(buy=buy, sell=(0.0,) * 24)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("taker", -0.1),
        ("taker", 1.0),
        ("slippage", float("nan")),
        ("maker", float("inf")),
        ("maker", "0.1 %"),
        ("taker", True),
        ("latency_ms", -1),
        ("latency_ms", 1.5),
        ("latency_ms", 100_000_000),
        ("fill_probability", 1.01),
        ("fill_probability", float("nan")),
        ("seed", -1),
        ("seed", 0.5),
        ("hourly", (0.001,) * 24),
    ],
)
def test_costs_that_cannot_be_are_refused_in_one_line(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=name) as refusal:
        Costs(**{name: value})  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


def test_costs_may_be_numpy_numbers_and_become_plain_ones() -> None:
    half: Any = np.float32(0.5)
    whole: Any = np.int16(7)
    brought = HourlySlippage(buy=(half,) * 24, sell=(np.float64(0.5),) * 24)
    costs = Costs(
        maker=half, taker=half, slippage=half, fill_probability=half, latency_ms=whole, seed=whole, hourly=brought
    )
    hourly = HourlySlippage(buy=(0.5,) * 24, sell=(0.5,) * 24)
    plain = Costs(maker=0.5, taker=0.5, slippage=0.5, fill_probability=0.5, latency_ms=7, seed=7, hourly=hourly)
    assert repr(costs) == repr(plain)
    assert {type(value) for value in costs.to_dict().values()} == {int, float}


def test_costs_of_half_and_more_can_not_be_doubled() -> None:
    with pytest.raises(InvalidValue, match="taker"):
        Costs(taker=0.5).doubled()


def test_costs_cross_processes() -> None:
    assert pickle.loads(pickle.dumps(Costs())) == Costs()  # noqa: S301 - what was just made
