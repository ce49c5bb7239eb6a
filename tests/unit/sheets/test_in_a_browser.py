"""What the page's script draws when price is zoomed, against the same arithmetic in polars; needs a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import backtest_signals
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import Timeframe
from edgeproof.sheets import Market, Sheet, draw_pictures, gather_candles, render_sheet
from fakes.accounts import MINUTE_MS, START_MS, make_walk, trade_walk
from fakes.browser import Tab, require_browser, visit

if TYPE_CHECKING:
    from pathlib import Path

_TRIES = 10
TRACES = "Object.fromEntries(edgeproof.figures.price.data.map((one) => [one.name, one]))"
DRAW = "document.querySelector('[data-figure=\"price\"]').scrollIntoView(); await wait(400);"


def press(action: str) -> str:
    return f"document.querySelector('[data-price=\"{action}\"]').click(); await wait(100);"


RANGE = "edgeproof.figures.price.layout.xaxis.range"
SAYS = "document.getElementById('price-says').textContent"
QUESTIONS = {
    "whole": f"return [{TRACES}, {SAYS}];",
    "best trade": f"{press('best trade')} return [{TRACES}, document.getElementById('trade-says').textContent];",
    "later": f"{press('whole')} {press('zoom in')} {press('later')} return [{TRACES}, {RANGE}];",
    "first trade": f"{press('first trade')} return [{TRACES}, {SAYS}];",
}


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    require_browser()
    bars, result = trade_walk(30_000, every=30, minutes=1)
    candles = gather_candles(BarSeries.from_frame(bars, Timeframe.parse("1m")))
    return Sheet(title="t", account=result, markets={"BTC-USDT": Market(candles=candles, trades=result.trades)})


@pytest.fixture(scope="module")
def answers(sheet: Sheet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one look at the page answers, a browser being slow to open."""

    async def ask(tab: Tab) -> dict[str, Any]:
        await tab.run(DRAW)
        return {name: await tab.run(script) for name, script in QUESTIONS.items()} | {"mouse": await use_mouse(tab)}

    answers: dict[str, Any] = visit(render_sheet(sheet), tmp_path_factory.mktemp("page"), ask)
    return answers


async def use_mouse(tab: Tab) -> list[list[float]]:
    """What is in view at first, after a rectangle over the middle third, and after a double click."""
    place = f"{press('whole')} const box = document.querySelector('[data-figure=\"price\"] .nsewdrag')"
    left, top, width, height = await tab.run(
        f"{place}.getBoundingClientRect(); return [box.left, box.top, box.width, box.height];"
    )
    spans = [await tab.run(f"return {RANGE};")]
    first, last, y = left + width / 3, left + 2 * width / 3, top + height / 2
    await tab.move_mouse(("mouseMoved", first, y), ("mousePressed", first, y), ("mouseMoved", last, y + 2))
    await tab.move_mouse(("mouseReleased", last, y + 2))
    spans.append(await tab.run(f"await wait(600); return {RANGE};"))
    return [*spans, await double_click(tab, first, y)]


async def double_click(tab: Tab, x: float, y: float) -> list[float]:
    """What is in view after two quick clicks; on a busy machine two may be too slow to be one double click."""
    for _ in range(_TRIES):
        before = await tab.run(f"return {RANGE};")
        for clicks in (1, 2):
            await tab.move_mouse(("mousePressed", x, y), ("mouseReleased", x, y), clicks=clicks)
        after: list[float] = await tab.run(f"await wait(600); return {RANGE};")
        if after != before:
            break
    return after


def test_the_script_draws_the_whole_as_python_does(sheet: Sheet, answers: dict[str, Any]) -> None:
    traces, _ = answers["whole"]
    expected = {trace["name"]: trace for trace in draw_pictures(sheet)["price"].figure["data"]}
    assert set(traces) == set(expected)
    for name, trace in expected.items():
        assert traces[name]["x"] == trace["x"], name
    for name in ("low", "high", "close", "result"):
        np.testing.assert_allclose(traces[name]["y"], expected[name]["y"], rtol=1e-5, atol=1e-3)


def test_zooming_to_a_trade_shows_its_bars_and_fills_as_they_were(sheet: Sheet, answers: dict[str, Any]) -> None:
    traces, told = answers["best trade"]
    (market,) = sheet.markets.values()
    best = market.trades.sort("pnl", descending=True).row(0, named=True)
    entry = int(best["entry_ts"].timestamp() * 1_000)
    mark = traces[f"{best['side']} in"]
    assert mark["x"][mark["x"].index(entry)] == entry
    assert mark["y"][mark["x"].index(entry)] == pytest.approx(best["entry_price"], rel=1e-6)
    assert f"{best['pnl']:.3f}"[:5] in told
    shown = traces["candle"]
    bars = market.candles
    assert len(shown["x"]) > 10
    for at, ts in enumerate(shown["x"]):
        bar = (ts - START_MS) // MINUTE_MS
        found = [shown[name][at] for name in ("open", "high", "low", "close")]
        assert found == pytest.approx([bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar]], rel=1e-6)


