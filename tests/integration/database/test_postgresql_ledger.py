from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.ledger_contract import LedgerContract
from edgeproof.adapters.database import SqlLedger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestPostgresqlLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, postgres_url: str) -> Iterator[SqlLedger]:
        with open_ledger(postgres_url) as ledger:
            yield ledger
