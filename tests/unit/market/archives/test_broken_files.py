"""Whatever bytes a file holds, reading it gives rows that conform, or one error that says why not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import conform
from edgeproof.market import read_archive
from fakes.archives import (
    START_MS,
    make_candles,
    make_prints,
    write_capture,
    write_csv,
    write_freqtrade_candles,
    write_freqtrade_funding,
    write_freqtrade_trades,
    write_vision_klines,
    write_vision_trades,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = (
    "BTC_USDT_USDT-1m-futures.feather",
    "BTC_USDT_USDT-1m-futures.parquet",
    "BTC_USDT_USDT-1m-futures.json",
    "BTC_USDT_USDT-1m-futures.json.gz",
    "BTC_USDT_USDT-8h-funding_rate.feather",
    "BTC_USDT_USDT-trades.feather",
    "BTCUSDT-1m-2024-03-01.zip",
    "BTCUSDT-trades-2024-03-01.zip",
    "usdm_btcusdt_20240301.gz",
    "BTCUSDT_1m.csv",
    "BTCUSDT_1m.csv.gz",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The bytes of one sound file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    candles, prints = make_candles(60), make_prints(60)
    for name in NAMES[:4]:
        write_freqtrade_candles(folder / name, candles)
    write_freqtrade_funding(folder / NAMES[4], [START_MS + i * 28_800_000 for i in range(9)], [0.0001] * 9)
    write_freqtrade_trades(folder / NAMES[5], prints)
    write_vision_klines(folder / NAMES[6], candles, header=True)
    write_vision_trades(folder / NAMES[7], prints, spot=False)
    write_capture(folder / NAMES[8], prints)
    for name in NAMES[9:]:
        write_csv(folder / name, candles.rename({"ms": "ts"}))
    return {name: (folder / name).read_bytes() for name in NAMES}


def read_rows(path: Path) -> int:
    rows = 0
    for portion in read_archive(path):
        conform(portion.frame, portion.table)
        refused = sum(refusal.rows for refusal in portion.refusals)
        assert portion.rows_read == portion.frame.height + refused
        rows += portion.frame.height
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_every_sound_file_is_read(tmp_path: Path, whole: Mapping[str, bytes], name: str) -> None:
    (tmp_path / name).write_bytes(whole[name])
    assert read_rows(tmp_path / name) == (9 if "funding" in name else 60)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(Unreadable, match="is empty"):
        read_rows(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_foreign_bytes_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(5).bytes(5_000))
    with pytest.raises(Unreadable):
        read_rows(tmp_path / name)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".csv")])
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 0.999))
def test_a_file_cut_short_is_refused(tmp_path: Path, whole: Mapping[str, bytes], name: str, share: float) -> None:
    (tmp_path / name).write_bytes(whole[name][: int(len(whole[name]) * share)])
    with pytest.raises(Unreadable):
        read_rows(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_give_conforming_rows_or_a_refusal(
    tmp_path: Path, whole: Mapping[str, bytes], name: str, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(whole[name])
    for place, value in changes:
        content[int(place * len(content))] = value
    (tmp_path / name).write_bytes(content)
    with suppress(Unreadable):
        assert read_rows(tmp_path / name) <= 120


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_rows(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Unreadable):
        read_rows(tmp_path / "folder.csv")


def test_a_file_of_a_kind_nobody_reads_is_refused_with_the_kinds_that_are(tmp_path: Path) -> None:
    (tmp_path / "prices.xlsx").write_bytes(b"PK")
    with pytest.raises(Unreadable, match=r"\.csv, \.csv\.gz, \.feather"):
        read_rows(tmp_path / "prices.xlsx")
