"""What a person sees when the ledger's file cannot be used: one line, and what to do."""

from __future__ import annotations

import pickle
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.database import LedgerUnavailable, MissingDriver, NewerLedger, _engine, open_ledger
from edgeproof.adapters.database._errors import explain
from edgeproof.adapters.database._url import read_place
from edgeproof.domain.errors import Busy, EdgeproofError, RequestError, Unreadable, WorkError
from edgeproof.domain.stores import IrreproducibleTrial
from fakes.ledger_values import make_trial
from fakes.permissions import public_folder, write_protected

if TYPE_CHECKING:
    from pathlib import Path


def _refused(kind: type[EdgeproofError], path: Path) -> str:
    with pytest.raises(kind) as refused:
        open_ledger(path)
    told = str(refused.value)
    assert str(path) in told
    assert "\n" not in told
    return told


def _make_ledger(path: Path, trials: int = 1) -> None:
    with open_ledger(path) as ledger:
        ledger.record_trials([make_trial(f"k{number}") for number in range(trials)])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "check that its folder exists" in _refused(LedgerUnavailable, tmp_path / "nowhere" / "ledger.sqlite")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    assert "unable to open database file" in _refused(LedgerUnavailable, tmp_path)


def test_a_folder_that_may_not_be_written() -> None:
    with public_folder() as folder, write_protected(folder):
        assert "may write there" in _refused(LedgerUnavailable, folder / "ledger.sqlite")


def test_a_ledger_that_may_not_be_written() -> None:
    with public_folder() as folder:
        path = folder / "ledger.sqlite"
        _make_ledger(path)
        with write_protected(folder):
            assert "writ" in _refused(LedgerUnavailable, path)
        with open_ledger(path) as ledger:
            assert ledger.count_trials() == 1


@pytest.mark.parametrize(
    "content", [b"id,price\n1,2\n" * 100, b"\x00" * 5_000, b"SQLite format 3\x00" + b"\xff" * 5_000]
)
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    assert "restore it from a backup" in _refused(Unreadable, path)
    assert path.read_bytes() == content


def test_a_damaged_ledger_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    _make_ledger(path, 500)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : -4_096] = b"\xff" * (len(content) - 4_096 - len(content) // 2)
    path.write_bytes(content)
    with (
        pytest.raises(Unreadable, match=r"cannot read the ledger .*malformed; restore it from a backup"),
        open_ledger(path) as ledger,
    ):
        list(ledger.trials())


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    _make_ledger(path)
    with open_ledger(path) as ledger:
        assert ledger.count_trials() == 1


def test_a_ledger_that_stays_locked_is_busy_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_engine, "_LOCK_WAIT_S", 0.05)
    path = tmp_path / "ledger.sqlite"
    _make_ledger(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with open_ledger(path) as ledger:
        assert ledger.count_trials() == 1
        with pytest.raises(Busy, match="stayed locked by another process; wait"):
            ledger.record_trials([make_trial("k2")])
        other.execute("COMMIT")
        other.close()
        assert ledger.record_trials([make_trial("k2")]) == 1


def test_a_file_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE made_first (x)")
    other.execute("BEGIN EXCLUSIVE")
    letting_go = threading.Timer(0.3, other.execute, ["COMMIT"])
    letting_go.start()
    _make_ledger(path)
    letting_go.join()
    other.close()


def test_postgresql_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingDriver, match=r"pip install 'edgeproof\[postgres\]'") as refused:
        open_ledger("postgresql://desk:hunter2@db.example/edge")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("database or disk is full", "free some space"),
        ("disk I/O error", "check that the disk has room and works"),
        ("attempt to write a readonly database", "make the file and its folder writable"),
        (
            'connection failed: FATAL:  password authentication failed for user "desk"',
            "check the user and the password",
        ),
        ("something nobody has seen", "check that it is up and may be written"),
    ],
)
def test_every_word_of_the_database_comes_with_a_cure(said: str, cure: str) -> None:
    told = explain(sqlite3.OperationalError(f"{said}\n\nand a second line"), read_place("sqlite:///ledger.sqlite"))
    assert isinstance(told, LedgerUnavailable)
    assert str(told) == f"cannot use the ledger ledger.sqlite: {said}; {cure}"


def test_a_password_the_database_repeats_is_masked() -> None:
    place = read_place("postgresql://desk:hunter2@db.example/edge")
    assert "hunter2" not in str(explain(sqlite3.OperationalError("bad conninfo: password=hunter2"), place))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LedgerUnavailable("x", "y", "z"), WorkError),
        (MissingDriver("x"), RequestError),
        (NewerLedger("x", "0009", "0002"), RequestError),
        (IrreproducibleTrial("k1", "before", "now", conflicts=3), WorkError),
    ],
)
def test_errors_cross_a_process_whole(error: EdgeproofError, kind: type[EdgeproofError]) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert isinstance(error, kind)
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
