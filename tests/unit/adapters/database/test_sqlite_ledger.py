from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import StaticPool, create_engine

from contracts.ledger_contract import LedgerContract
from edgeproof.adapters.database import open_ledger
from edgeproof.adapters.database._opening import _dispose
from fakes.ledger_values import make_trial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgeproof.domain.stores import Ledger


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[Ledger]:
        with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
            yield ledger


def test_a_forgotten_ledger_lets_go_of_its_file(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.record_trials([make_trial()])
    assert (tmp_path / "ledger.sqlite-wal").exists()
    del ledger
    gc.collect()
    # The last connection that closes folds the write-ahead log into the file.
    assert not (tmp_path / "ledger.sqlite-wal").exists()


def test_a_forked_child_leaves_its_parents_connections_alone() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (x)")
    _dispose(engine, os.getpid() + 1)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM kept").all() == []
    _dispose(engine, os.getpid())


def test_a_closed_ledger_may_be_closed_again_and_names_its_file(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.close()
    ledger.close()
    assert repr(ledger) == f"SqlLedger('{tmp_path}/ledger.sqlite')"
