"""What every journal of an intake must do. A test class inherits `JournalContract` and adds the fixture `journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.ops.gaps import Gap
from edgeproof.ops.intake import Heartbeat

if TYPE_CHECKING:
    from edgeproof.ops.intake import Journal

BTC = Instrument(venue="blofin", symbol="BTC-USDT")
ETH = Instrument(venue="blofin", symbol="ETH-USDT")
NOON_MS = 1_760_000_040_000


def gap_at(minute: int, instrument: Instrument = BTC, *, published: float | None = 3.5) -> Gap:
    return Gap(
        instrument=instrument,
        start_ms=NOON_MS + minute * MS_PER_MINUTE,
        end_ms=NOON_MS + (minute + 2) * MS_PER_MINUTE,
        cause="reconnect",
        held_volume=1.25,
        published_volume=published,
        found_ms=NOON_MS + 999,
    )


class JournalContract:
    """Tests for any `Journal`."""

    @pytest.fixture
    def journal(self) -> Journal:
        raise NotImplementedError  # each journal's own tests make theirs

    def test_a_new_journal_knows_nothing(self, journal: Journal) -> None:
        assert list(journal.runs()) == []
        assert journal.watermarks("blofin") == {}
        assert list(journal.gaps()) == []

    def test_a_run_shows_its_last_sign_of_life_and_its_end(self, journal: Journal) -> None:
        first = journal.begin_run("blofin", ["BTC-USDT"], pid=7, now_ms=NOON_MS)
        second = journal.begin_run("blofin", ["BTC-USDT", "ETH-USDT"], pid=8, now_ms=NOON_MS + 5)
        beat = Heartbeat(at_ms=NOON_MS + 9, trades_per_s=12.5, waiting=3, lag_ms=40, counts={"trades": 99})
        journal.beat(second, Heartbeat(at_ms=NOON_MS + 6, trades_per_s=0.0, waiting=0, lag_ms=0, counts={}))
        journal.beat(second, beat)
        journal.finish_run(first, now_ms=NOON_MS + 4, detail="stopped")
        newest, oldest = journal.runs()
        assert (newest.run_id, newest.symbols, newest.pid) == (second, ("BTC-USDT", "ETH-USDT"), 8)
        assert newest.heartbeat == beat
        assert newest.finished_ms is None
        assert (oldest.finished_ms, oldest.detail, oldest.heartbeat) == (NOON_MS + 4, "stopped", None)
        assert [run.run_id for run in journal.runs(limit=1)] == [second]

    def test_a_watermark_only_moves_forwards(self, journal: Journal) -> None:
        journal.advance(BTC, NOON_MS)
        journal.advance(ETH, NOON_MS + 60_000)
        journal.advance(BTC, NOON_MS + 120_000)
        journal.advance(BTC, NOON_MS + 60_000)
        journal.advance(Instrument(venue="okx", symbol="BTC-USDT"), 5)
        assert journal.watermarks("blofin") == {"BTC-USDT": NOON_MS + 120_000, "ETH-USDT": NOON_MS + 60_000}

    def test_gaps_come_back_in_order_of_time_each_once(self, journal: Journal) -> None:
        journal.advance(ETH, NOON_MS, [gap_at(1, ETH, published=None)])
        journal.advance(BTC, NOON_MS, [gap_at(9), gap_at(4)])
        journal.advance(BTC, NOON_MS + 60_000, [gap_at(4), gap_at(6)])
        assert list(journal.gaps()) == [gap_at(4), gap_at(6), gap_at(9), gap_at(1, ETH, published=None)]
        assert list(journal.gaps(ETH)) == [gap_at(1, ETH, published=None)]
