from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

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


def test_a_minute_without_gaps_reads_none_and_one_with_gaps_only_those_of_its_time(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []

    def note(  # noqa: PLR0913, PLR0917 - the signature is SQLAlchemy's
        connection: object, cursor: object, statement: str, parameters: object, context: object, many: object
    ) -> None:
        del connection, cursor, context, many
        if "FROM intake_gaps" in statement:
            asked.append((statement, parameters))

    with open_journal(tmp_path / "ledger.sqlite") as journal:
        journal.advance(BTC, NOON_MS, [gap_at(minute) for minute in range(0, 90, 3)])
        event.listen(Engine, "before_cursor_execute", note)
        try:
            journal.advance(BTC, NOON_MS + 1)
            assert asked == []
            journal.advance(BTC, NOON_MS + 2, [gap_at(30), gap_at(33), gap_at(91)])
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert [set(parameters) >= {gap_at(30).start_ms, gap_at(91).start_ms} for _, parameters in asked] == [True]
        assert len(journal.gaps()) == 31


@pytest.mark.parametrize("change", ["DELETE FROM intake_gaps", "UPDATE intake_gaps SET cause = 'none'"])
def test_the_database_refuses_to_unsay_a_gap(tmp_path: Path, change: str) -> None:
    file = tmp_path / "ledger.sqlite"
    with open_journal(file) as journal:
        journal.advance(BTC, NOON_MS, [gap_at(1)])
    raw = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        raw.execute(change)
    raw.close()
