"""Rules that a workspace was told reach its backtests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.bootstrap import Workspace, create_workspace
from edgeproof.cli import main
from edgeproof.domain.frames import BARS, conform
from edgeproof.domain.instruments import Instrument, InstrumentRules
from edgeproof.domain.venues import Market, MarketState
from fakes.small_markets import make_bars

if TYPE_CHECKING:
    from pathlib import Path

BTC = Instrument(venue="demo", symbol="BTC-USDT")
COARSE = InstrumentRules(lot=8.0, tick=0.5, min_size=8.0, max_leverage=20.0)


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    made = create_workspace(tmp_path / "desk")
    made.lake.append(BARS, made_whole("BTC-USDT"))
    return made


def made_whole(symbol: str) -> Any:  # noqa: ANN401 - a frame
    return conform(make_bars(symbol, minutes=2_880, seed=1), BARS)


def backtest(desk: Workspace, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(["backtest", "ema_crossover", "--workspace", str(desk.root), *more])
    assert stopped.value.code == 0
    return capsys.readouterr().out


def test_a_backtest_goes_by_the_rules_the_venue_told(desk: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    free = json.loads(backtest(desk, capsys, "--json"))
    assert "the venue's rules are not known" in " ".join(backtest(desk, capsys).split())
    market = Market(instrument=BTC, venue_symbol="BTC-USDT", rules=COARSE, contract_size=1.0, state=MarketState.LIVE)
    desk.markets.remember([market], seen_ms=1_760_000_000_000)
    bound = json.loads(backtest(desk, capsys, "--json"))
    assert (free["conditions"]["lot"], bound["conditions"]["lot"]) == (0.0, 8.0)
    assert bound["conditions"]["max_leverage"] == 20.0
    assert free["total"]["metrics"]["total_return"] != bound["total"]["metrics"]["total_return"]
    assert "the venue's rules are not known" not in " ".join(backtest(desk, capsys).split())


def sweep(desk: Workspace, *more: str) -> set[float]:
    """Sweep two values of a parameter; the lots that its trials were made under."""
    before = {trial.key for trial in desk.trials()}
    with pytest.raises(SystemExit) as stopped:
        main(["sweep", "ema_crossover", "--workspace", str(desk.root), "--json", "--param", "fast=8,12", *more])
    assert stopped.value.code == 0
    return {trial.costs["lot"] for trial in desk.trials() if trial.key not in before}


def test_a_sweep_goes_by_rules_that_hold_for_all_of_its_markets(desk: Workspace) -> None:
    desk.lake.append(BARS, made_whole("ETH-USDT"))
    markets = [
        Market(
            instrument=Instrument(venue="demo", symbol=symbol),
            venue_symbol=symbol,
            rules=InstrumentRules(lot=lot),
            contract_size=1.0,
            state=MarketState.LIVE,
        )
        for symbol, lot in (("BTC-USDT", 8.0), ("ETH-USDT", 2.0))
    ]
    desk.markets.remember(markets, seen_ms=1_760_000_000_000)
    assert sweep(desk, "--symbols", "BTC-USDT") == {8.0}
    assert sweep(desk) == {0.0}
