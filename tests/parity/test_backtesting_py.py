"""Our trades are backtesting.py's, one by one, where both mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from parity.disputes import mute_disputed
from parity.engines import NEARLY_ALL, assert_same_trades, import_peer, trade_here, trade_in_backtesting_py
from parity.wishes import Terms, Wishes, draw_wishes, wish_over

if TYPE_CHECKING:
    from pathlib import Path

import_peer("backtesting")

# No slippage: it charges its spread on the way in alone, and never on the way out.
TERMS = {
    "units": Terms(units=50),
    "units with a fee": Terms(units=50, fee=0.0006),
    "whole equity with a fee": Terms(fee=0.0006),
    "a stop": Terms(units=50, fee=0.0006, stop=0.00713),
    "a target": Terms(units=50, fee=0.0006, take=0.00917),
    "stop and target": Terms(units=50, fee=0.0006, stop=0.00713, take=0.00917),
    "whole equity, tight levels": Terms(fee=0.0006, stop=0.00813, take=0.00817),
}


def hold_equal(wishes: Wishes, terms: Terms, *, least: int) -> None:
    wishes = mute_disputed(wishes, terms, one_order_a_bar=False, share=NEARLY_ALL, whole_units=True)
    ours, _ = trade_here(wishes, terms, share=NEARLY_ALL, whole_units=True)
    assert ours.height >= least
    assert_same_trades(ours, trade_in_backtesting_py(wishes, terms))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", TERMS)
def test_random_wishes_make_the_same_trades(name: str, seed: int) -> None:
    density, sides = (0.08, 0.2, 0.5)[seed % 3], ("both", "both", "long", "short")[seed % 4]
    hold_equal(draw_wishes(seed, bars=400, density=density, sides=sides), TERMS[name], least=5)


@pytest.mark.real_data
@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_real_minutes_make_the_same_trades(coin: str, market_data: Path) -> None:
    path = market_data / "freqtrade_a" / f"{coin}_USDT_USDT-1m-futures.feather"
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    bars = pl.read_ipc(path).rename({"date": "ts"}).select("ts", "open", "high", "low", "close").head(5_000)
    levels = Terms(fee=0.0006, stop=0.00413, take=0.00517, cash=1e8)
    for terms in (levels, Terms(fee=0.0006, cash=1e8)):
        hold_equal(wish_over(bars, 2, density=0.02), terms, least=30)
