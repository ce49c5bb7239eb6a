"""Slippage by hour, side and regime from the settings, in every command that trades; the guide's own examples."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from edgeproof.bootstrap import open_workspace
from edgeproof.execution import Costs
from edgeproof.strategies import load_strategy
from fakes.command_line import make_desk, run

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask: TypeAlias = Callable[..., dict[str, Any]]

GUIDE = (Path(__file__).parents[3] / "docs" / "how-to" / "calibrated-costs.md").read_text("utf-8")
(SETTINGS,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
(STRATEGY,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
WILD = "slippage where regime_volatile(20, 240) > 0"
PATIENT = """
name: patient
thesis: Who waits under the price pays less.
timeframe: 5m
long: rsi(14) < 45
exit_long: rsi(14) > 55
entry: {kind: limit, offset: 0.1 * atr(14), wait: 3}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with two days of minutes of one symbol and one of another, and the guide's settings."""
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(tmp_path / "desk"))
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 2_880, "ETH": 1_440})
    (root / "edgeproof.toml").write_text(SETTINGS, "utf-8")
    (root / "strategies" / "patient.yaml").write_text(PATIENT, "utf-8")
    capsys.readouterr()
    return root


@pytest.fixture
def ask(desk: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command with --json and read its document."""

    def asked(*arguments: str) -> dict[str, Any]:
        assert run(*arguments, "--workspace", str(desk), "--json") == 0, capsys.readouterr().err
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return asked


def test_the_guides_settings_are_costs(desk: Path) -> None:
    costs = open_workspace(desk).costs
    assert costs.hourly is not None
    assert (costs.hourly.buy[22], costs.hourly.sell[23]) == (0.0006, 0.0007)
    assert [regime.factor for regime in costs.regimes] == [1.8, 1.4]


def test_the_guides_strategy_is_one() -> None:
    assert load_strategy(STRATEGY).name == "calm_dip"


def test_a_backtest_pays_the_settings_and_says_so(ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = ask("backtest", "ema_crossover", "--timeframe", "1m")
    conditions = document["conditions"]
    assert (conditions[WILD], conditions["slippage_buy_22"], conditions["slippage_sell_23"]) == (1.8, 0.0006, 0.0007)
    assert run("backtest", "ema_crossover", "--timeframe", "1m", "--workspace", str(desk)) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "slippage 0.030% to 0.070% by UTC hour and side, times 1.8 where regime_volatile(20, 240) > 0" in told


def test_regimes_make_fills_dearer_than_the_hours_alone(ask: Ask, desk: Path) -> None:
    charged = ask("backtest", "ema_crossover", "--timeframe", "1m")
    (desk / "edgeproof.toml").write_text(SETTINGS.partition("# While")[0], "utf-8")
    hourly = ask("backtest", "ema_crossover", "--timeframe", "1m")
    assert hourly["total"]["metrics"]["trades"] == charged["total"]["metrics"]["trades"] > 20
    assert hourly["total"]["metrics"]["slippage"] < charged["total"]["metrics"]["slippage"]
    assert hourly["trials"] == {"recorded": 2, "new": 2, "in_ledger": 4}


def test_one_slippage_stands_for_all_that_is_calibrated(ask: Ask, desk: Path) -> None:
    flat = ask("backtest", "ema_crossover", "--slippage", "0.00052")
    assert not [name for name in flat["conditions"] if name.startswith(("slippage_", "slippage where"))]
    (desk / "edgeproof.toml").write_text("", "utf-8")
    assert ask("backtest", "ema_crossover")["trials"]["new"] == 0


def test_other_options_keep_what_is_calibrated(ask: Ask) -> None:
    options = ("--maker", "0.0001", "--taker", "0.0004", "--latency-ms", "0", "--fill-probability", "0.5")
    ask("sweep", "patient", "--random", "1", *options)
    alone, together = ask("backtest", "patient", *options), ask("portfolio", "patient", *options)
    for document in (alone, together):
        told = [document["conditions"][name] for name in ("maker", "taker", "latency_ms", "fill_probability", WILD)]
        assert told == [0.0001, 0.0004, 0, 0.5, 1.8]
    assert alone["trials"] == {"recorded": 2, "new": 0, "in_ledger": 2}


def test_the_chance_of_a_touch_decides_how_many_entries_are_missed(
    ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    never, always = (ask("backtest", "patient", "--fill-probability", chance)["total"] for chance in ("0", "1"))
    assert never["unfilled"]["missed"] > always["unfilled"]["missed"]
    assert run("backtest", "patient", "--fill-probability", "0.25", "--workspace", str(desk)) == 0
    assert "filled when touched 25%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--fill-probability", "1.5"), "fill_probability cannot be 1.5"),
        (("--fill-probability", "nan"), "fill_probability cannot be nan"),
        (("--maker", "-0.1"), "maker cannot be -0.1"),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "sweep", "portfolio"])
def test_costs_that_cannot_be_are_one_line(
    desk: Path, capsys: pytest.CaptureFixture[str], command: str, options: tuple[str, ...], told: str
) -> None:
    assert run(command, "patient", *options, "--workspace", str(desk)) == 2
    said = capsys.readouterr().err.strip()
    assert told in said
    assert "\n" not in said


def test_sweep_cycle_and_backtest_ask_the_same_questions_and_agree(ask: Ask, desk: Path) -> None:
    tried = ask("backtest", "ema_crossover", "--timeframe", "5m")
    assert tried["trials"]["in_ledger"] == 2
    swept = ask("sweep", "ema_crossover", "--param", "fast=12", "--timeframe", "5m")
    assert swept["trials"]["recalled"] == 2
    cycle = ask("research", "run", "--strategies", "ema_crossover", "--timeframes", "5m")
    assert cycle["report"]["costs"]["assumed"][WILD] == 1.8
    assert all(row["reproduced"] for row in cycle["report"]["pools"]["strategies"])
    assert open_workspace(desk).ledger.count_trials() == 2


def test_a_portfolio_pays_what_its_backtest_pays(ask: Ask) -> None:
    options = ("ema_crossover", "--timeframe", "1m", "--symbols", "BTC-USDT")
    account, alone = ask("portfolio", *options)["account"], ask("backtest", *options)["total"]
    assert account["metrics"] == alone["metrics"]
    flat = ask("portfolio", *options, "--slippage", "0.00052")["account"]
    assert flat["trial"] != account["trial"]
    assert flat["metrics"]["slippage"] != account["metrics"]["slippage"]


def test_a_sweep_says_what_was_charged(
    ask: Ask, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("sweep", "ema_crossover", "--param", "fast=9,12")["conditions"][WILD] == 1.8
    page = tmp_path / "sweep.html"
    options = ("--param", "fast=9,12", "--html", str(page))
    assert run("sweep", "ema_crossover", *options, "--workspace", str(desk)) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "each combination an account of 10,000; fee 0.060%, slippage 0.030% to 0.070% by UTC hour" in told
    assert "times 1.4 where volume &lt; 0.3 * on(" in page.read_text("utf-8")


def test_the_sheet_of_a_sweep_says_what_was_charged(ask: Ask, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    document = ask("sweep", "ema_crossover", "--param", "fast=9,12", "--timeframe", "1m", "--metric", "total_return",
                   "--sheet", str(page))  # fmt: skip
    assert "by UTC hour and side, times 1.8 where" in page.read_text("utf-8")
    best = document["best"]
    assert f"{best['trades']:,}" in page.read_text("utf-8")


@pytest.mark.parametrize(
    "command",
    [
        ("backtest", "ema_crossover"),
        ("sweep", "ema_crossover", "--param", "fast=9,12"),
        ("portfolio", "ema_crossover"),
        ("research", "run", "--strategies", "ema_crossover", "--timeframes", "5m"),
    ],
)
def test_a_regime_that_the_data_never_tells_is_remarked(
    ask: Ask, desk: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    unfunded = '[[costs.regimes]]\nwhen = "funding_zscore(3) > 1"\nfactor = 3\n'
    known = '[[costs.regimes]]\nwhen = "close > sma(20)"\nfactor = 2\n'
    inert = '[[costs.regimes]]\nwhen = "taker_buy_volume > 1"\nfactor = 1\n'
    (desk / "edgeproof.toml").write_text(unfunded + known + inert, "utf-8")
    document = ask(*command)
    told = [one["text"] for one in document["report"]["review"]] if "report" in document else document["remarks"]
    (remark,) = (text for text in told if text.startswith("Regime "))
    assert remark.startswith("Regime funding_zscore(3) > 1 was unknown in 100% of the bars of BTC-USDT, ETH-USDT: the")
    if command[0] != "research":
        assert run(*command, "--workspace", str(desk)) == 0
        assert "Regime funding_zscore(3) > 1 was unknown in 100%" in " ".join(capsys.readouterr().out.split())


def test_a_wrong_regime_stops_every_command_before_any_work(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "edgeproof.toml").write_text(SETTINGS.replace("regime_volatile() > 0", "regime_volatile()"), "utf-8")
    for command in (
        ("backtest", "patient"),
        ("sweep", "patient", "--random", "1"),
        ("portfolio", "patient"),
        ("research", "run"),
    ):
        assert run(*command, "--workspace", str(desk)) == 2
        said = capsys.readouterr().err.strip()
        assert "costs.regimes.0.when: expected a condition on bars" in said
        assert "\n" not in said


def test_defaults_of_settings_and_costs_agree(desk: Path) -> None:
    (desk / "edgeproof.toml").write_text("", "utf-8")
    assert open_workspace(desk).costs == Costs()
