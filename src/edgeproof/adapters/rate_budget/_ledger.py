"""Every request of the last minutes, written down before it is made, in one file that all processes share.

Each question to the ledger is one short SQLite transaction, so a process killed at any moment has either counted its
request or not asked. Times are the system's monotonic clock, which all processes read alike and nobody can set. It
starts anew when the machine does: a time that lies ahead is from before that, its true age is unknown, and it counts
as made now.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.rate_budget._rules import Outcome, Urgency
from edgeproof.adapters.sqlite_files import switch_to_wal
from edgeproof.domain.errors import WorkError
from edgeproof.domain.time import MS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edgeproof.adapters.rate_budget._rules import BudgetRules, Limit

_NS_PER_MS: Final = 1_000_000
_LOCK_TIMEOUT_S: Final = 30.0
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS requests (host TEXT NOT NULL, at_ms INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS requests_by_time ON requests (host, at_ms)",
    """CREATE TABLE IF NOT EXISTS hosts (
        host TEXT PRIMARY KEY,
        next_bulk_ms REAL NOT NULL,
        paused_at_ms INTEGER NOT NULL,
        paused_until_ms INTEGER NOT NULL,
        strikes INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) WITHOUT ROWID""",
)
_LONG_AGO: Final = -(2**53)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to make one request, now."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Ask again after so long; the reason is empty where only the budget is used up."""

    ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Where a host's budget stands.

    Attributes:
        used: Requests in the window of each limit that ends now.
        paused_ms: How long nobody may ask; 0 when there is no pause.
        reason: Why not.
    """

    used: tuple[tuple[Limit, int], ...]
    paused_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    next_bulk_ms: float = _LONG_AGO
    paused_at_ms: int = _LONG_AGO
    paused_until_ms: int = _LONG_AGO
    strikes: int = 0
    reason: str = ""


def read_monotonic_ms() -> int:
    """Milliseconds of the system's monotonic clock, one for all processes of this machine."""
    return time.monotonic_ns() // _NS_PER_MS


