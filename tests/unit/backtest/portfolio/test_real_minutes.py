from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    Limits,
    Member,
    RiskPerTrade,
    decide,
    order_legs,
    replay_legs,
)
from edgeproof.backtest.portfolio.orders import lay_out
from edgeproof.backtest.tape import prepare_tape
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE
from edgeproof.execution import Costs
from edgeproof.kernels.portfolio import replay_portfolio
from edgeproof.kernels.portfolio_py import replay_portfolio_py
from edgeproof.strategies import MarketData

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.domain.signals import Signals

COINS = ("BTC", "ETH", "SOL")
LIMITS = Limits(
    max_positions=3,
    max_gross=2.0,
    correlation=CorrelationCap(exposure=1.2, days=2),
    daily_loss=DailyLossStop(share=0.02, flatten=True),
    margin_leverage=5.0,
)


def rest_and_part(signals: Signals) -> Signals:
    """The same decisions, but orders rest a little away from the market, and half of a position leaves at a target."""
    close = signals.bars.close
    return replace(signals, limit_offset=0.0005 * close, limit_wait=3, take=0.002 * close, take_share=0.5)


@pytest.mark.real_data
@pytest.mark.parametrize("resting", [False, True])
def test_days_of_real_minutes_reconcile_and_give_the_trades_of_the_specification(
    *, resting: bool, market_data: Path
) -> None:
    series = {}
    for coin in COINS:
        path = market_data / "freqtrade_a" / f"{coin}_USDT_USDT-1m-futures.feather"
        if not path.is_file():
            pytest.skip(f"{path.name} is absent")
        frame = pl.read_ipc(path).rename({"date": "ts"}).tail(5 * 1_440)
        series[f"{coin}-USDT"] = BarSeries.from_frame(
            frame.with_columns(pl.col("ts").dt.cast_time_unit("ms")), ONE_MINUTE
        )
    data = MarketData(series)
    members = [Member(strategy=name, timeframe="5m") for name in ("ema_crossover", "bb_reversion", "vwap_reversion")]
    legs = [leg for member in members for leg in decide(member, data)]
    if resting:
        legs = [replace(leg, signals=rest_and_part(leg.signals)) for leg in legs]
    tapes = {symbol: prepare_tape(bars) for symbol, bars in series.items()}
    result = replay_legs(tapes, legs, costs=Costs(), sizing=RiskPerTrade(risk=0.005), limits=LIMITS)
    assert len(result.records) > 50
    assert result.account["equity"][-1] == pytest.approx(10_000 + result.records["pnl"].sum(), abs=0.005)
    assert (result.account["positions"] + result.account["orders"]).max() <= 3
    assert (len(result.parts) > 0, result.account["orders"].max() > 0) == (resting, resting)

    terms = {"sizing": RiskPerTrade(risk=0.005), "limits": LIMITS, "costs": Costs(), "rules": {}}
    layout = lay_out(tapes, order_legs(legs), initial_equity=10_000.0, **terms)  # type: ignore[arg-type] # terms by name
    found, specified = replay_portfolio(*layout.arguments), replay_portfolio_py(*layout.arguments)
    for ours, theirs in zip(found, specified, strict=True):
        np.testing.assert_array_equal(ours, theirs)