def test_what_is_merged_in_view_keeps_every_high_and_low(sheet: Sheet, answers: dict[str, Any]) -> None:
    traces, (start, end) = answers["later"]
    (market,) = sheet.markets.values()
    columns = traces["high"]["x"]
    length = columns[1] - columns[0]
    bars = pl.DataFrame({"ts": market.candles.ts, "high": market.candles.high, "low": market.candles.low})
    seen = bars.filter((pl.col("ts") + MINUTE_MS > start) & (pl.col("ts") <= end))
    merged = seen.group_by(pl.col("ts") // length * length, maintain_order=True).agg(
        pl.col("high").max(), pl.col("low").min()
    )
    assert columns == merged["ts"].to_list()
    np.testing.assert_allclose(traces["high"]["y"], merged["high"].to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(traces["low"]["y"], merged["low"].to_numpy(), rtol=1e-6)


def test_more_trades_than_can_be_told_apart_are_sums_until_one_zooms_in(sheet: Sheet, answers: dict[str, Any]) -> None:
    (market,) = sheet.markets.values()
    whole, said = answers["whole"]
    assert market.trades.height > 400
    assert f"{market.trades.height:,} trades, too many to tell apart" in said
    assert whole["out"]["x"] == []
    assert sum(whole["result"]["y"]) == pytest.approx(market.trades["pnl"].sum(), rel=1e-4)
    near, said = answers["first trade"]
    assert near["out"]["x"]
    assert "too many" not in said


def test_parts_are_drawn_and_told_where_they_left(tmp_path: Path) -> None:
    require_browser()
    bars = make_walk(3_000, minutes=1)
    at = np.arange(bars.height)
    long, leave = at % 30 == 5, at % 30 == 25
    result = backtest_signals(bars, long=long, exit_long=leave, take=0.5, take_share=0.4, timeframe="1m")
    candles = gather_candles(BarSeries.from_frame(bars, Timeframe.parse("1m")))
    market = Market(candles=candles, trades=result.trades, parts=result.partial_exits)
    sheet = Sheet(title="t", account=result, markets={"BTC-USDT": market})

    async def question(tab: Tab) -> Any:  # noqa: ANN401 - what JSON carries
        return await tab.run(f"{DRAW} return {TRACES};")

    drawn = visit(render_sheet(sheet), tmp_path, question)
    expected = {trace["name"]: trace for trace in draw_pictures(sheet)["price"].figure["data"]}
    assert 10 < len(expected["part out"]["x"]) == result.partial_exits.height < result.trades.height
    for name in ("won", "lost", "out", "part out"):
        assert drawn[name]["x"] == expected[name]["x"], name
        found, true = (np.array(traces[name]["y"], dtype=np.float64) for traces in (drawn, expected))
        np.testing.assert_allclose(found, true, rtol=1e-6, err_msg=name)
    for told, price in zip(drawn["part out"]["text"], expected["part out"]["y"], strict=True):
        assert f" to {price:.6g} with 40 % of it, to " in told


def test_a_rectangle_of_the_mouse_zooms_and_a_double_click_goes_back(answers: dict[str, Any]) -> None:
    whole, zoomed, again = answers["mouse"]
    third = (whole[1] - whole[0]) / 3
    assert zoomed == pytest.approx([whole[0] + third, whole[1] - third], abs=third / 50)
    assert again == whole


def test_the_page_fits_a_phone(sheet: Sheet, tmp_path: Path) -> None:
    async def question(tab: Tab) -> Any:  # noqa: ANN401 - what JSON carries
        return await tab.run("return document.documentElement.scrollWidth;")

    assert visit(render_sheet(sheet), tmp_path, question, width=390) <= 390


def test_nothing_of_the_page_fails_in_the_browser(sheet: Sheet, tmp_path: Path) -> None:
    page = render_sheet(sheet).replace(
        "<script>",
        "<script>window.failed = []; window.onerror = (told) => window.failed.push(told);</script><script>",
        1,
    )

    async def question(tab: Tab) -> Any:  # noqa: ANN401
        await tab.run(
            "for (let y = 0; y < document.body.scrollHeight; y += 600) { window.scrollTo(0, y); await wait(40); }"
        )
        return await tab.run("return [window.failed, document.querySelectorAll('.figure:not([data-drawn])').length];")

    assert visit(page, tmp_path, question, dark=True) == [[], 0]
