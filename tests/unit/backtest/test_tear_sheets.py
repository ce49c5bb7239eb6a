from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

import edgeproof as ep
from edgeproof.backtest.portfolio import Member, backtest_portfolio
from edgeproof.backtest.tear_sheets import make_sheet, write_pictures, write_tear_sheet
from edgeproof.domain.errors import RequestError, WorkError
from edgeproof.pages import say_number
from fakes.accounts import leave_in_parts, make_walk, trade_walk
from fakes.pages import PageReader, read_island

if TYPE_CHECKING:
    from pathlib import Path


def test_a_result_writes_its_sheet_and_says_where(tmp_path: Path) -> None:
    bars, result = trade_walk(500)
    target = result.tear_sheet(tmp_path / "new" / "sheet.html", bars=bars, title="alternating")
    assert target == tmp_path / "new" / "sheet.html"
    page = target.read_text("utf-8")
    assert "edgeproof tear sheet: alternating" in page
    assert f'<dd data-measure="final_equity">{say_number(result.metrics.final_equity)}</dd>' in page
    assert [one["name"] for one in read_island(page, "markets")["markets"]] == ["price"]
    assert [path.name for path in target.parent.iterdir()] == ["sheet.html"]


def test_the_door_of_the_package_is_the_same(tmp_path: Path) -> None:
    _, result = trade_walk(500)
    mine = ep.write_tear_sheet(result, tmp_path / "a.html", notes=["fees are a guess"])
    assert "fees are a guess" in PageReader(mine.read_text("utf-8")).words


def test_one_note_is_one_line(tmp_path: Path) -> None:
    _, result = trade_walk(50)
    page = write_tear_sheet(result, tmp_path / "a.html", notes="fees are a guess").read_text("utf-8")
    assert "<li>fees are a guess</li>" in page
    assert make_sheet(result, notes=["one", "two"]).notes == ("one", "two")


def test_a_portfolio_writes_its_sheet_as_a_backtest_does(tmp_path: Path) -> None:
    bars = make_walk(1_500, minutes=1).with_columns(symbol=pl.lit("A-USDT"))
    result = backtest_portfolio(bars, [Member(strategy="ema_crossover", timeframe="5m")])
    target = result.tear_sheet(tmp_path / "portfolio.html", bars=bars, title="a portfolio of one")
    page = target.read_text("utf-8")
    assert "edgeproof tear sheet: a portfolio of one" in page
    assert [one["name"] for one in read_island(page, "markets")["markets"]] == ["A-USDT"]


def test_parts_go_to_the_market_in_which_they_left() -> None:
    bars, result = leave_in_parts(share=0.5)
    (market,) = make_sheet(result, bars=bars).markets.values()
    assert market.parts.equals(result.partial_exits)
    assert market.parts.height == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"result": None}, "result cannot be None"),
        ({"path": 3}, "path cannot be 3"),
        ({"path": "a\0b"}, "path cannot be"),
        ({"notes": 3}, "notes cannot be 3"),
        ({"notes": [3]}, "a note cannot be 3"),
        ({"sweep": 3}, "sweep cannot be 3"),
        ({"sweep": make_walk(3)}, "not a frame of a sweep: combination: missing"),
    ],
)
def test_what_no_sheet_can_be_made_of_is_one_line(wrong: dict[str, Any], told: str, tmp_path: Path) -> None:
    _, result = trade_walk(50)
    with pytest.raises(RequestError, match=re.escape(told)) as caught:
        write_tear_sheet(**{"result": result, "path": tmp_path / "a.html", **wrong})
    assert "\n" not in str(caught.value)


def test_one_account_of_several_has_a_sheet_too(tmp_path: Path) -> None:
    _, result = trade_walk(500)
    (account,) = result.by_symbol.values()
    page = write_tear_sheet(account, tmp_path / "one.html").read_text("utf-8")
    assert f"{result.metrics.trades:,} trades in" in PageReader(page).words


def test_each_market_has_its_own_trades() -> None:
    walks = [
        make_walk(1_500, minutes=1, seed=seed).with_columns(symbol=pl.lit(name))
        for seed, name in enumerate(("A-USDT", "B-USDT"))
    ]
    result = ep.backtest(pl.concat(walks), "ema_crossover", timeframe="5m")
    sheet = make_sheet(result, bars=pl.concat(walks), candles=1_000)
    assert list(sheet.markets) == ["A-USDT", "B-USDT"]
    for name, market in sheet.markets.items():
        assert market.trades.equals(result.by_symbol[name].trades)
        assert len(market.candles) <= 500


