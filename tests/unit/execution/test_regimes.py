from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeproof.domain.errors import InvalidValue
from edgeproof.execution import Costs, HourlySlippage, Regime

WILD = Regime(when="regime_volatile() > 0", factor=1.8)
CALM = Regime(when="regime_quiet() > 0", factor=0.7)


def test_white_space_in_a_condition_says_nothing() -> None:
    assert Regime(when="  close >\n 1 ", factor=2) == Regime(when="close > 1", factor=2.0)


def test_only_what_was_written_is_limited_in_length() -> None:
    spelled = WILD.spell("close > 1 or " * 100 + "close > 2")
    assert (len(spelled.when), spelled.factor) == (1_309, 1.8)
    assert pickle.loads(pickle.dumps(Costs(regimes=(spelled,)))).regimes == (spelled,)  # noqa: S301 - just made
    assert WILD.when == "regime_volatile() > 0"


def test_the_order_in_which_regimes_are_written_says_nothing() -> None:
    one, other = Costs(regimes=(WILD, CALM)), Costs(regimes=(CALM, WILD))
    assert one == other
    assert [regime.when for regime in one.regimes] == ["regime_quiet() > 0", "regime_volatile() > 0"]


def test_what_is_unknown_costs_the_dearer_of_both_answers() -> None:
    assert (WILD.unknown_factor, CALM.unknown_factor) == (1.8, 1.0)


def test_regimes_are_told_by_their_conditions() -> None:
    told = Costs(regimes=(WILD, CALM)).to_dict()
    assert told["slippage where regime_volatile() > 0"] == 1.8
    assert told["slippage where regime_quiet() > 0"] == 0.7
    assert len(told) == 4 + 2


def test_twice_the_costs_keep_their_regimes() -> None:
    doubled = Costs(regimes=(WILD,)).doubled()
    assert (doubled.slippage, doubled.regimes) == (0.00104, (WILD,))


@pytest.mark.parametrize("when", ["", " \n ", "a" * 501, "close > \x1b[2J", None, 3, b"close > 1"])
def test_a_regime_without_a_text_is_refused(when: Any) -> None:  # noqa: ANN401 - the wrong kind on purpose
    with pytest.raises(InvalidValue, match="when of a regime") as refusal:
        Regime(when=when, factor=2.0)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "factor", [0, -1, 1_000.1, float("nan"), float("inf"), True, "2", None, 10**400, np.array([2.0])]
)
def test_a_factor_that_cannot_be_is_refused(factor: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(InvalidValue, match="factor of a regime"):
        Regime(when="close > 1", factor=factor)


@pytest.mark.parametrize("regimes", [WILD, [WILD], ("close > 1",), None, {"close > 1": 2.0}])
def test_regimes_of_another_kind_are_refused(regimes: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(InvalidValue, match="a tuple of ep"):
        Costs(regimes=regimes)


def test_one_condition_has_one_factor() -> None:
    with pytest.raises(InvalidValue, match="each condition once"):
        Costs(regimes=(WILD, replace(WILD, factor=2.0)))


@pytest.mark.parametrize(
    "terms",
    [
        {"slippage": 0.56, "regimes": (WILD,)},
        {"regimes": (Regime(when="close > 1", factor=1_000), Regime(when="close > 2", factor=2))},
        {"hourly": HourlySlippage(buy=(0.0,) * 23 + (0.6,), sell=(0.0,) * 24), "regimes": (WILD,)},
        {"slippage": 0.0, "regimes": tuple(Regime(when=f"close > {n}", factor=1_000) for n in range(110))},
    ],
)
def test_regimes_that_together_take_the_whole_price_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="leave less than the whole price"):
        Costs(**terms)


def test_cheaper_regimes_do_not_make_up_for_dearer_ones() -> None:
    with pytest.raises(InvalidValue, match="whole price"):
        Costs(slippage=0.6, regimes=(WILD, Regime(when="close > 1", factor=0.1)))
    assert Costs(slippage=0.9, regimes=(CALM,)).highest_factor == 1.0


def test_regimes_may_be_numpy_numbers_and_cross_processes() -> None:
    half: Any = np.float32(0.5)
    costs = Costs(regimes=(Regime(when="close > 1", factor=half),))
    assert type(costs.regimes[0].factor) is float
    assert pickle.loads(pickle.dumps(costs)) == costs  # noqa: S301 - what was just made
