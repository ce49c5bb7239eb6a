from __future__ import annotations

import pytest

from contracts.journal_contract import JournalContract
from fakes.memory_journal import MemoryJournal


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> MemoryJournal:
        return MemoryJournal()