class BudgetLedger:
    """The requests made to one host. Threads may share an object; processes open one each.

    Args:
        file: Made at the first request; its folder must exist.
        host: Whose limits; several hosts may share a file.
        rules: The limits.
        now_ms: A monotonic clock that all processes share.
    """

    def __init__(
        self, file: Path, host: str, rules: BudgetRules, *, now_ms: Callable[[], int] = read_monotonic_ms
    ) -> None:
        self._file = file
        self._host = host
        self._rules = rules
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def ask(self, urgency: Urgency) -> Grant | Wait:
        """Take leave to make one request, which counts from now on whether it is made or not."""
        with self._transact() as (database, now):
            state = self._read_host(database, now)
            if state.paused_until_ms > now:
                return Wait(ms=state.paused_until_ms - now, reason=state.reason)
            wait_ms = max(self._wait_for(database, limit, urgency, now) for limit in self._rules.limits)
            if urgency is Urgency.BULK:
                wait_ms = max(wait_ms, self._wait_for_turn(state, now))
            if wait_ms > 0:
                return Wait(ms=wait_ms)
            database.execute("INSERT INTO requests VALUES (?, ?)", (self._host, now))
            self._write_host(database, self._spend(state, urgency, now))
            return Grant(at_ms=now)

    def settle(self, grant: Grant, outcome: Outcome, *, jitter: float, retry_after_ms: int = 0) -> int:
        """Say what became of a request; after a failure everybody pauses.

        Several requests that were under way together fail for one reason: only the first one lengthens the next pause.

        Returns:
            How long the pause is from now, 0 when there is none.
        """
        with self._transact() as (database, now):
            state = self._read_host(database, now)
            earlier = grant.at_ms <= state.paused_at_ms
            if outcome is Outcome.ANSWERED:
                if state.strikes and not earlier:
                    self._write_host(database, _Host(next_bulk_ms=state.next_bulk_ms))
                return 0
            strikes = state.strikes if state.reason == outcome.value and not earlier else 0
            pause_ms = max(self._rules.back_offs[outcome].measure(strikes, jitter), retry_after_ms)
            # A request made after the last pause was the one that went ahead: what held the others meanwhile is over.
            until = max(state.paused_until_ms, now + pause_ms) if earlier else now + pause_ms
            paused = _Host(
                next_bulk_ms=state.next_bulk_ms,
                paused_at_ms=state.paused_at_ms if earlier else now,
                paused_until_ms=until,
                strikes=state.strikes if earlier else strikes + 1,
                reason=outcome.value if now + pause_ms == until else state.reason,
            )
            self._write_host(database, paused)
            return until - now

    def measure_usage(self) -> Usage:
        """Where the budget stands now."""
        with self._transact() as (database, now):
            state = self._read_host(database, now)
            used = tuple((limit, self._count_since(database, now - limit.window_ms)) for limit in self._rules.limits)
            return Usage(used=used, paused_ms=max(0, state.paused_until_ms - now), reason=state.reason)

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _wait_for(self, database: sqlite3.Connection, limit: Limit, urgency: Urgency, now: int) -> int:
        """How long until one more request fits into every window of a limit that it would lie in."""
        since = now - limit.window_ms
        over = self._count_since(database, since) - self._rules.count(limit, urgency)
        if over < 0:
            return 0
        query = "SELECT at_ms FROM requests WHERE host = ? AND at_ms >= ? ORDER BY at_ms LIMIT 1 OFFSET ?"
        (leaving,) = database.execute(query, (self._host, since, over)).fetchone()
        return int(leaving) - since + 1

    def _wait_for_turn(self, state: _Host, now: int) -> int:
        ahead_ms = (self._rules.burst - 1) * MS_PER_SECOND / self._rules.bulk_per_s
        return max(0, math.ceil(state.next_bulk_ms - ahead_ms - now))

    def _spend(self, state: _Host, urgency: Urgency, now: int) -> _Host:
        step_ms = MS_PER_SECOND / self._rules.bulk_per_s if urgency is Urgency.BULK else 0.0
        return _Host(
            next_bulk_ms=max(state.next_bulk_ms, now) + step_ms,
            paused_at_ms=state.paused_at_ms,
            # Until somebody was answered again, one request at a time finds out whether the venue is back.
            paused_until_ms=now + self._rules.probe_ms if state.strikes else state.paused_until_ms,
            strikes=state.strikes,
            reason=state.reason,
        )

    def _count_since(self, database: sqlite3.Connection, since_ms: int) -> int:
        query = "SELECT count(*) FROM requests WHERE host = ? AND at_ms >= ?"
        return int(database.execute(query, (self._host, since_ms)).fetchone()[0])

    def _read_host(self, database: sqlite3.Connection, now: int) -> _Host:
        """The host's state by the present clock; what is older than every window is forgotten."""
        database.execute("UPDATE requests SET at_ms = ?2 WHERE host = ?1 AND at_ms > ?2", (self._host, now))
        forgotten = now - self._rules.longest_window_ms
        database.execute("DELETE FROM requests WHERE host = ? AND at_ms < ?", (self._host, forgotten))
        query = "SELECT next_bulk_ms, paused_at_ms, paused_until_ms, strikes, reason FROM hosts WHERE host = ?"
        row = database.execute(query, (self._host,)).fetchone()
        if row is None:
            return _Host()
        next_bulk, paused_at, paused_until, strikes, reason = row
        restarted = paused_at > now  # the pause is from before the machine started: it begins again
        full_burst_ms = self._rules.burst * MS_PER_SECOND / self._rules.bulk_per_s
        state = _Host(
            next_bulk_ms=min(next_bulk, now + full_burst_ms),
            paused_at_ms=now if restarted else paused_at,
            paused_until_ms=now + (paused_until - paused_at) if restarted else paused_until,
            strikes=strikes,
            reason=reason,
        )
        if restarted:
            self._write_host(database, state)
        return state

    def _write_host(self, database: sqlite3.Connection, state: _Host) -> None:
        values = (state.next_bulk_ms, state.paused_at_ms, state.paused_until_ms, state.strikes, state.reason)
        database.execute("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?)", (self._host, *values))

    @contextmanager
    def _transact(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """One transaction, and the time read inside it, so that times are in the order of the questions."""
        with self._lock:
            try:
                database = self._connect()
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    yield database, self._now_ms()
            except (sqlite3.Error, OSError) as error:
                raise WorkError(
                    f"cannot keep the request budget in {self._file}: {error}; make its folder writable, or remove the"
                    " file and wait five minutes before the next request"
                ) from error

    def _connect(self) -> sqlite3.Connection:
        if self._open is None:
            # A transaction is begun by hand: sqlite3's own would begin it only at the first write, too late to count.
            database = sqlite3.connect(
                self._file, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(database)
            except BaseException:
                database.close()
                raise
            self._open = database
        return self._open


def _prepare(database: sqlite3.Connection) -> None:
    switch_to_wal(database.execute, patience_s=_LOCK_TIMEOUT_S)
    database.execute("PRAGMA synchronous = NORMAL")
    for statement in _SCHEMA:
        database.execute(statement)
