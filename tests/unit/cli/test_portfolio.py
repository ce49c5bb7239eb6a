from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl
import pytest

from edgeproof.backtest.portfolio import PORTFOLIO_SYMBOL, PORTFOLIO_TRADES
from edgeproof.bootstrap import open_workspace
from edgeproof.domain.frames import BARS, TRADES
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import ONE_MINUTE
from fakes.command_line import make_desk, run
from fakes.pages import read_island

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask: TypeAlias = Callable[..., dict[str, Any]]

PAIR = ("ema_crossover", "bb_reversion", "--timeframe", "1m")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with a day and two of minutes of two symbols."""
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(tmp_path / "desk"))
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 2_880, "ETH": 1_440})
    capsys.readouterr()
    return root


@pytest.fixture
def ask(desk: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the command with --json and read its document."""

    def asked(*arguments: str) -> dict[str, Any]:
        assert run("portfolio", *arguments, "--workspace", str(desk), "--json") == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return asked


def test_every_strategy_trades_every_market_and_the_whole_is_one_trial(ask: Ask, desk: Path) -> None:
    document = ask(*PAIR)
    legs = {(leg["leg"], leg["symbol"]) for leg in document["legs"]}
    assert legs == {(f"{name}@1m", symbol) for name in PAIR[:2] for symbol in ("BTC-USDT", "ETH-USDT")}
    (trial,) = open_workspace(desk).ledger.trials()
    assert (trial.key, trial.instrument.symbol) == (document["account"]["trial"], PORTFOLIO_SYMBOL)
    assert trial.trades == document["account"]["metrics"]["trades"] == sum(leg["trades"] for leg in document["legs"])
    assert sum(leg["pnl"] for leg in document["legs"]) == pytest.approx(document["account"]["costs"]["net"])


def test_the_order_in_which_strategies_are_named_is_no_other_portfolio(ask: Ask) -> None:
    first = ask(*PAIR)
    again = ask("bb_reversion", "ema_crossover", "--timeframe", "1m")
    assert again["trials"] == {"recorded": 1, "new": 0, "in_ledger": 1}
    assert first["account"] == again["account"]
    assert first["legs"] == again["legs"]


def test_other_limits_are_another_trial(ask: Ask) -> None:
    first = ask(*PAIR)
    second = ask(*PAIR, "--max-positions", "1")
    assert second["trials"]["in_ledger"] == 2
    assert second["account"]["most_positions"] <= 1
    assert second["account"]["skipped"]["max_positions"] > 0
    assert "max_positions" not in first["account"]["skipped"]


@pytest.mark.parametrize(
    ("size", "kind"),
    [("own:0.3", "own"), ("fixed:0.5", "fixed"), ("volatility:0.2", "volatility"), ("risk:0.01", "risk")],
)
def test_a_kind_of_size_is_told_by_its_name_and_number(ask: Ask, size: str, kind: str) -> None:
    told = ask(*PAIR, "--size", size)["sizing"]
    assert told["kind"] == kind
    assert float(size.partition(":")[2]) in told.values()


def test_a_window_may_be_named_by_its_ends_and_a_venue_by_its_name(ask: Ask) -> None:
    document = ask(*PAIR, "--from", "2024-03-01T06:00Z", "--to", "2024-03-01T12:00Z", "--venue", "imported")
    assert document["window"] == {"from": "2024-03-01T06:00:00Z", "to": "2024-03-01T12:00:00Z", "days": 0.25}


