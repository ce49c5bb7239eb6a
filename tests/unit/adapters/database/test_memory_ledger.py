from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.ledger_contract import LedgerContract
from fakes.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from edgeproof.domain.stores import Ledger


class TestMemoryLedger(LedgerContract):
    """The fake that other tests rely on is a ledger."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        return MemoryLedger()
