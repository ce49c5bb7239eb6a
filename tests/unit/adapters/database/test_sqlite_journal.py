from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from contracts.journal_contract import BTC, NOON_MS, JournalContract, gap_at
from edgeproof.adapters.database import SqlJournal, open_journal, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[SqlJournal]:
        with open_journal(tmp_path / "ledger.sqlite") as journal:
            yield journal


def test_a_journal_outlives_the_object_that_wrote_it_and_shares_its_file_with_the_ledger(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with open_journal(file) as journal:
        journal.advance(BTC, NOON_MS, [gap_at(1)])
    with open_ledger(file) as ledger, open_journal(file) as again:
        assert ledger.count_trials() == 0
        assert list(again.gaps()) == [gap_at(1)]


@pytest.mark.parametrize("change", ["DELETE FROM intake_gaps", "UPDATE intake_gaps SET cause = 'none'"])
def test_the_database_refuses_to_unsay_a_gap(tmp_path: Path, change: str) -> None:
    file = tmp_path / "ledger.sqlite"
    with open_journal(file) as journal:
        journal.advance(BTC, NOON_MS, [gap_at(1)])
    raw = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        raw.execute(change)
    raw.close()
