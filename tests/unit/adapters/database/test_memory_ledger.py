from __future__ import annotations

import pytest

from contracts.ledger_contract import LedgerContract
from fakes.memory_ledger import MemoryLedger


class TestMemoryLedger(LedgerContract):
    """The fake that other tests rely on is a ledger."""

    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()
