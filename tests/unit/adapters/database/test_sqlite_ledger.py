from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.ledger_contract import LedgerContract
from edgeproof.adapters.database import SqlLedger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[SqlLedger]:
        with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
            yield ledger
