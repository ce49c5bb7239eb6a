"""The ledger at rest: SQLite by default, PostgreSQL by URL, one schema and one test suite for both."""

from __future__ import annotations

from edgeproof.adapters.database._errors import LedgerUnavailable, MissingDriver, NewerLedger
from edgeproof.adapters.database._journal import SqlJournal, open_journal
from edgeproof.adapters.database._ledger import SqlLedger, open_ledger

__all__ = [
    "LedgerUnavailable",
    "MissingDriver",
    "NewerLedger",
    "SqlJournal",
    "SqlLedger",
    "open_journal",
    "open_ledger",
]
