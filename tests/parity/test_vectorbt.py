"""Our trades are vectorbt's, one by one, where both mean the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from parity.disputes import mute_disputed
from parity.engines import assert_same_trades, import_peer, trade_here, trade_in_vectorbt
from parity.wishes import Terms, draw_wishes, wish_over

if TYPE_CHECKING:
    from pathlib import Path

import_peer("vectorbt")

TERMS = {
    "units": Terms(units=50),
    "units with costs": Terms(units=50, fee=0.0006, slippage=0.00052),
    "whole equity": Terms(),
    "whole equity with costs": Terms(fee=0.0006, slippage=0.00052),
    "a stop": Terms(units=50, fee=0.0006, slippage=0.00052, stop=0.00713),
    "a target": Terms(units=50, fee=0.0006, slippage=0.00052, take=0.00917),
    "stop and target": Terms(units=50, fee=0.0006, slippage=0.00052, stop=0.00713, take=0.00917),
    "whole equity, tight levels": Terms(fee=0.0006, slippage=0.00052, stop=0.00313, take=0.00417),
}
REAL = ("BTC", "ETH", "SOL")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", TERMS)
def test_random_wishes_make_the_same_trades(name: str, seed: int) -> None:
    terms = TERMS[name]
    density, sides = (0.08, 0.2, 0.5)[seed % 3], ("both", "both", "long", "short")[seed % 4]
    wishes = mute_disputed(draw_wishes(seed, bars=600, density=density, sides=sides), terms, one_order_a_bar=True)
    ours, _ = trade_here(wishes, terms)
    assert ours.height >= 5
    assert_same_trades(ours, trade_in_vectorbt(wishes, terms))


def test_the_random_markets_try_every_way_out() -> None:
    found = {
        (reason, bool(entry == exit_))
        for seed in range(8)
        for terms in (TERMS["stop and target"], TERMS["whole equity, tight levels"])
        for trades, reasons in [trade_here(draw_wishes(seed, bars=600, density=0.5), terms)]
        for reason, entry, exit_ in zip(reasons, trades["entry_ts"], trades["exit_ts"], strict=True)
    }
    assert {(reason, False) for reason in ("signal", "reverse", "stop", "take")} <= found
    assert {("stop", True), ("take", True)} <= found, "levels reached in the very bar of entry"


@pytest.mark.real_data
@pytest.mark.parametrize("coin", REAL)
def test_real_minutes_make_the_same_trades(coin: str, market_data: Path) -> None:
    path = market_data / "freqtrade_a" / f"{coin}_USDT_USDT-1m-futures.feather"
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    bars = pl.read_ipc(path).rename({"date": "ts"}).select("ts", "open", "high", "low", "close").head(20_000)
    for name in ("whole equity with costs", "whole equity, tight levels", "stop and target"):
        terms = replace(TERMS[name], cash=1e9)  # enough for fifty of any coin
        wishes = mute_disputed(wish_over(bars, 1, density=0.02), terms, one_order_a_bar=True)
        ours, _ = trade_here(wishes, terms)
        assert ours.height >= 100
        assert_same_trades(ours, trade_in_vectorbt(wishes, terms))
