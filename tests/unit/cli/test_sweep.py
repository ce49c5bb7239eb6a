"""`edgeproof sweep` as a person meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import typer

from edgeproof.bootstrap import open_workspace
from edgeproof.cli import main, sweep
from edgeproof.domain.errors import Busy, RequestError
from fakes.archives import make_candles, write_freqtrade_candles, write_freqtrade_funding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run: TypeAlias = Callable[..., str]
    Ask: TypeAlias = Callable[..., dict[str, Any]]

START_MS = 1_709_251_200_000  # 2024-03-01T00:00Z, where `make_candles` begins
MINE = """
name: mine
thesis: A fast mean above a slow one goes on.
timeframe: 5m
params:
  fast: {default: 3, low: 2, high: 30}
  slow: {default: 12, low: 4, high: 90}
  k: {default: 1.0, low: 0.5, high: 4.0}
long: mean(close, fast) > mean(close, slow)
exit_long: mean(close, fast) < mean(close, slow)
stop: k * atr(14)
"""
GRID = ("--param", "fast=3:6:1", "--param", "slow=10,20,40")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with two days of minutes of one symbol, one of another, and a strategy of its own."""
    root, files = tmp_path / "desk", tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(root))
    monkeypatch.setenv("COLUMNS", "200")
    write_freqtrade_candles(files / "BTC_USDT_USDT-1m-futures.feather", make_candles(2_880))
    write_freqtrade_candles(files / "ETH_USDT_USDT-1m-futures.feather", make_candles(1_440, seed=2))
    write_freqtrade_funding(files / "BTC_USDT_USDT-8h-funding_rate.feather", [START_MS + 28_800_000], [0.0001])
    for arguments in (["init", str(root)], ["data", "import", str(files)]):
        with pytest.raises(SystemExit):
            main(arguments)
    (root / "strategies" / "mine.yaml").write_text(MINE, "utf-8")
    capsys.readouterr()
    return root