def test_a_portfolio_has_a_sheet_with_its_legs(tmp_path: Path) -> None:
    walks = [
        make_walk(3_000, minutes=1, seed=seed).with_columns(symbol=pl.lit(name))
        for seed, name in enumerate(("A-USDT", "B-USDT"))
    ]
    bars = pl.concat(walks)
    members = [Member(strategy="ema_crossover", timeframe="5m"), Member(strategy="zscore_reversion", timeframe="5m")]
    result = backtest_portfolio(bars, members)
    page = write_tear_sheet(result, tmp_path / "p.html", bars=bars, title="two and two").read_text("utf-8")
    words = PageReader(page).words
    assert f"{result.metrics.trades:,} trades in" in words
    assert "By strategy and market" in words
    assert f'<dd data-measure="final_equity">{say_number(result.metrics.final_equity)}</dd>' in page


def test_a_sweep_is_a_map_of_its_first_two_params() -> None:
    bars = make_walk(1_500, minutes=1)
    grid = {"fast": [5, 8], "slow": [20, 40, 60]}
    table = ep.sweep(bars, "ema_crossover", grid=grid, timeframes=["5m"], metric="total_return")
    sheet = make_sheet(ep.backtest(bars, "ema_crossover", timeframe="5m"), sweep=table)
    assert sheet.landscape is not None
    assert (sheet.landscape.x, sheet.landscape.y) == ("slow", "fast")
    assert sheet.neutral == 0.0
    one_param = ep.sweep(bars, "ema_crossover", grid={"fast": [5, 8]}, timeframes=["5m"])
    assert make_sheet(ep.backtest(bars, "ema_crossover", timeframe="5m"), sweep=one_param).landscape is None


def test_pictures_are_named_for_what_they_show(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    _, result = trade_walk(300)
    written = write_pictures(make_sheet(result), tmp_path / "png")
    assert {path.name for path in written} == {
        "equity.png", "underwater.png", "months.png", "hours.png", "returns.png", "mae.png", "mfe.png", "exposure.png",
        "costs.png",
    }  # fmt: skip
    assert sorted(written) == sorted((tmp_path / "png").iterdir())


def test_numpy_counts_candles_too() -> None:
    walk, result = trade_walk(50)
    most: Any = np.int64(10)
    (market,) = make_sheet(result, bars=walk, candles=most).markets.values()
    assert len(market.candles) <= 10


@pytest.mark.parametrize("candles", [0, -1, 1.5, True, np.float64(3.0), np.int64(0)])
def test_a_number_of_candles_is_a_whole_number(candles: int) -> None:
    _, result = trade_walk(50)
    with pytest.raises(RequestError, match="candles"):
        make_sheet(result, candles=candles)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    _, result = trade_walk(50)
    (tmp_path / "taken").write_text("a file", "utf-8")
    with pytest.raises(WorkError, match="cannot write"):
        result.tear_sheet(tmp_path / "taken" / "sheet.html")


@pytest.mark.real_data
def test_a_sheet_of_real_minutes_adds_up(market_data: Path, tmp_path: Path) -> None:
    file = market_data / "freqtrade_a" / "BTC_USDT_USDT-1m-futures.feather"
    bars = pl.read_ipc(file).rename({"date": "ts"})
    result = ep.backtest(bars, "ema_crossover", timeframe="15m")
    page = result.tear_sheet(tmp_path / "real.html", bars=bars).read_text("utf-8")
    figures, (market,) = read_island(page, "figures"), read_island(page, "markets")["markets"]
    assert f"All {bars.height:,} bars are in this page" in PageReader(page).words
    assert market["length"] == 60_000
    assert figures["price"]["data"][1]["y"]
    assert max(figures["price"]["data"][1]["y"]) == bars["high"].max()
    assert sum(figures["price"]["data"][-1]["y"]) == pytest.approx(result.trades["pnl"].sum())
    assert min(figures["underwater"]["data"][0]["y"]) == pytest.approx(-result.metrics.max_drawdown, rel=1e-6)
    assert sum(figures["returns"]["data"][0]["y"]) == result.metrics.trades