@pytest.mark.parametrize(("command", "trials"), [("portfolio", 1), ("sweep --random 2", 2)])
def test_a_lake_of_several_venues_asks_which(
    command: str, trials: int, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = open_workspace(desk).lake
    bars = lake.bars(Instrument(venue="imported", symbol="BTC-USDT"), ONE_MINUTE)
    lake.append(BARS, bars.with_columns(venue=pl.lit("elsewhere")))
    assert run(*command.split(), "ema_crossover") == 2
    assert "expected those of one venue: --venue elsewhere, or --symbols elsewhere:BTC-USDT" in capsys.readouterr().err
    assert run(*command.split(), "ema_crossover", "--venue", "elsewhere", "--json") == 0
    assert open_workspace(desk).ledger.count_trials() == trials
    assert {trial.instrument.venue for trial in open_workspace(desk).ledger.trials()} == {"elsewhere"}


def test_params_and_priorities_are_told_by_strategy(ask: Ask) -> None:
    document = ask(*PAIR, "--param", "ema_crossover.fast=7", "--priority", "bb_reversion=2")
    told = {strategy["name"]: (strategy["params"], strategy["priority"]) for strategy in document["strategies"]}
    assert (told["ema_crossover"][0]["fast"], told["ema_crossover"][1]) == (7, 0)
    assert told["bb_reversion"][1] == 2


def test_trades_are_written_with_their_legs(ask: Ask, tmp_path: Path) -> None:
    document = ask(*PAIR, "--trades-csv", str(tmp_path / "trades.csv"))
    written = pl.read_csv(tmp_path / "trades.csv")
    assert written.columns == PORTFOLIO_TRADES.names()
    assert written.height == document["account"]["metrics"]["trades"]


LEVELS = """
name: levels
thesis: Something is touched.
timeframe: 1m
long: close > 0
stop: (high - low) * 0.2 + 0.0001
take: (high - low) * 0.2 + 0.0001
take_share: 0.5
"""
RESTING = (
    LEVELS.replace("name: levels", "name: resting") + "entry: {kind: limit, offset: 0.1 * (high - low), wait: 2}\n"
)


def test_entries_rest_and_parts_leave_as_the_strategy_says(
    ask: Ask, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "strategies" / "resting.yaml").write_text(RESTING)
    document = ask("resting", "--symbols", "BTC-USDT", "--slippage", "0", "--sheet", str(tmp_path / "sheet.html"))
    assert document["strategies"][0]["entry"] == "limit"
    assert document["account"]["skipped"]["missed"] > 0
    assert document["account"]["metrics"]["trades"] > 0
    (market,) = read_island((tmp_path / "sheet.html").read_text("utf-8"), "markets")["markets"]
    assert len(b64decode(market["parts"]["price"])) // 4 == document["account"]["partial_exits"] > 0
    never = ask("resting", "--symbols", "BTC-USDT", "--fill-probability", "0", "--maker", "0.001")
    assert never["account"]["skipped"]["missed"] > document["account"]["skipped"]["missed"]
    assert run("portfolio", "resting", "ema_crossover", "--maker", "0.001") == 0
    shown = capsys.readouterr().out
    assert "entries rest at a limit: maker fee 0.100%, filled when touched 67%" in shown
    assert run("portfolio", *PAIR) == 0
    assert "resting orders" not in capsys.readouterr().out


def test_positions_and_orders_that_rest_are_counted_together(
    ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "strategies" / "resting.yaml").write_text(RESTING)
    asked = "resting", "ema_crossover", "--max-positions", "2"
    account = ask(*asked)["account"]
    most = max(account["most_positions"], account["most_orders"])
    assert 0 < most <= account["most_together"] <= 2
    assert run("portfolio", *asked) == 0
    told = f"up to {account['most_positions']} positions, {account['most_together']} with resting orders counted, gross"
    assert told in capsys.readouterr().out


def test_positions_that_left_in_part_are_counted_and_their_price_is_told(
    ask: Ask, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "strategies" / "resting.yaml").write_text(RESTING)
    document = ask("resting", "--slippage", "0", "--parts-csv", str(tmp_path / "parts.csv"))
    parts = document["account"]["partial_exits"]
    assert parts == pl.read_csv(tmp_path / "parts.csv").height > 1
    assert run("portfolio", "resting", "--slippage", "0") == 0
    told = f"{parts:,} positions left in part at the target; the price of such a trade is the mean of its exits"
    assert told in capsys.readouterr().out
    assert ask(*PAIR)["account"]["partial_exits"] == 0
    assert run("portfolio", *PAIR) == 0
    assert "left in part" not in capsys.readouterr().out


def test_trades_of_the_lake_settle_bars_where_they_are_asked_for(
    ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "strategies" / "levels.yaml").write_text(LEVELS)
    free = "levels", "--symbols", "BTC-USDT", "--slippage", "0"
    alone, without_any = ask(*free), ask(*free, "--trades")
    assert (alone["trades_used"], without_any["trades_used"]) == ({}, {"imported:BTC-USDT": 0})
    assert without_any["trials"]["in_ledger"] == 1
    lake = open_workspace(desk).lake
    bars = lake.bars(Instrument(venue="imported", symbol="BTC-USDT"), ONE_MINUTE)
    highs = bars.select("venue", "symbol", "ts", seen_at="ts", price="high", size=1.0, side=pl.lit("buy"))
    lake.append(TRADES, highs.with_columns(trade_id=pl.col("ts").dt.epoch("ms").cast(pl.String)))
    settled = ask(*free, "--trades")
    assert settled["trades_used"] == {"imported:BTC-USDT": bars.height}
    assert settled["trials"]["in_ledger"] == 2
    assert settled["account"]["metrics"]["total_return"] > alone["account"]["metrics"]["total_return"]
    assert run("portfolio", *free, "--trades") == 0
    assert f"trades of the market used to settle bars: {bars.height:,} of BTC-USDT" in capsys.readouterr().out


def test_a_leg_tells_its_sharpe_ratio_with_its_interval_where_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 4 * 1_440})
    (root / "strategies" / "levels.yaml").write_text(LEVELS)
    (root / "strategies" / "never.yaml").write_text(LEVELS.replace("levels", "never").replace("> 0", "< 0"))
    ask = ("portfolio", "levels", "never", "--workspace", str(root))
    capsys.readouterr()
    assert run(*ask, "--json") == 0
    sharpes = {leg["leg"]: leg["sharpe"] for leg in json.loads(capsys.readouterr().out)["legs"]}
    assert sharpes["never"] is None
    told = sharpes["levels"]
    assert told["low"] < told["estimate"] < told["high"]
    assert run(*ask) == 0
    shown = capsys.readouterr().out
    assert f"{told['estimate']:.2f} ({told['low']:.1f} to {told['high']:.1f})" in shown
    assert "a leg's Sharpe ratio is of its daily pnl over the account's equity" in shown


