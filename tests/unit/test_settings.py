from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from edgeproof.execution import HourlySlippage, Regime
from edgeproof.settings import NewerWorkspace, Settings, SettingsError, read_settings, render_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "edgeproof.toml"


def test_the_commented_file_reads_as_the_defaults(file: Path) -> None:
    file.write_text(render_settings())
    assert read_settings(file) == Settings()


def test_the_commented_lines_are_the_defaults(file: Path) -> None:
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", render_settings())
    assert uncommented.count("\ntaker = ") == 1
    file.write_text(uncommented)
    assert read_settings(file) == Settings()


def test_the_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[costs]\ntaker = 0.001\nmaker = 0.0003\n")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKER", "0.0005")
    costs = read_settings(file).costs
    assert (costs.taker, costs.maker) == (0.0005, 0.0003)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[costs]\ntakr = 0.1", r"edgeproof\.toml: costs\.takr: unknown key; did you mean 'costs\.taker'"),
        ("[cost]\ntaker = 0.1", r"cost: unknown key; did you mean"),
        ('[costs]\ntaker = "much"', r"costs\.taker: .*number.*got 'much'"),
        ("[costs]\ntaker = 2", r"costs\.taker: .*less than 1, got 2"),
        ('[research]\ntimeframes = ["7m"]', r"research\.timeframes: expected .* got \('7m',\)|got \['7m'\]"),
        ('[research]\nwindow = "long"', r"research\.window: expected a count and a unit"),
        ("[costs\n", r"not TOML"),
        ("schema_version = 0", r"schema_version: "),
        ('[exchange]\nvenue = "bloffin"', r"edgeproof\.toml: exchange\.venue: unknown; did you mean 'blofin'"),
        ('[exchange]\nrest_url = "openapi.blofin.com"', r"exchange\.rest_url: expected .*https://HOST.*, got 'openapi"),
        ('[exchange]\nrest_url = "demo"', r"exchange\.rest_url: expected https://HOST, or .*, got 'demo'"),
        (
            '[exchange]\nrest_url = "http://10.0.0.1"',
            r"exchange\.rest_url: expected https://HOST, or .*, got 'http://10",
        ),
        ('[exchange]\nstream_url = "wss:/x"', r"exchange\.stream_url: expected wss://HOST/PATH.*, got 'wss:/x'"),
        ('[exchange]\nproxy = "10.0.0.1"', r"exchange\.proxy: expected an address such as .*, got '10\.0\.0\.1'"),
        (
            '[exchange]\nproxy = "socks5://me:hunter2@10.0.0.1"',
            r"exchange\.proxy: .*, got 'socks5://\*\*\*@10\.0\.0\.1'",
        ),
        ('[exchange]\nrest_url = "me:hunter2@10.0.0.1"', r"exchange\.rest_url: .*, got '\*\*\*@10\.0\.0\.1'"),
        ('[exchange]\nrest_url = "http://me:hunter2@10.0.0.1"', r"exchange\.rest_url: .*, got 'http://\*\*\*@10\.0"),
        ('[exchange]\nname = "My Venue"', r"exchange\.name: expected lower-case letters"),
        ('[exchange]\nenvironment = "test"', r"exchange\.environment: .*'live' or 'demo', got 'test'"),
        ("[exchange]\ntimeout_s = 0", r"exchange\.timeout_s: .*greater than 0, got 0"),
        ('[compute]\nray = "cluster"', r"compute\.ray: expected .*auto, local, ray://HOST:PORT.*, got 'cluster'"),
        ("[compute]\nworkers = -1", r"compute\.workers: .*greater than or equal to 0, got -1"),
        ("[exchange]\nbudget_share = 1.5", r"exchange\.budget_share: .*less than or equal to 1, got 1\.5"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_where(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=told) as caught:
        read_settings(file)
    assert "\n" not in str(caught.value)


HOURS = str([0.0005] * 24)
REGIME = '[[costs.regimes]]\nwhen = "close > sma(20)"\nfactor = 2\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"slippage_buy = {[0.0005] * 23}\nslippage_sell = {HOURS}", r"slippage_buy: expected 24 .*, not 23, got \["),
        (f"slippage_buy = {HOURS}", r"slippage_sell: expected 24 shares in both .* or in neither, got \(\)"),
        (f"slippage_sell = {HOURS}", r"slippage_sell: expected 24 shares in both .*"),
        (f"slippage_buy = [nan{', 0.1' * 23}]\nslippage_sell = {HOURS}", r"slippage_buy\.0: .*finite number, got nan"),
        (f"slippage_buy = [0.1{', -1' * 23}]\nslippage_sell = {HOURS}", r"slippage_buy\.1: .*equal to 0, got -1"),
        (f"slippage_buy = {HOURS}\nslippage_sell = [1.0{', 0.1' * 23}]", r"slippage_sell\.0: .*less than 1, got 1\.0"),
        ("slippage_buy = 0.1", r"slippage_buy: .*got 0\.1"),
        ("taker = 0.5", r"taker: expected a share below 0\.5, since a cycle asks .* twice the costs, got 0\.5"),
        ("slippage = 0.6", r"slippage: expected a share below 0\.5.*, got 0\.6"),
        (
            f"slippage_buy = {HOURS}\nslippage_sell = [0.1, 0.5{', 0.1' * 22}]",
            r"slippage_sell\.1: expected a share below",
        ),
        ("regimes = 3", r"regimes: expected \[\{when = .*, factor = 1\.5\}\], got 3"),
        ("regimes = ['close > open']", r"regimes\.0: expected `when` and `factor`, as in .*, got 'close > open'"),
        ("regimes = [[]]", r"regimes\.0: expected `when` and `factor`, as in .*, got \[\]"),
        ("[[costs.regimes]]", r"regimes\.0: expected `when` and `factor`, as in .*, got \{\}"),
        ("[[costs.regimes]]\nfactor = 2", r"regimes\.0: expected `when` and `factor`"),
        ('[costs.regimes]\nwhen = "close > 1"\nfactor = 2', r"regimes: expected a list; write \[\[costs\.regimes\]\]"),
        ('[[costs.regimes]]\nwhen = "close > 1"', r"regimes\.0: expected `when` and `factor`"),
        (REGIME + "colour = 3", r"regimes\.0\.colour: unknown key; .*known are factor, when$"),
        (REGIME + "factr = 3", r"regimes\.0\.factr: unknown key; did you mean 'factor'\? known are factor, when$"),
        (REGIME.replace("(20)", "(0)"), r"sma\(window\) cannot be 0"),
        (REGIME.replace("= 2", "= true"), r"regimes\.0\.factor: .*valid number, got True"),
        (REGIME.replace("= 2", "= 0"), r"regimes\.0\.factor: .*greater than 0, got 0"),
        (REGIME.replace("= 2", "= -2"), r"regimes\.0\.factor: .*greater than 0, got -2"),
        (REGIME.replace("= 2", "= nan"), r"regimes\.0\.factor: .*finite number, got nan"),
        (REGIME.replace("= 2", "= 1e9"), r"regimes\.0\.factor: .*equal to 1000, got 1000000000"),
        (REGIME.replace("= 2", "= 990"), r"regimes: .*at twice the costs, got 990 times a slippage of 0\.00052"),
        (REGIME.replace("= 2", "= 1000") * 9, r"regimes: expected each condition once"),
        (REGIME.replace("sma", "smma"), r"regimes\.0\.when: expected a condition .*no feature or operator 'smma'"),
        (REGIME.replace("close > ", ""), r"regimes\.0\.when: .*a number where a condition was wanted.*got 'sma\(20\)'"),
        (REGIME.replace("close > sma(20)", ""), r"regimes\.0\.when: .*an expression is missing"),
        (REGIME.replace("close > sma(20)", "close > 1 or " * 300 + "close > 2"), r"regimes\.0\.when: .*longer than"),
        (
            REGIME + REGIME.replace("close > sma", "close>sma"),
            r"regimes: .*once.*, got 'close > sma\(20\) twice'",
        ),
    ],
)
def test_wrong_calibrated_slippage_is_one_line_that_says_where(file: Path, text: str, told: str) -> None:
    file.write_text(f"[costs]\n{text}\n")
    with pytest.raises(SettingsError, match=rf"edgeproof\.toml: costs\..*{told}") as caught:
        read_settings(file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1_200


@pytest.mark.parametrize(
    "text",
    [
        "taker = 0.4999",
        "slippage = 0.4999",
        f"slippage = 0.2499\n{REGIME}",
        f"slippage_buy = {HOURS}\nslippage_sell = {HOURS}",
    ],
)
def test_whatever_the_settings_take_can_be_doubled(file: Path, text: str) -> None:
    file.write_text(f"[costs]\n{text}\n")
    costs = read_settings(file).costs.configure()
    assert costs.doubled().highest_slippage == 2 * costs.highest_slippage


def test_hours_and_regimes_are_costs(file: Path) -> None:
    buy, sell = [hour / 10_000 for hour in range(24)], [0.0004] * 24
    file.write_text(f"[costs]\nslippage_buy = {buy}\nslippage_sell = {sell}\n{REGIME}")
    costs = read_settings(file).costs.configure()
    assert costs.hourly == HourlySlippage(buy=tuple(buy), sell=tuple(sell))
    assert costs.regimes == (Regime(when="close > sma(20)", factor=2.0),)


def test_a_condition_is_kept_in_its_canonical_spelling(file: Path) -> None:
    file.write_text('[costs]\nregimes = [{when = "regime_volatile()>0", factor = 1.5}]\n')
    assert read_settings(file).costs.configure().regimes[0].when == "regime_volatile(20, 240) > 0"


def test_a_condition_may_be_longer_in_its_canonical_spelling_than_it_may_be_written(file: Path) -> None:
    written = " and ".join(f"rsi()>{level}" for level in range(38))
    file.write_text(f'[costs]\nregimes = [{{when = "{written}", factor = 1.5}}]\n')
    assert len(written) < 500 < len(read_settings(file).costs.configure().regimes[0].when)
    longer = " and ".join(f"rsi() > {level}.125" for level in range(35))
    file.write_text(f'[costs]\nregimes = [{{when = "{longer}", factor = 1.5}}]\n')
    with pytest.raises(SettingsError, match=r"costs\.regimes\.0\.when: expected a condition of at most 500 characters"):
        read_settings(file)


def test_the_environment_tells_hours_by_commas_and_regimes_as_json(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(f"[costs]\n{REGIME}")
    for side in ("BUY", "SELL"):
        monkeypatch.setenv(f"EDGEPROOF_COSTS__SLIPPAGE_{side}", ", ".join(["0.0003"] * 24))
    monkeypatch.setenv("EDGEPROOF_COSTS__REGIMES", '[{"when": "adx() > 40", "factor": 1.2}]')
    costs = read_settings(file).costs
    assert (costs.slippage_buy, costs.slippage_sell) == ((0.0003,) * 24, (0.0003,) * 24)
    assert [(regime.when, regime.factor) for regime in costs.regimes] == [("adx() > 40", 1.2)]
    monkeypatch.setenv("EDGEPROOF_COSTS__REGIMES", "[]")
    assert read_settings(file).costs.regimes == ()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SLIPPAGE_BUY", "0.1,0.2", r"EDGEPROOF_COSTS__SLIPPAGE_BUY: expected 24 shares"),
        ("SLIPPAGE_BUY", "much", r"EDGEPROOF_COSTS__SLIPPAGE_BUY: .*number, .*got 'much'"),
        ("REGIMES", "{}", r"EDGEPROOF_COSTS__REGIMES: expected \[\{\"when\".*got '\{\}'"),
        ("REGIMES", '["close > 1"]', r"EDGEPROOF_COSTS__REGIMES: expected `when` and `factor`.*got 'close > 1'"),
        ("REGIMES", "close > 1", r"EDGEPROOF_COSTS__REGIMES: expected \[\{\"when\".*got 'close > 1'"),
        ("REGIMES", '[{"when": "clsoe > 1", "factor": 2}]', r"EDGEPROOF_COSTS__REGIMES: .*did you mean 'close'"),
    ],
)
def test_wrong_calibrated_slippage_in_the_environment_is_named_as_the_place(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    file.write_text("")
    monkeypatch.setenv(f"EDGEPROOF_COSTS__{variable}", value)
    with pytest.raises(SettingsError, match=f"environment: {told}") as caught:
        read_settings(file)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not TOML"):
        read_settings(file)


def test_a_wrong_variable_is_named_as_the_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKER", "much")
    with pytest.raises(SettingsError, match=r"environment: EDGEPROOF_COSTS__TAKER: .*number"):
        read_settings(file)


def test_an_unknown_variable_offers_the_nearest(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKR", "0.1")
    with pytest.raises(SettingsError, match=r"EDGEPROOF_COSTS__TAKR: unknown; did you mean 'EDGEPROOF_COSTS__TAKER'"):
        read_settings(file)


def test_a_newer_workspace_is_refused(file: Path) -> None:
    file.write_text("schema_version = 99")
    with pytest.raises(NewerWorkspace, match=r"version 99.*upgrade edgeproof"):
        read_settings(file)


def test_timeframes_are_kept_by_their_canonical_name(file: Path) -> None:
    file.write_text('[research]\ntimeframes = ["60m"]')
    assert read_settings(file).research.timeframes == ("1h",)


def test_commas_part_a_list_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_RESEARCH__TIMEFRAMES", "5m, 60m")
    assert read_settings(file).research.timeframes == ("5m", "1h")
    monkeypatch.setenv("EDGEPROOF_RESEARCH__TIMEFRAMES", "5m,soon")
    with pytest.raises(SettingsError, match=r"EDGEPROOF_RESEARCH__TIMEFRAMES: expected a count and a unit"):
        read_settings(file)


def test_the_environment_cannot_claim_a_newer_workspace(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_SCHEMA_VERSION", "9")
    with pytest.raises(NewerWorkspace, match="environment"):
        read_settings(file)


def test_a_wrong_address_in_the_environment_is_named_as_the_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_EXCHANGE__REST_URL", "ftp://127.0.0.1:1")
    with pytest.raises(SettingsError, match=r"environment: EDGEPROOF_EXCHANGE__REST_URL: expected .*got 'ftp:"):
        read_settings(file)


RELAYED = """
[exchange]
rest_url = "https://relay.example"
stream_url = "wss://relay.example/streams"
name = "relayed"
proxy = "http://127.0.0.1:3128"
timeout_s = 5
budget_share = 0.5
"""


def test_what_is_set_of_an_exchange_is_what_is_asked(file: Path) -> None:
    file.write_text(RELAYED)
    config = read_settings(file).exchange.configure()
    assert (config.venue, config.address, config.stream_url) == (
        "blofin",
        "https://relay.example",
        "wss://relay.example/streams",
    )
    assert (config.shown_name, config.proxy, config.timeout_s) == ("relayed", "http://127.0.0.1:3128", 5.0)
    assert config.budget_share == 0.5


def test_a_host_that_a_command_names_wins_over_every_address_that_is_set(file: Path) -> None:
    file.write_text(RELAYED)
    exchange = read_settings(file).exchange
    config = exchange.configure(host="http://127.0.0.1:9")
    assert (config.shown_name, config.stream_url, config.proxy) == ("blofin-simulated", None, "http://127.0.0.1:3128")
    elsewhere = exchange.configure(venue="okx")
    assert (elsewhere.shown_name, elsewhere.address, elsewhere.host) == ("okx", None, "live")


def test_rows_of_a_relayed_demo_never_pass_for_live_ones(file: Path) -> None:
    file.write_text('[exchange]\nenvironment = "demo"\nrest_url = "https://relay.example"\n')
    assert read_settings(file).exchange.configure().shown_name == "blofin-demo"
    file.write_text('[exchange]\nenvironment = "demo"\nrest_url = "http://127.0.0.1:9"\n')
    assert read_settings(file).exchange.configure().shown_name == "blofin-simulated"
