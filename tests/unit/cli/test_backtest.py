from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl
import pytest

from edgeproof.bootstrap import open_workspace
from edgeproof.domain.frames import TRADES
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.results import TRADE_LIST
from edgeproof.domain.time import ONE_MINUTE
from fakes.command_line import make_desk, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask: TypeAlias = Callable[..., dict[str, Any]]
    Tell: TypeAlias = Callable[..., str]

MINE = """
name: mine
thesis: Up goes on.
timeframe: 5m
long: close > lag(close, 1)
exit_long: close < lag(close, 1)
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with two days of minutes of two symbols."""
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(tmp_path / "desk"))
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 2_880, "ETH": 1_440})
    capsys.readouterr()
    return root


@pytest.fixture
def ask(desk: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the command with --json and read its document."""

    def asked(*arguments: str) -> dict[str, Any]:
        assert run("backtest", *arguments, "--workspace", str(desk), "--json") == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return asked


@pytest.fixture
def tell(desk: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Run the command and read what a person does, on one line."""

    def told(*arguments: str) -> str:
        assert run("backtest", *arguments, "--workspace", str(desk)) == 0
        return " ".join(capsys.readouterr().out.split())

    return told


def test_every_symbol_is_an_account_and_a_recorded_trial(ask: Ask, desk: Path) -> None:
    document = ask("ema_crossover", "--timeframe", "1m")
    assert [account["instrument"] for account in document["accounts"]] == ["imported:BTC-USDT", "imported:ETH-USDT"]
    assert document["trials"] == {"recorded": 2, "new": 2, "in_ledger": 2}
    trials = list(open_workspace(desk).ledger.trials())
    assert {trial.key for trial in trials} == {account["trial"] for account in document["accounts"]}
    assert {trial.origin for trial in trials} == {"cli"}
    assert sum(trial.trades for trial in trials) == document["total"]["metrics"]["trades"] > 0


def test_asking_again_is_the_same_trial(ask: Ask) -> None:
    first, second = ask("ema_crossover"), ask("ema_crossover")
    assert second["trials"] == {"recorded": 2, "new": 0, "in_ledger": 2}
    assert first["accounts"] == second["accounts"]


def test_asking_otherwise_is_another_trial(ask: Ask) -> None:
    ask("ema_crossover")
    for number, change in enumerate(
        (["--timeframe", "5m"], ["--param", "fast=9"], ["--slippage", "0.001"], ["--window", "1d"]), start=2
    ):
        assert ask("ema_crossover", *change, "--symbols", "BTC-USDT")["trials"]["in_ledger"] == number + 1


def test_a_window_may_be_named_by_its_ends(ask: Ask) -> None:
    document = ask("ema_crossover", "--from", "2024-03-01T06:00Z", "--to", "2024-03-01T12:00Z")
    assert document["window"] == {"from": "2024-03-01T06:00:00Z", "to": "2024-03-01T12:00:00Z", "days": 0.25}
    assert document["accounts"][0]["metrics"]["days"] == 0.25


def test_a_window_reaches_no_further_than_the_bars(ask: Ask, desk: Path) -> None:
    document = ask("ema_crossover", "--from", "1999-01-01", "--to", "2099-01-01")
    assert document["window"] == {"from": "2024-03-01T00:00:00Z", "to": "2024-03-03T00:00:00Z", "days": 2.0}
    assert {trial.window.days for trial in open_workspace(desk).ledger.trials()} == {2.0}
    assert ask("ema_crossover", "--to", "2099-01-01")["trials"]["new"] == 0


def test_markets_without_funding_rates_are_named(ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remark = next(r for r in ask("ema_crossover")["remarks"] if "funding" in r)
    assert remark.startswith("1 of 2 markets have no funding rates (ETH-USDT)")
    assert ask("ema_crossover", "--symbols", "BTC-USDT", "--window", "2d")["remarks"] == []
    assert run("backtest", "ema_crossover", "--workspace", str(desk)) == 0
    assert f"warning: {remark}" in capsys.readouterr().out


def test_costs_and_parameters_are_as_asked(ask: Ask) -> None:
    options = ("--taker", "0.001", "--slippage", "0", "--latency-ms", "0", "--param", "fast=9", "--param", "slow=30")
    document = ask("ema_crossover", *options)
    assert document["strategy"]["params"] == {"fast": 9, "slow": 30}
    assert [document["conditions"][name] for name in ("taker", "slippage", "latency_ms")] == [0.001, 0, 0]
    assert document["total"]["metrics"]["slippage"] == 0


def test_trades_are_written_where_asked(ask: Ask, tmp_path: Path) -> None:
    target = tmp_path / "trades.csv"
    document = ask("ema_crossover", "--timeframe", "1m", "--trades-csv", str(target))
    trades = pl.read_csv(target)
    assert trades.columns == list(TRADE_LIST)
    assert trades.height == document["total"]["metrics"]["trades"]
    assert os.listdir(tmp_path).count("trades.csv") == 1  # noqa: PTH208 - nothing half-written beside it


def test_a_person_reads_one_line_an_account(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("backtest", "ema_crossover", "--timeframe", "1m", "--workspace", str(desk)) == 0
    told = capsys.readouterr().out
    assert "BTC-USDT" in told
    assert "together" in told
    assert "2 trials recorded, 2 of them new; 2 tried here so far" in told
    assert "fewer than 30 trades" in told
    assert "no lot, tick or minimum size: the venue's rules are not known for imported data" in told
    assert "drawdown is measured at hourly closes" in told


def test_a_strategy_of_the_workspace_goes_by_its_name(ask: Ask, desk: Path) -> None:
    (desk / "strategies" / "mine.yaml").write_text(MINE, "utf-8")
    by_name, by_path = ask("mine"), ask(str(desk / "strategies" / "mine.yaml"))
    assert by_name["accounts"] == by_path["accounts"]


WRONG = {
    "a strategy that is not there": (["ema_crosover"], "did you mean 'ema_crossover'"),
    "a symbol that is not there": (["ema_crossover", "--symbols", "DOGE-USDT"], "DOGE-USDT"),
    "a venue that is not there": (["ema_crossover", "--venue", "mars"], "no venue 'mars'"),
    "a parameter that is not there": (["ema_crossover", "--param", "fst=9"], "did you mean 'fast'"),
    "a parameter that is no number": (["ema_crossover", "--param", "fast=soon"], "NAME=VALUE"),
    "a parameter without a value": (["ema_crossover", "--param", "fast"], "NAME=VALUE"),
    "a parameter out of range": (["ema_crossover", "--param", "fast=1e9"], "fast"),
    "a timeframe that is none": (["ema_crossover", "--timeframe", "7x"], "timeframe"),
    "a fee above everything": (["ema_crossover", "--taker", "2"], "taker"),
    "two windows": (["ema_crossover", "--window", "1d", "--from", "2024-03-01"], "either"),
    "an empty window": (["ema_crossover", "--from", "2024-03-02", "--to", "2024-03-01"], "window"),
    "a window after all bars": (["ema_crossover", "--from", "2025-01-01", "--to", "2025-02-01"], "no bars from"),
    "a time that is none": (["ema_crossover", "--from", "yesterday"], "ISO"),
    "a folder that is not there": (["ema_crossover", "--trades-csv", "/nowhere/trades.csv"], "folder that exists"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_is_one_line_and_status_2(case: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, told = WRONG[case]
    assert run("backtest", *arguments, "--workspace", str(desk)) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert told in heard.err
    assert heard.err.count("\n") == 1
    assert open_workspace(desk).ledger.count_trials() == 0


def test_a_workspace_without_bars_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init", str(tmp_path / "empty")) == 0
    assert run("backtest", "ema_crossover", "--workspace", str(tmp_path / "empty")) == 2
    assert "edgeproof data import" in capsys.readouterr().err


BOTH_WAYS = """
name: both_ways
thesis: Something is touched.
timeframe: 1m
long: close > 0
stop: (high - low) * 0.2 + 0.0001
take: (high - low) * 0.2 + 0.0001
"""


def test_trades_of_the_lake_settle_bars_where_they_are_asked_for_and_make_another_trial(
    ask: Ask, tell: Tell, desk: Path
) -> None:
    (desk / "strategies" / "both_ways.yaml").write_text(BOTH_WAYS)
    bars_alone = ask("both_ways", "--symbols", "BTC-USDT")
    without_any = ask("both_ways", "--symbols", "BTC-USDT", "--trades")
    assert without_any["trades_used"] == {"imported:BTC-USDT": 0}
    assert without_any["accounts"] == bars_alone["accounts"]
    lake = open_workspace(desk).lake
    bars = lake.bars(Instrument(venue="imported", symbol="BTC-USDT"), ONE_MINUTE)
    # Up before down, in every minute.
    printed = [(bars["high"], 10), (bars["low"], 40)]
    trades = pl.concat(
        bars.select(
            "venue",
            "symbol",
            ts=pl.col("ts") + pl.duration(seconds=second),
            seen_at=pl.col("ts") + pl.duration(seconds=second),
            price=price,
            size=pl.lit(1.0),
            side=pl.lit("buy"),
            trade_id=pl.format("{}-{}", pl.col("ts").dt.epoch("ms"), pl.lit(second)),
        )
        for price, second in printed
    )
    lake.append(TRADES, trades)
    settled = ask("both_ways", "--symbols", "BTC-USDT", "--trades")
    assert settled["trades_used"] == {"imported:BTC-USDT": trades.height}
    assert settled["trials"]["in_ledger"] == 2
    assert settled["total"]["metrics"]["win_rate"] > bars_alone["total"]["metrics"]["win_rate"]
    assert ask("both_ways", "--symbols", "BTC-USDT")["accounts"] == bars_alone["accounts"]
    told = tell("both_ways", "--symbols", "BTC-USDT", "--trades")
    assert f"trades of the market used to settle bars: {trades.height:,} of BTC-USDT" in told


def test_a_person_is_told_that_there_were_no_trades_to_use(tell: Tell) -> None:
    assert "the lake has no trades in this window" in tell("ema_crossover", "--trades")
    assert "trades in this window" not in tell("ema_crossover")


def test_a_person_is_told_what_entries_that_rest_pay_and_how_likely_they_are_filled(desk: Path, tell: Tell) -> None:
    entry = "entry: {kind: limit, offset: 0.5 * atr(14), wait: 3}\n"
    (desk / "strategies" / "resting.yaml").write_text(MINE.replace("name: mine", "name: resting") + entry)
    assert "entries rest at a limit: maker fee 0.020%, filled when touched 67%" in tell("resting")
    assert "entries rest" not in tell("ema_crossover")
