from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.ledger_contract import LedgerContract
from edgeproof.adapters.database import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.domain.stores import Ledger


class TestPostgresqlLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, postgres_url: str) -> Iterator[Ledger]:
        with open_ledger(postgres_url) as ledger:
            yield ledger