@pytest.fixture
def run(desk: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command and read what it said."""
    app = typer.Typer()
    sweep.add_to(app)

    def ran(*arguments: str) -> str:
        capsys.readouterr()
        app(args=[*arguments, "--workspace", str(desk)], standalone_mode=False)
        return capsys.readouterr().out

    return ran


@pytest.fixture
def ask(run: Run) -> Ask:
    """Run the command with --json and read its document."""
    return lambda *arguments: json.loads(run(*arguments, "--json"))


def test_every_combination_on_every_symbol_is_a_trial(desk: Path, ask: Ask) -> None:
    document = ask("mine", *GRID, "--metric", "total_return", "--top", "5")
    assert document["combinations"] == document["trials"]["added"] == document["trials"]["total"] == 24
    assert document["symbols"] == ["BTC-USDT", "ETH-USDT"]
    assert document["timeframes"] == ["5m"]
    assert len(document["rows"]) == 5
    assert document["rows"][0] == document["best"]
    scores = [row["score"] for row in document["rows"]]
    assert scores == sorted(scores, reverse=True)
    trials = list(open_workspace(desk).trials())
    assert {trial.origin for trial in trials} == {"sweep"}
    assert max(trial.metrics["total_return"] for trial in trials) == document["best"]["total_return"]
    assert [v.name for v in open_workspace(desk).ledger.strategy_versions()] == ["mine"]


def test_the_same_sweep_again_adds_nothing_and_finds_the_same(ask: Ask) -> None:
    first = ask("mine", *GRID)
    again = ask("mine", *GRID, "--workers", "2")
    assert again["trials"] == first["trials"] | {"added": 0, "recalled": 24}
    assert {k: v for k, v in again.items() if k != "trials"} == {k: v for k, v in first.items() if k != "trials"}


def test_a_larger_sweep_computes_only_what_is_new(ask: Ask) -> None:
    ask("mine", *GRID, "--symbols", "btcusdt")
    document = ask("mine", "--param", "fast=3:7", "--param", "slow=10,20,40", "--symbols", "BTC-USDT")
    assert document["combinations"] == 15
    assert document["trials"]["added"] == 3
    assert document["trials"]["recalled"] == 12


def test_a_sweep_of_the_defaults_is_the_backtest_of_them(desk: Path, ask: Ask) -> None:
    with pytest.raises(SystemExit):
        main(["backtest", "mine", "--symbols", "BTC-USDT", "--workspace", str(desk)])
    document = ask("mine", "--param", "fast=3", "--symbols", "BTC-USDT")
    assert document["trials"]["recalled"] == 1


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--random", "7"), 7),
        (("--random", "7", "--seed", "3"), 7),
        (("--optuna", "10", "--metric", "total_return"), 10),
        ((*GRID, "--where", "fast * 4 < slow"), 6),
        ((*GRID, "--timeframe", "5m,15m"), 24),
        (("--param", "k=0.5:1:0.1"), 6),
        (("--param", "k=1,2.5"), 2),
    ],
)
def test_combinations_come_from_ranges_lists_draws_and_conditions(
    ask: Ask, arguments: tuple[str, ...], count: int
) -> None:
    assert ask("mine", *arguments, "--symbols", "BTC-USDT")["combinations"] == count


def test_several_strategies_stand_in_one_table(ask: Ask) -> None:
    document = ask("mine", "ema_crossover", "--param", "fast=4,5", "--param", "mine.k=1,2", "--symbols", "BTC-USDT")
    assert document["combinations"] == 6
    assert document["strategies"] == ["mine", "ema_crossover"]
    assert document["columns"] == ["fast", "k"]


def test_a_person_reads_luck_neighbours_map_and_list(run: Run) -> None:
    told = run("mine", *GRID, "--symbols", "BTC-USDT", "--metric", "total_return")
    words = " ".join(told.split())
    assert "12 combinations of mine on BTC-USDT at 5m" in words
    assert "12 trials added, 12 ever recorded." in words
    assert "The best of many looks good by luck: 12 worthless combinations" in words
    assert "neighbours within 20% of it" in words
    assert "fast down, slow to the right" in words
    assert words.count("*") == 2  # the legend's and the best cell's
    assert "max drawdown" in words


def test_values_that_lie_close_are_told_apart_wherever_they_are_told(desk: Path, run: Run, tmp_path: Path) -> None:
    wide = MINE.replace("name: mine", "name: wide").replace("k:", "edge:").replace("k *", "edge *")
    (desk / "strategies" / "wide.yaml").write_text(wide, "utf-8")
    page, close = tmp_path / "sweep.html", ["1.00005", "1.0001", "1.0002"]
    grid = ("--param", f"edge={','.join(close)}", "--param", "fast=3,4", "--symbols", "BTC-USDT")
    told = run("wide", *grid, "--metric", "total_return", "--html", str(page))
    assert all(told.count(value) == 3 for value in close)  # once on the map, in two rows of the list
    assert all(f'<td class="n">{value}</td>' in page.read_text("utf-8") for value in close)


def test_the_page_stands_alone_and_escapes_what_it_shows(desk: Path, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "sweep.html"
    run("mine", *GRID, "--metric", "total_return", "--html", str(page))
    text = page.read_text("utf-8")
    assert "24 combinations of mine" in text
    assert "1 of 2 markets have no funding rates (ETH-USDT)" in text
    assert '"type":"heatmap"' in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "<script src" not in text
    assert "<link" not in text
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".sweep")]
    assert desk.is_dir()


def test_pictures_show_the_map_and_how_flat_it_is_and_each_param(run: Run, ask: Ask, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = tmp_path / "pictures"
    document = ask("mine", *GRID, "--metric", "total_return", "--png", str(folder))
    assert document["png"] == [str(folder / f"{name}.png") for name in ("map", "flatness", "along-fast", "along-slow")]
    assert {path.read_bytes()[:4] for path in folder.iterdir()} == {b"\x89PNG"}
    told = run("mine", "--random", "9", "--metric", "total_return", "--png", str(tmp_path / "drawn"))
    assert f"5 pictures written to {tmp_path / 'drawn'}" in told


def test_a_table_without_scores_has_no_pictures(ask: Ask, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert ask("mine", "--param", "k=1:4", "--timeframe", "4h", "--png", str(tmp_path / "none"))["png"] == []


def test_without_a_score_it_is_said_that_nothing_was_drawn(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    grid = ("mine", "--param", "k=1:4", "--timeframe", "4h")
    told = run(*grid, "--png", str(tmp_path / "none"), "--sheet", str(tmp_path / "sheet.html"))
    assert "no picture: no combination has a score" in told
    assert "no tear sheet: no combination has a score" in told
    assert "no picture" not in run(*grid)


def test_pictures_of_an_earlier_sweep_do_not_stay_beside_the_new_ones(ask: Ask, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder, one = tmp_path / "pictures", ("mine", "--symbols", "BTC-USDT", "--metric", "total_return")
    ask(*one, *GRID, "--png", str(folder))
    (folder / "along-k.png").write_bytes(b"somebody else's")
    ask(*one, "--param", "fast=3:5", "--png", str(folder))
    assert {path.name for path in folder.iterdir()} == {"flatness.png", "along-fast.png", "along-k.png"}
    ask("mine", "--param", "k=1:4", "--timeframe", "4h", "--png", str(folder))
    assert [path.name for path in folder.iterdir()] == ["along-k.png"]


def test_files_are_told_where_they_are(run: Run, tmp_path: Path) -> None:
    told = run("mine", *GRID, "--metric", "total_return", "--html", str(tmp_path / "sweep.html"))
    assert f"page of the sweep written to {tmp_path / 'sweep.html'}" in told


def test_costs_are_as_asked_and_other_costs_are_other_trials(desk: Path, ask: Ask) -> None:
    one = ("mine", "--param", "fast=3", "--symbols", "BTC-USDT", "--metric", "total_return")
    (usual,) = ask(*one)["rows"]
    document = ask(*one, "--taker", "0", "--slippage", "0", "--latency-ms", "0")
    (free,) = document["rows"]
    assert free["fees"] == free["slippage"] == 0
    assert usual["fees"] > 0
    assert document["trials"]["total"] == 2
    newest = max(open_workspace(desk).trials(), key=lambda trial: trial.created_ms)
    assert (newest.costs["taker"], newest.costs["latency_ms"]) == (0, 0)


def test_a_table_without_scores_says_so(run: Run) -> None:
    told = run("mine", "--param", "k=1:4", "--symbols", "BTC-USDT", "--timeframe", "4h")
    assert "No combination has a score by sharpe" in " ".join(told.split())


def test_the_settings_say_who_computes_and_options_win(ask: Ask, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.backtest.sweeps.pools.find_spec", {"ray": None}.get)
    monkeypatch.setenv("EDGEPROOF_COMPUTE__RAY", "ray://127.0.0.1:9")
    monkeypatch.setenv("EDGEPROOF_COMPUTE__WORKERS", "2")
    with pytest.raises(
        RequestError, match=r"compute='ray://127.0.0.1:9' needs ray, .*: pip install 'edgeproof\[ray\]'"
    ):
        run("mine", *GRID)
    assert ask("mine", *GRID, "--compute", "threads")["combinations"] == 24
    with pytest.raises(RequestError, match="compute cannot be 'thread'; expected threads, processes, or a Ray cluster"):
        run("mine", *GRID, "--compute", "thread")


def test_two_runs_never_overlap(desk: Path, run: Run) -> None:
    with open_workspace(desk).lock("another run"), pytest.raises(Busy, match="another run"):
        run("mine", *GRID)


def test_many_combinations_ask_for_a_yes(run: Run) -> None:
    with pytest.raises(RequestError, match="12,615 combinations are more than 10,000; confirm with --yes"):
        run("mine", "--param", "fast=2:30", "--param", "slow=4:90", "--param", "k=1:3:0.5", "--symbols", "BTC-USDT")
    with pytest.raises(RequestError, match="combinations are more than"):
        run("mine", "--random", "10001", "--symbols", "BTC-USDT")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing to sweep; give --param"),
        (("--param", "fast=9:3"), "NAME=LOW:HIGH:STEP"),
        (("--param", "fast=3:9:0"), "NAME=LOW:HIGH:STEP"),
        (("--param", "fast"), "NAME=LOW:HIGH:STEP"),
        (("--param", "fast=nan,3"), "NAME=LOW:HIGH:STEP"),
        (("--param", "fast=3", "--param", "fast=4"), "each param once"),
        (("--param", "fsat=3"), "did you mean 'fast'"),
        (("--param", "fast=1:3"), "param fast cannot be 1.0; expected a whole number from 2 to 30"),
        (("--param", "fast=3", "--where", "slow"), "a condition on params"),
        (
            ("--param", "fast=3:6", "--where", "fast > 100"),
            "where cannot be 'fast > 100'; expected a condition that holds",
        ),
        (("--random", "3", "--where", "fast > 100"), "fast > 100"),
        (("--optuna", "3", "--where", "fast > 100"), "fast > 100"),
        (("--param", "fast=3", "--taker", "2"), "taker cannot be 2.0"),
        (("--param", "fast=3", "--metric", "luck"), "no metric 'luck'"),
        (("--param", "fast=3", "--symbols", "DOGE-USDT"), "no bars of DOGE-USDT"),
        (("--param", "fast=3", "--timeframe", "7m"), "timeframe cannot be '7m'"),
        (("--param", "fast=3", "--window", "long"), "length of time cannot be 'long'"),
        (("--param", "fast=3", "--html", "/nowhere/page.html"), "a file in a folder that exists"),
        (("--param", "fast=3", "--png", __file__), "png cannot be"),
        (("--random", "3", "--optuna", "3"), "expected one of them"),
    ],
)
def test_a_wrong_request_is_one_line_and_records_nothing(
    desk: Path, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(RequestError) as raised:
        run("mine", *arguments)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not open_workspace(desk).trials()


def test_an_unknown_strategy_offers_the_nearest(run: Run) -> None:
    with pytest.raises(RequestError, match="did you mean 'ema_crossover'"):
        run("ema_crosover", "--random", "3")
