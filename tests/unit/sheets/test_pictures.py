from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import Timeframe
from edgeproof.sheets import (
    Market,
    Picture,
    Sheet,
    draw_markets,
    draw_pictures,
    gather_candles,
    list_painted,
    paint_pictures,
    render_pictures,
)
from edgeproof.sheets.price import MOST_TRADES_SEEN
from fakes.accounts import HandmadeAccount, leave_in_parts, make_curve, make_trades, make_walk, trade_walk

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure as Paper


def make_sheet(bars: int, *, title: str = "mine") -> Sheet:
    walk, result = trade_walk(bars)
    candles = gather_candles(BarSeries.from_frame(walk, Timeframe.parse("1h")))
    return Sheet(title=title, account=result, markets={"price": Market(candles=candles, trades=result.trades)})


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return render_pictures(make_sheet(2_000))


def test_every_figure_is_a_png(pictures: dict[str, bytes]) -> None:
    assert set(pictures) == {*draw_pictures(make_sheet(2_000)), "months", "hours"}
    for name, picture in pictures.items():
        assert picture.startswith(b"\x89PNG"), name
        wide, high = struct.unpack(">II", picture[16:24])
        assert wide == 1_440
        assert 200 < high < 1_500, name


def test_painted_pictures_are_known_by_name_and_mark(tmp_path: Path, pictures: dict[str, bytes]) -> None:
    names = {*pictures, "price-1-A-B", "map", "flatness", "along-fast"}
    for name in names:
        (tmp_path / f"{name}.png").write_bytes(next(iter(pictures.values())))
    assert {path.stem for path in list_painted(tmp_path)} == names
    (tmp_path / "equity.png").write_bytes(b"\x89PNG of somebody else")
    (tmp_path / "mine.png").write_bytes(pictures["equity"])
    (tmp_path / "price-dir.png").mkdir()
    assert {path.stem for path in list_painted(tmp_path)} == names - {"equity"}
    assert list_painted(tmp_path / "nowhere") == []


def test_the_same_figure_is_the_same_picture_to_the_bit() -> None:
    sheet = Sheet(title="idle", account=HandmadeAccount(equity=make_curve(1_000.0, 900.0, 1_000.0)))
    assert render_pictures(sheet) == render_pictures(sheet)


@pytest.mark.parametrize("bars", [1, 2, 40, 100, 250])
def test_a_short_record_has_candles_and_dates(bars: int) -> None:
    candles = gather_candles(BarSeries.from_frame(make_walk(bars), Timeframe.parse("1h")))
    market = Market(candles=candles, trades=make_trades(0))
    sheet = Sheet(title="costs $5 to $6", account=HandmadeAccount(), markets={"x": market})
    assert render_pictures(sheet)["price"].startswith(b"\x89PNG")


def test_an_account_that_did_nothing_has_pictures_of_it() -> None:
    account = HandmadeAccount(equity=make_curve(1_000.0, 1_000.0))
    assert set(render_pictures(Sheet(title="idle", account=account))) == {"equity", "underwater"}


def make_markets(count: int) -> Sheet:
    candles = gather_candles(BarSeries.from_frame(make_walk(20), Timeframe.parse("1h")))
    trades = make_trades(count)
    markets = {f"X/{number}": Market(candles=candles, trades=trades.head(number)) for number in range(1, count + 1)}
    return Sheet(title="many", account=HandmadeAccount(), markets=markets)


def test_each_of_several_markets_has_a_picture_that_names_it() -> None:
    sheet = make_markets(2)
    assert list(render_pictures(sheet)) == ["price-X-2", "price-X-1"]
    assert [one.heading for one in draw_markets(sheet).values()] == [
        "Price, entries and exits: X/2",
        "Price, entries and exits: X/1",
    ]


def test_of_many_markets_the_busiest_are_pictured_and_the_others_counted() -> None:
    pictures = draw_markets(make_markets(15))
    assert list(pictures) == [f"X/{number}" for number in range(15, 3, -1)]
    assert all(
        one.heading.endswith("(one of the 12 busiest; 3 other markets are not drawn)") for one in pictures.values()
    )


def test_the_picture_of_the_only_market_names_it_where_it_has_a_name() -> None:
    (named,) = draw_markets(make_markets(1)).values()
    assert named.heading == "Price, entries and exits: X/1"
    (nameless,) = draw_markets(make_sheet(40)).values()
    assert nameless.heading == "Price, entries and exits"


def test_markets_whose_names_become_one_file_name_keep_their_pictures_apart() -> None:
    (market,) = make_markets(1).markets.values()
    sheet = Sheet(title="two", account=HandmadeAccount(), markets={"A/B": market, "a:b": market})
    assert list(render_pictures(sheet)) == ["price-1-A-B", "price-2-a-b"]


def test_the_picture_of_a_market_says_how_many_trades_are_on_it() -> None:
    quiet, one, many = (
        next(iter(draw_markets(make_market(trades)).values())).told for trades in (0, 1, MOST_TRADES_SEEN + 1)
    )
    assert quiet == "Nothing was traded here."
    assert one.startswith("1 trade: each line leads from an entry to its exit.")
    assert many.startswith("401 trades are too many to tell apart.")


def make_market(trades: int) -> Sheet:
    candles = gather_candles(BarSeries.from_frame(make_walk(20), Timeframe.parse("1h")))
    return Sheet(
        title="one", account=HandmadeAccount(), markets={"X": Market(candles=candles, trades=make_trades(trades))}
    )


def test_what_is_told_of_a_figure_makes_room_for_itself() -> None:
    figure: dict[str, Any] = {"data": [], "layout": {}}
    short, long = (Picture(heading="h", told="word " * count, figure=figure) for count in (5, 60))
    low, high = (struct.unpack(">I", paint_pictures({"x": one}, "t")["x"][20:24])[0] for one in (short, long))
    assert high > low


def test_numbers_on_an_axis_are_told_whole_though_they_lie_close(monkeypatch: pytest.MonkeyPatch) -> None:
    papers: list[Paper] = []
    save = Paper.savefig

    def keep(paper: Paper, *given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever a paper is saved with
        papers.append(paper)
        save(paper, *given, **named)

    monkeypatch.setattr(Paper, "savefig", keep)
    marker = {"symbol": "circle", "size": 6, "color": "--ink"}
    marks = {"type": "scatter", "mode": "markers", "x": [1.00005, 1.0004], "y": [1.0, 2.0], "marker": marker}
    figure: dict[str, Any] = {"data": [marks], "layout": {"xaxis": {"title": {"text": "edge"}}}}
    paint_pictures({"x": Picture(heading="h", told="t", figure=figure)}, "t")
    told = [label.get_text() for label in papers[0].axes[0].get_xticklabels()]
    assert "1.00010" in told
    assert papers[0].axes[0].xaxis.get_offset_text().get_text() == ""


def test_a_part_that_left_is_drawn() -> None:
    bars, result = leave_in_parts(share=0.5)
    candles = gather_candles(BarSeries.from_frame(bars.with_columns(volume=1.0), Timeframe.parse("1m")))
    whole, parted = (
        Sheet(title="t", account=result, markets={"price": Market(candles=candles, trades=result.trades, parts=parts)})
        for parts in (result.partial_exits.clear(), result.partial_exits)
    )
    assert render_pictures(whole)["price"] != render_pictures(parted)["price"]
