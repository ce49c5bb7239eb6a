"""What ``make demo`` rests on: after costs the planted edges pay strategies of the library, and nothing else pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgeproof.backtest import prepare_tape, replay_signals
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.execution import Costs
from edgeproof.simulator.market import EdgeKind, GeneratedMarket, demo_spec, generate_market
from edgeproof.strategies import MarketData, evaluate, load_strategy

if TYPE_CHECKING:
    from edgeproof.domain.results import Metrics

FINDERS = {EdgeKind.MEAN_REVERSION: ("zscore_reversion",), EdgeKind.MOMENTUM: ("ema_crossover", "donchian_breakout")}
NAMES = [name for names in FINDERS.values() for name in names]
PLANTED = {edge.symbol: edge.kind for edge in demo_spec().edges}
FIVE_MINUTES = Timeframe(5)


@pytest.fixture(scope="module")
def demo() -> GeneratedMarket:
    return generate_market(demo_spec())


@pytest.fixture(scope="module")
def results(demo: GeneratedMarket) -> dict[tuple[str, str], Metrics]:
    """Each finder on each symbol at five minutes, at the costs a desk starts with."""
    series = {symbol: BarSeries.from_frame(demo.bars.filter(symbol=symbol), ONE_MINUTE) for symbol in demo.spec.symbols}
    funding = {symbol: demo.funding.filter(symbol=symbol) for symbol in series}
    data = MarketData(series, funding)
    found = {}
    for symbol, bars in series.items():
        tape = prepare_tape(bars, funding[symbol])
        for name in NAMES:
            signals = evaluate(load_strategy(name), data, symbol, timeframe=FIVE_MINUTES)
            found[name, symbol] = replay_signals(tape, signals, costs=Costs()).metrics
    return found


@pytest.mark.parametrize(("symbol", "kind"), list(PLANTED.items()))
def test_the_library_earns_its_costs_where_an_edge_is_planted(
    results: dict[tuple[str, str], Metrics], symbol: str, kind: EdgeKind
) -> None:
    for name in FINDERS[kind]:
        metrics = results[name, symbol]
        assert metrics.trades >= 60
        assert metrics.total_return > 0.1
        assert metrics.sharpe is not None
        assert metrics.sharpe.low > 1.0


def test_no_empty_symbol_pays_as_well_as_a_planted_one(results: dict[tuple[str, str], Metrics]) -> None:
    sharpes = {key: m.sharpe.estimate for key, m in results.items() if m.sharpe is not None}
    planted = [sharpes[name, symbol] for symbol, kind in PLANTED.items() for name in FINDERS[kind]]
    empty = [sharpe for (_, symbol), sharpe in sharpes.items() if symbol not in PLANTED]
    assert len(empty) == 3 * 10
    assert max(empty) < min(planted)
    assert np.median(empty) < 0.0


def test_its_prices_stay_within_what_a_month_may_bring(demo: GeneratedMarket) -> None:
    for symbol in demo.spec.symbols:
        bars = demo.bars.filter(symbol=symbol)
        close = bars["close"].to_numpy()
        assert 0.4 < close.min() / close[0] <= close.max() / close[0] < 2.0
        assert 0.015 < np.std(np.diff(np.log(close))) * np.sqrt(1_440) < 0.07
