"""The page: its numbers are the result's, every figure has its place, and it says so where there is nothing to show."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest.replay import CostBreakdown
from edgeproof.domain.results import Metrics
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import Timeframe
from edgeproof.pages import say_number, say_percent, say_signed_percent
from edgeproof.sheets import Account, Market, Sheet, draw_pictures, gather_candles, render_sheet
from fakes.accounts import NOTHING_DONE, HandmadeAccount, make_curve, make_trades, make_walk, trade_walk
from fakes.pages import PageReader, read_island

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@dataclass(frozen=True)
class SmallLand:
    x: str = "fast"
    y: str = HOSTILE
    x_labels: tuple[str, ...] = ("5", "8")
    y_labels: tuple[str, ...] = ("20", "40")
    cells: tuple[tuple[float | None, ...], ...] = ((1.0, None), (-1.0, 2.0))
    best: tuple[int, int] = (1, 1)


def make_sheet(*, title: str = "mine on BTC-USDT", most: int = 3_000) -> Sheet:
    bars, result = trade_walk()
    candles = gather_candles(BarSeries.from_frame(bars, Timeframe.parse("1h")), most=most)
    market = Market(candles=candles, trades=result.trades)
    return Sheet(title=title, account=result, markets={"BTC-USDT": market}, landscape=SmallLand(), notes=("noted",))


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return make_sheet()


@pytest.fixture(scope="module")
def page(sheet: Sheet) -> str:
    return render_sheet(sheet)


def read_measures(page: str) -> dict[str, str]:
    return dict(re.findall(r'<dd data-measure="([a-z_]+)">(.*?)</dd>', page))


def test_every_measure_is_on_the_page_and_is_the_result_s(sheet: Sheet, page: str) -> None:
    told, metrics = read_measures(page), sheet.account.metrics
    assert set(told) == {field.name for field in fields(Metrics)}
    assert metrics.sharpe is not None
    assert told["sharpe"] == (f"{metrics.sharpe.estimate:.2f} ({metrics.sharpe.low:.1f} to {metrics.sharpe.high:.1f})")
    assert told["trades"] == f"{metrics.trades:,}"
    for name in ("fees", "slippage", "funding", "final_equity", "expectancy", "profit_factor", "best_trade", "sortino"):
        assert told[name] == say_number(getattr(metrics, name)), name
    for name in ("exposure", "win_rate"):
        assert told[name] == say_percent(getattr(metrics, name)), name
    assert told["total_return"] == say_signed_percent(metrics.total_return, 2)
    assert told["max_drawdown"] == say_percent(metrics.max_drawdown, 2)


def test_tiles_and_tables_say_the_same_numbers(sheet: Sheet, page: str) -> None:
    metrics, words = sheet.account.metrics, PageReader(page).words
    assert f"{metrics.trades:,} trades in" in words
    assert f"{say_signed_percent(metrics.total_return, 2)} return, costs included" in words
    assert f"{say_percent(metrics.max_drawdown, 2)} deepest drawdown" in words
    deepest = re.search(r'<td class="n lost">([0-9.]+ %)</td>', page)
    assert deepest is not None
    assert deepest[1] == say_percent(metrics.max_drawdown, 2)
    net = sheet.account.trades["pnl"].sum()
    assert f"<b>{net:+,.0f}</b> <small>{metrics.trades}</small>" in page


def test_the_fall_of_costs_ends_at_what_was_earned(sheet: Sheet) -> None:
    (fall,) = draw_pictures(sheet)["costs"].figure["data"]
    gained = sheet.account.metrics.final_equity - sheet.account.metrics.initial_equity
    assert fall["y"][-1] == pytest.approx(gained)
    assert sum(fall["y"][:-1]) == pytest.approx(gained)


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        (
            CostBreakdown(gross=100.0, slippage=10.0, fees=20.0, funding=5.0, net=65.0),
            "Prices gave 100.00; slippage took 10.00, fees 20.00, funding took 5.00; 65.00 was left.",
        ),
        (
            CostBreakdown(gross=-100.0, slippage=10.0, fees=20.0, funding=-5.0, net=-125.0),
            "Prices took 100.00; slippage took 10.00, fees 20.00, funding gave 5.00; 125.00 was lost.",
        ),
    ],
)
def test_the_fall_of_costs_is_told_with_the_sense_of_its_signs(costs: CostBreakdown, told: str) -> None:
    account = HandmadeAccount(trades=make_trades(3), costs=costs)
    assert draw_pictures(Sheet(title="t", account=account))["costs"].told == told


def test_every_place_has_its_figure_and_every_figure_its_place_and_words(sheet: Sheet, page: str) -> None:
    reader = PageReader(page)
    assert sorted(reader.list_values("data-figure")) == sorted(read_island(page, "figures"))
    assert set(draw_pictures(sheet)) == {
        "equity", "underwater", "rolling", "price", "returns", "mae", "mfe", "exposure", "costs", "map",
    }  # fmt: skip
    places = [attrs for _, attrs in reader.tags if "data-figure" in attrs]
    assert all(
        attrs["role"] == "img" and re.search("[0-9]|median", str(attrs["aria-label"]).lower()) for attrs in places
    )


def test_every_colour_of_a_figure_is_a_style_of_the_page(page: str) -> None:
    named = set(re.findall(r'"(--[a-z0-9-]+)"', json.dumps(read_island(page, "figures"))))
    assert named
    assert named <= set(re.findall(r"(--[a-z0-9-]+):", page))


def test_the_page_reaches_for_nothing_outside_itself(page: str) -> None:
    reader = PageReader(page)
    assert not {tag for tag, _ in reader.tags} & {"link", "iframe", "object", "embed", "img", "base", "form"}
    assert not reader.list_values("src")
    assert not reader.list_values("href")


def test_hostile_names_stay_text() -> None:
    plain, attacked = make_sheet(), make_sheet(title=HOSTILE)
    market = next(iter(plain.markets.values()))
    trades = market.trades.with_columns(exit_reason=pl.lit(HOSTILE), symbol=pl.lit(HOSTILE))
    account = HandmadeAccount(metrics=plain.account.metrics, equity=plain.account.equity, trades=trades)
    attacked = replace(attacked, account=account, markets={HOSTILE: replace(market, trades=trades)}, notes=(HOSTILE,))
    reader = PageReader(render_sheet(attacked))
    assert not [attrs for tag, attrs in reader.tags if tag == "img" or "onerror" in attrs]
    assert sum(tag == "script" for tag, _ in reader.tags) == 5
    assert HOSTILE in " ".join(reader.heard)


def test_merged_bars_and_marks_are_said(sheet: Sheet) -> None:
    assert "All 2,400 bars are in this page" in draw_pictures(sheet)["price"].told
    merged = draw_pictures(make_sheet(most=100))["price"].told
    assert "2,400 bars were merged to 100 candles of a day" in merged
    assert "no high or low is lost" in merged


def test_an_account_that_did_nothing_says_so() -> None:
    account: Account = HandmadeAccount(equity=make_curve(1_000.0, 1_000.0, 1_000.0), daily_returns=np.zeros(1))
    page = render_sheet(Sheet(title="idle", account=account))
    words = PageReader(page).words
    assert "No trade in 0.0 days" in words
    assert "Nothing was traded" in words
    assert set(read_island(page, "figures")) == {"equity", "underwater"}


def test_one_bar_is_a_page() -> None:
    _, result = trade_walk(1)
    page = render_sheet(Sheet(title="one", account=result))
    assert "No trade" in PageReader(page).words
    assert read_measures(page)["trades"] == "0"


def test_no_moment_at_all_is_a_page() -> None:
    words = PageReader(render_sheet(Sheet(title="none", account=HandmadeAccount()))).words
    assert "no time at all" in words
    assert "fewer than two moments" in words


def test_equity_that_is_no_number_is_left_out_and_said() -> None:
    account = HandmadeAccount(equity=make_curve(1_000.0, float("nan"), 900.0, float("inf")))
    page = render_sheet(Sheet(title="odd", account=account))
    assert "2 samples of equity that are not numbers were left out" in PageReader(page).words
    (_, curve) = read_island(page, "figures")["equity"]["data"]
    assert curve["y"] == [1_000.0, 900.0]


def test_trades_and_days_that_are_no_numbers_are_left_out_and_said() -> None:
    nothing = pl.lit(float("nan"))
    some = make_trades(40)
    odd = some.with_columns(nothing.alias("return"), mae=nothing, mfe=nothing, exit_price=nothing)
    metrics = replace(NOTHING_DONE, trades=80, win_rate=float("nan"), profit_factor=float("inf"))
    account = HandmadeAccount(
        metrics=metrics,
        equity=make_curve(*range(1, 400)),
        trades=pl.concat([some.with_columns(pnl=nothing), odd]),
        daily_returns=np.array([0.1, np.nan, np.inf]),
    )
    candles = gather_candles(BarSeries.from_frame(make_walk(100), Timeframe.parse("1h")))
    markets = {"nothing": Market(candles=replace(candles, ts=candles.ts[:0]), trades=account.trades)}
    markets |= {"some": Market(candles=candles, trades=account.trades)}
    page = render_sheet(Sheet(title="odd", account=account, markets=markets))
    words = PageReader(page).words
    assert "40 trades without a number for a result were left out" in words
    assert "2 days without a number for a return count as 0 %" in words
    assert "+10.0 %" in words
    assert read_measures(page)["win_rate"] == read_measures(page)["profit_factor"] == "-"
    assert [market["name"] for market in read_island(page, "markets")["markets"]] == ["some"]
    assert "nan" not in words.lower()


def test_an_account_wiped_out_says_so_first() -> None:
    metrics = replace(
        NOTHING_DONE, trades=40, final_equity=0.0, total_return=-1.0, max_drawdown=1.0, liquidations=1, days=2.0
    )
    account = HandmadeAccount(
        metrics=metrics,
        equity=make_curve(1_000.0, 500.0, *[0.0] * 40),
        trades=make_trades(40),
        daily_returns=np.array([-1.0, 0.0]),
        first_day=date(2025, 1, 1),
    )
    words = PageReader(render_sheet(Sheet(title="gone", account=account))).words
    assert words.index("The account was wiped out, after 40 trades") < words.index("Worth knowing first")
    assert "1 position was liquidated by the venue" in words
    assert "not made up since" in words


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"trades": 12}, "Fewer than 30 trades"),
        ({"gross_profit": 100.0, "trades": 40}, "Without its 5 best trades"),
    ],
)
def test_what_must_not_be_overlooked_is_said(change: dict[str, Any], told: str) -> None:
    account = HandmadeAccount(
        metrics=replace(NOTHING_DONE, **change), equity=make_curve(*[1_000.0] * 50), trades=make_trades(400)
    )
    assert told in PageReader(render_sheet(Sheet(title="t", account=account))).words


def test_several_markets_can_be_chosen() -> None:
    walks = {name: make_walk(200, seed=seed) for seed, name in enumerate(("BTC-USDT", "ETH-USDT"))}
    hour = Timeframe.parse("1h")
    markets = {
        name: Market(candles=gather_candles(BarSeries.from_frame(walk, hour)), trades=make_trades(20))
        for name, walk in walks.items()
    }
    account = HandmadeAccount(equity=make_curve(*[1_000.0] * 50), trades=make_trades(20))
    page = render_sheet(Sheet(title="two", account=account, markets=markets))
    assert '<option value="1">ETH-USDT</option>' in page
    assert [one["name"] for one in read_island(page, "markets")["markets"]] == ["BTC-USDT", "ETH-USDT"]
