from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from edgeproof.domain.errors import RequestError, Unreadable, WorkError
from edgeproof.domain.frames import BARS, Table
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Written
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, ONE_MINUTE
from edgeproof.market import Fault, Hints, Portion, bars_from_trades, read_archive
from edgeproof.ops import FileReport, ImportOptions, ImportProgress, ImportReport, import_files, importing
from fakes.archives import (
    START_MS,
    make_candles,
    make_prints,
    write_capture,
    write_csv,
    write_freqtrade_candles,
    write_freqtrade_funding,
    write_freqtrade_trades,
    write_vision_aggregates,
    write_vision_trades,
)
from fakes.memory_lake import MemoryLake

BTC = Instrument(venue="imported", symbol="BTC-USDT")
if TYPE_CHECKING:
    from collections.abc import Iterator

CANDLES = "_USDT_USDT-1m-futures.feather"


class CountingLake(MemoryLake):
    """A lake that remembers how many commits it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.appends: list[int] = []

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """As the lake, counted."""
        self.appends.append(frame.height)
        return super().append(table, frame)


class FullLake(MemoryLake):
    """A lake on a full disk."""

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """Nothing can be written."""
        raise WorkError(f"no space left for {frame.height} rows of {table.name}")


def by_name(report: ImportReport) -> dict[str, FileReport]:
    return {file.path.name: file for file in report.files}


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))
    write_freqtrade_candles(tmp_path / "deep" / "er" / f"ETH{CANDLES}", make_candles(20))
    write_freqtrade_funding(tmp_path / "deep" / "BTC_USDT_USDT-8h-funding_rate.feather", [START_MS], [0.0001])
    lake = MemoryLake()
    report = import_files([tmp_path], lake)
    assert report.ok
    assert report.written == Written(new=31)
    assert lake.bars(BTC, ONE_MINUTE).height == 10
    assert lake.funding(BTC)["rate"].to_list() == [0.0001]


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))
    write_freqtrade_trades(tmp_path / "ETH_USDT_USDT-trades.feather", make_prints(99))
    lake = MemoryLake()
    first = import_files([tmp_path], lake)
    again = import_files([tmp_path], lake)
    assert first.written == Written(new=109)
    assert again.written == Written(already_there=109)
    assert again.minutes == Written(already_there=first.minutes.new)
    assert first.minutes.new > 0


def test_overlapping_files_share_their_equal_rows(tmp_path: Path) -> None:
    candles = make_candles(30)
    for folder, part in (("a", candles[:20]), ("b", candles[10:])):
        (tmp_path / folder).mkdir()
        write_freqtrade_candles(tmp_path / folder / f"BTC{CANDLES}", part)
    report = import_files([tmp_path / "a", tmp_path / "b"], MemoryLake())
    assert [file.written for file in report.files] == [Written(new=20), Written(new=10, already_there=10)]


def test_a_contradicting_row_is_counted_and_the_first_stays(tmp_path: Path) -> None:
    candles = make_candles(10)
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", candles)
    lake = MemoryLake()
    import_files([tmp_path], lake)
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", candles.with_columns(volume=pl.col("volume") + 1))
    report = import_files([tmp_path], lake)
    assert report.written == Written(conflicting=10)
    assert lake.bars(BTC, ONE_MINUTE)["volume"].to_list() == candles["volume"].to_list()


def test_rows_repeated_within_a_file_are_counted_as_there_already(tmp_path: Path) -> None:
    candles = make_candles(10)
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", pl.concat([candles, candles[:3]]))
    [file] = import_files([tmp_path], MemoryLake()).files
    assert file.written == Written(new=10, already_there=3)
    assert file.quality.faults == {Fault.DUPLICATE: 3, Fault.DISORDER: 1}


def test_files_that_overlap_nothing_share_a_commit(tmp_path: Path) -> None:
    for i in range(12):
        write_freqtrade_candles(tmp_path / f"C{i}{CANDLES}", make_candles(5 + i))
    lake = CountingLake()
    report = import_files([tmp_path], lake)
    assert lake.appends == [sum(5 + i for i in range(12))]
    assert {file.written.new for file in report.files} == {5 + i for i in range(12)}


def test_a_broken_file_stops_neither_the_others_nor_the_lake(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))
    (tmp_path / f"ETH{CANDLES}").write_bytes(b"ARROW1 no more")
    (tmp_path / f"LTC{CANDLES}").write_bytes(b"")
    (tmp_path / "table.csv").write_text("HomeTeam,AwayTeam\nA,B\n")
    lake = MemoryLake()
    report = import_files([tmp_path], lake)
    assert not report.ok
    status = {name: file.status for name, file in by_name(report).items()}
    assert status == {
        f"BTC{CANDLES}": "imported",
        f"ETH{CANDLES}": "refused",
        f"LTC{CANDLES}": "refused",
        "table.csv": "refused",
    }
    assert by_name(report)[f"LTC{CANDLES}"].reason == "is empty"
    assert lake.bars(BTC, ONE_MINUTE).height == 10


def test_a_file_without_one_sound_row_is_refused(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(4).with_columns(close=pl.lit(-1.0)))
    [file] = import_files([tmp_path], MemoryLake()).files
    assert file.status == "refused"
    assert file.reason == "none of its 4 rows is sound: a price is zero or negative"


def test_refused_rows_are_counted_with_a_sample_and_the_file_is_kept(tmp_path: Path) -> None:
    bad = make_candles(6).with_columns(low=pl.when(pl.int_range(pl.len()) == 3).then(-1.0).otherwise("low"))
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", bad)
    report = import_files([tmp_path], MemoryLake())
    assert report.ok
    assert (report.rows_read, report.written.new) == (6, 5)
    [refusal] = report.refusals
    assert (refusal.reason, refusal.rows) == ("a price is zero or negative", 1)
    assert "low=-1.0" in refusal.sample
    assert report.files[0].quality.missing == 1


def test_what_is_no_market_data_by_name_is_left_alone_in_folders_but_refused_when_named(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(3))
    mark = write_freqtrade_candles(tmp_path / "BTC_USDT_USDT-8h-mark.feather", make_candles(3, minutes=480))
    readme = tmp_path / "README.md"
    readme.write_text("hello")
    (tmp_path / ".hidden.csv").write_text("x")
    report = import_files([tmp_path], MemoryLake())
    assert report.ok
    assert {name: file.status for name, file in by_name(report).items()} == {
        f"BTC{CANDLES}": "imported",
        mark.name: "ignored",
        readme.name: "ignored",
    }
    assert "mark prices" in by_name(report)[mark.name].reason
    assert not import_files([mark], MemoryLake()).ok
    assert not import_files([readme], MemoryLake()).ok


def test_globs_are_expanded_and_no_file_is_read_twice(tmp_path: Path) -> None:
    path = write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(3))
    write_freqtrade_candles(tmp_path / f"ETH{CANDLES}", make_candles(3))
    report = import_files([tmp_path / "B*.feather", path, str(tmp_path / "**" / "*.feather"), tmp_path], MemoryLake())
    assert [file.path.name for file in report.files] == [f"BTC{CANDLES}", f"ETH{CANDLES}"]


@pytest.mark.parametrize("path", ["gone.feather", "gone/*.feather"])
def test_a_path_or_glob_that_means_nothing_is_the_requests_fault(tmp_path: Path, path: str) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(3))
    lake = MemoryLake()
    with pytest.raises(RequestError, match=r"no such file or folder|no file matches"):
        import_files([tmp_path, tmp_path / path], lake)
    assert lake.holdings() == []


def test_a_misspelled_path_offers_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "candles").mkdir()
    with pytest.raises(RequestError, match=r"did you mean .*candles"):
        import_files([tmp_path / "candels"], MemoryLake())
    with pytest.raises(RequestError, match="a path to import is empty"):
        import_files([], MemoryLake())
    with pytest.raises(RequestError, match="no file in"):
        import_files([tmp_path], MemoryLake())


def test_trades_become_whole_minutes(tmp_path: Path) -> None:
    write_freqtrade_trades(tmp_path / "BTC_USDT_USDT-trades.feather", make_prints(400))
    lake = MemoryLake()
    report = import_files([tmp_path], lake)
    expected = bars_from_trades(lake.trades(BTC))[1:-1]
    assert lake.bars(BTC, ONE_MINUTE).equals(expected)
    assert report.minutes == Written(new=expected.height)
    assert report.files[0].minutes_built == expected.height


def test_a_day_that_a_file_holds_whole_keeps_its_first_and_last_minute(tmp_path: Path) -> None:
    prints = make_prints(300)
    write_vision_trades(tmp_path / "BTCUSDT-trades-2024-03-01.zip", prints, spot=False)
    lake = MemoryLake()
    import_files([tmp_path], lake)
    bars = lake.bars(Instrument(venue="binance", symbol="BTC-USDT"), ONE_MINUTE)
    assert bars["ts"].dt.epoch("ms")[0] == START_MS
    assert bars["trades"].sum() == 300


def test_published_candles_stand_before_built_minutes_whatever_the_order_of_files(tmp_path: Path) -> None:
    trades = write_freqtrade_trades(tmp_path / "BTC_USDT_USDT-trades.feather", make_prints(400))
    candles = write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(5))
    lakes = [MemoryLake(), MemoryLake()]
    import_files([trades, candles], lakes[0])
    import_files([candles, trades], lakes[1])
    held = [lake.bars(BTC, ONE_MINUTE) for lake in lakes]
    assert held[0].equals(held[1])
    assert held[0][:5].select("open", "volume").equals(make_candles(5).select("open", "volume"))
    assert held[0].height > 5


def test_minutes_built_from_aggregates_do_not_claim_a_number_of_trades(tmp_path: Path) -> None:
    write_vision_aggregates(tmp_path / "BTCUSDT-aggTrades-2024-03-01.zip", make_prints(300), spot=False)
    lake = MemoryLake()
    import_files([tmp_path], lake)
    bars = lake.bars(Instrument(venue="binance", symbol="BTC-USDT"), ONE_MINUTE)
    assert bars["trades"].null_count() == bars.height > 0


def test_a_capture_says_how_many_messages_were_no_trades(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "usdm_btcusdt_20240301.gz", make_prints(40))
    [file] = import_files([path], MemoryLake()).files
    assert (file.rows_read, file.passed_over, file.tables) == (40, 80, ("trades",))


def test_a_dry_run_reads_everything_and_writes_nothing(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))
    write_freqtrade_trades(tmp_path / "BTC_USDT_USDT-trades.feather", make_prints(400))
    lake = MemoryLake()
    report = import_files([tmp_path], lake, options=ImportOptions(dry_run=True))
    assert report.dry_run
    assert report.rows_read == 410
    assert lake.holdings() == []


def test_hints_reach_the_parsers(tmp_path: Path) -> None:
    write_csv(tmp_path / "prices.csv", make_candles(9).rename({"ms": "ts", "close": "last"}))
    hints = Hints(venue="mine", symbol="DOGEUSDT", timeframe=ONE_MINUTE, columns={"close": "last"})
    lake = MemoryLake()
    import_files([tmp_path], lake, options=ImportOptions(hints=hints))
    assert lake.bars(Instrument(venue="mine", symbol="DOGE-USDT"), ONE_MINUTE).height == 9


def test_progress_ends_at_the_end_and_never_runs_backwards(tmp_path: Path) -> None:
    for name in ("BTC", "ETH", "LTC"):
        write_freqtrade_candles(tmp_path / f"{name}{CANDLES}", make_candles(10))
    heard: list[ImportProgress] = []
    import_files([tmp_path], MemoryLake(), progress=heard.append)
    assert [one.files_done for one in heard] == sorted(one.files_done for one in heard)
    assert (heard[-1].files_done, heard[-1].bytes_done) == (3, heard[-1].bytes_total)
    assert heard[-1].rows_read == 30


def test_a_lake_that_cannot_be_written_ends_the_import(tmp_path: Path) -> None:
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))
    with pytest.raises(WorkError, match="no space left"):
        import_files([tmp_path], FullLake())


def test_a_file_that_breaks_after_rows_were_written_says_how_many_were_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", make_candles(10))

    def read_and_break(path: Path, hints: Hints) -> Iterator[Portion]:
        yield from read_archive(path, hints)
        raise Unreadable(path.name, "broken: the disk lost the rest")

    monkeypatch.setattr(importing, "read_archive", read_and_break)
    lake = MemoryLake()
    [kept_back] = import_files([path], lake).files
    assert (kept_back.status, kept_back.written, lake.holdings()) == ("refused", Written(), [])
    monkeypatch.setattr(importing, "_ROWS_HELD_BACK", 5)
    [file] = import_files([path], lake).files
    assert file.reason == "broken: the disk lost the rest; 10 rows before that were sound and kept"
    assert file.written == Written(new=10)


def test_the_report_of_a_file_says_what_it_holds(tmp_path: Path) -> None:
    later = START_MS + MS_PER_DAY
    candles = pl.concat([make_candles(10), make_candles(10, start_ms=later)])
    write_freqtrade_candles(tmp_path / f"BTC{CANDLES}", candles)
    [file] = import_files([tmp_path], MemoryLake()).files
    assert file.tables == (BARS.name,)
    assert (file.instruments, file.timeframes) == ((BTC,), ("1m",))
    assert (file.first_ms, file.last_ms) == (START_MS, later + 9 * MS_PER_MINUTE)
    assert (file.quality.gaps, file.quality.missing) == (1, 1430)


REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "market"
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"the shared market data is not at {REAL.parent}")


@pytest.mark.real_data
@needs_real_data
def test_both_freqtrade_folders_hold_979806_bars_of_18_symbols_without_a_gap() -> None:
    lake = MemoryLake()
    report = import_files([REAL / "freqtrade_a", REAL / "freqtrade_b"], lake)
    bars = [file for file in report.files if file.tables == ("bars",)]
    assert report.ok
    assert sum(file.written.new for file in bars) == 979_806
    assert len({instrument for file in bars for instrument in file.instruments}) == 18
    assert sum(file.quality.gaps for file in bars) == 0
    assert sum(file.written.conflicting for file in report.files) == 0
    assert import_files([REAL / "freqtrade_b"], lake).written.new == 0


@pytest.mark.real_data
@needs_real_data
def test_every_other_shared_file_imports_without_preparation() -> None:
    lake = MemoryLake()
    report = import_files(
        [REAL / "trades", REAL / "bybit", REAL / "bitmex" / "bitmex_xbtusd_perp_1m_2019.parquet"], lake
    )
    assert report.ok
    assert report.refusals == ()
    assert {(h.table, str(h.instrument)) for h in lake.holdings()} >= {
        ("bars", "bitmex:BTC-USD"),
        ("bars", "bybit:ADA-USDT"),
        ("trades", "binance-spot:BTC-USDT"),
        ("trades", "binance:ETH-USDT"),
        ("trades", "imported-spot:BTC-USDT"),
        ("bars", "binance:BTC-USDT"),
    }