def test_a_terminal_shows_legs_the_account_and_what_it_rests_on(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("portfolio", *PAIR, "--top", "2", "--daily-loss", "0.03", "--flatten", "--max-correlated", "1") == 0
    shown = capsys.readouterr().out
    assert "account" in shown
    assert "and 2 more legs" in shown
    assert "daily_loss (share 0.03, flatten)" in shown
    assert "1 trial recorded, new; 1 tried here so far" in shown
    assert str(desk) not in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ema_crosover",), "did you mean 'ema_crossover'"),
        (("ema_crossover", "ema_crossover"), "each strategy once"),
        (("ema_crossover", "--size", "risk"), "risk:0.01"),
        (("ema_crossover", "--size", "luck:3"), "kelly:0.5"),
        (("ema_crossover", "--size", "fixed:2", "--max-leverage", "3"), "leave it out"),
        (("ema_crossover", "--size", "risk:2"), "a share above 0"),
        (("ema_crossover", "--flatten"), "--daily-loss"),
        (("ema_crossover", "--correlation", "0.5"), "--max-correlated"),
        (("ema_crossover", "--max-correlated", "1", "--correlation", "2"), "at most 1"),
        (("ema_crossover", "--max-gross", "0"), "a multiple of equity above 0"),
        (("ema_crossover", "--max-positions", "0"), "a whole number from 1"),
        (("ema_crossover", "--param", "fats=3"), "did you mean 'fast'"),
        (("ema_crossover", "--param", "rsi.fast=3"), "no strategy 'rsi'"),
        (("ema_crossover", "--param", "fast"), "with a number"),
        (("ema_crossover", "--priority", "momentum=1"), "no strategy 'momentum'"),
        (("ema_crossover", "--priority", "ema_crossover=first"), "a whole number"),
        (("ema_crossover", "--symbols", "XYZ-USDT"), "XYZ-USDT"),
        (("ema_crossover", "--venue", "mars"), "no venue 'mars'"),
        (("ema_crossover", "--window", "1d", "--from", "2024-03-01"), "either --window"),
        (("ema_crossover", "--trades-csv", "/nowhere/at/all.csv"), "a folder that exists"),
    ],
)
def test_a_wrong_request_is_refused_in_one_line(
    desk: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run("portfolio", *arguments, "--workspace", str(desk)) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
