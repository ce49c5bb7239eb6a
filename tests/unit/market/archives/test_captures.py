from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.domain.errors import Unreadable
from edgeproof.market import Hints, Portion, read_archive
from fakes.archives import START_MS, make_message, make_prints, write_capture

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"id": 1, "price": 100.5, "size": 2.0, "ms": START_MS, "maker": False}


def read_one(path: Path, hints: Hints | None = None) -> Portion:
    [portion] = read_archive(path, hints)
    return portion


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def line_of(message: dict[str, Any], seen_ms: int = START_MS) -> str:
    return f"{seen_ms * 1_000_000} {json.dumps(message)}"


def test_trades_are_taken_and_everything_else_is_passed_over(tmp_path: Path) -> None:
    prints = make_prints(30)
    portion = read_one(write_capture(tmp_path / "usdm_btcusdt_20240301.gz", prints))
    assert portion.rows_read == portion.frame.height == 30
    assert portion.passed_over == 60
    assert portion.frame["trade_id"].to_list() == [str(i) for i in prints["id"]]
    assert portion.frame["price"].to_list() == prints["price"].to_list()
    assert portion.frame["side"].to_list() == ["sell" if maker else "buy" for maker in prints["maker"]]


def test_both_clocks_are_kept_even_where_ours_runs_behind(tmp_path: Path) -> None:
    prints = make_prints(5)
    frame = read_one(write_capture(tmp_path / "usdm_btcusdt_20240301.gz", prints)).frame
    assert frame["ts"].dt.epoch("ms").to_list() == prints["ms"].to_list()
    assert frame["seen_at"].dt.epoch("ms").to_list() == [ms - 1_200 for ms in prints["ms"]]


@pytest.mark.parametrize(
    ("name", "spot", "venue"),
    [
        ("usdm_btcusdt_20240301.gz", False, "binance"),
        ("spot_btcusdt_20240301.gz", True, "binance-spot"),
        ("recorded.gz", True, "binance-spot"),
        ("recorded.gz", False, "binance"),
    ],
)
def test_name_or_message_tells_spot_from_futures(tmp_path: Path, name: str, *, spot: bool, venue: str) -> None:
    path = write_capture(tmp_path / name, make_prints(3), spot=spot)
    assert read_one(path).frame["venue"].unique().to_list() == [venue]
    assert read_one(path, Hints(venue="mine")).frame["venue"].unique().to_list() == ["mine"]


def test_trades_that_were_not_made_in_the_book_are_refused(tmp_path: Path) -> None:
    messages = [
        make_message(ROW, "BTCUSDT", spot=False),
        make_message(ROW, "BTCUSDT", spot=False, X="INSURANCE_FUND", t=2),
        make_message(ROW, "BTCUSDT", spot=False, p="0", t=3),
        make_message(ROW, "BTCUSDT", spot=False, q="NaN", t=4),
        make_message(ROW, "NOPAIR", spot=False, t=5),
    ]
    portion = read_one(write_lines(tmp_path / "usdm_btcusdt_20240301.gz", [line_of(m) for m in messages]))
    assert portion.frame["trade_id"].to_list() == ["1"]
    assert portion.rows_read == 5
    assert {refusal.reason: refusal.rows for refusal in portion.refusals} == {
        "a trade of kind INSURANCE_FUND, which was not made in the book": 1,
        "price or size is not positive": 2,
        "not a receive time and a message of a trade": 1,
    }


def test_lines_that_are_no_messages_are_refused_with_a_sample(tmp_path: Path) -> None:
    lines = [line_of(make_message(ROW, "BTCUSDT", spot=False)), "half a li", f'{START_MS * 1_000_000} {{"e":"trade"']
    portion = read_one(write_lines(tmp_path / "usdm_btcusdt_20240301.gz", lines))
    assert portion.frame.height == 1
    [refusal] = portion.refusals
    assert (refusal.rows, refusal.sample) == (2, "half a li")


def test_aggregates_and_messages_without_a_stream_name_are_read_too(tmp_path: Path) -> None:
    event = make_message(ROW, "BTCUSDT", spot=False)["data"]
    aggregate = {**event, "e": "aggTrade", "a": 77, "f": 1, "l": 4}
    del aggregate["t"]
    portion = read_one(write_lines(tmp_path / "usdm_btcusdt_20240301.gz", [line_of(aggregate)]))
    assert portion.aggregated
    assert portion.frame["trade_id"].to_list() == ["a77"]


def test_a_recording_cut_short_is_refused_whole(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "usdm_btcusdt_20240301.gz", make_prints(50))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Unreadable, match="broken"):
        read_one(path)


def test_a_gzip_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_one(write_lines(tmp_path / "letter.gz", ["Dear sir,", "no data here."]))
