from __future__ import annotations

import struct

import pytest

from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import Timeframe
from edgeproof.sheets import Market, Sheet, draw_pictures, gather_candles, render_pictures
from fakes.accounts import HandmadeAccount, make_curve, make_trades, make_walk, trade_walk

pytest.importorskip("matplotlib")


def make_sheet(bars: int, *, title: str = "mine") -> Sheet:
    walk, result = trade_walk(bars)
    candles = gather_candles(BarSeries.from_frame(walk, Timeframe.parse("1h")))
    return Sheet(title=title, account=result, markets={"price": Market(candles=candles, trades=result.trades)})


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return render_pictures(make_sheet(2_000))


def test_every_figure_is_a_png(pictures: dict[str, bytes]) -> None:
    assert set(pictures) == set(draw_pictures(make_sheet(2_000)))
    for name, picture in pictures.items():
        assert picture.startswith(b"\x89PNG"), name
        assert struct.unpack(">II", picture[16:24]) == (1_440, 720)


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
