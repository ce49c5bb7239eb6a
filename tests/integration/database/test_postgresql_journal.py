from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.journal_contract import JournalContract
from edgeproof.adapters.database import SqlJournal, open_journal

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestPostgresqlJournal(JournalContract):
    @pytest.fixture
    def journal(self, postgres_url: str) -> Iterator[SqlJournal]:
        with open_journal(postgres_url) as journal:
            yield journal
