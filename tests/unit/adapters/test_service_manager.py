from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeproof.adapters.service_manager import ALIVE, READY, ServiceUnit, notify_manager
from edgeproof.bootstrap import create_workspace
from edgeproof.cli.app import app


def test_a_state_reaches_the_manager_that_asked_for_it(tmp_path: Path) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        assert notify_manager(READY, "STATUS=two\nlines", environment={"NOTIFY_SOCKET": str(place)})
        assert manager.recv(1_000) == b"READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket"])
def test_nobody_listening_is_no_failure(address: str) -> None:
    assert not notify_manager(ALIVE, environment={"NOTIFY_SOCKET": address} if address else {})


def verify(unit: str, folder: Path) -> list[str]:
    """What systemd has to say against a unit; nothing where it accepts it."""
    file = folder / "edgeproof-ingest.service"
    file.write_text(unit, "utf-8")
    told = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)  # noqa: S607 - found on the path
    lines = [line for line in told.stderr.splitlines() if "edgeproof-ingest" in line]
    return lines or [told.stderr] * (told.returncode != 0)


needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (apt-get install systemd)"
)
ODD_NAMES = ("desk", "a desk 100%", "it's mine", 'a "desk"', "back\\slash", "$HOME", "%h", "tab\there")


@needs_systemd
@pytest.mark.parametrize("user", [None, "root"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_systemd_accepts_the_unit_whatever_the_desk_is_called(tmp_path: Path, name: str, user: str | None) -> None:
    folder = tmp_path / name
    folder.mkdir()
    unit = ServiceUnit(
        description=f"edgeproof: live market data into {name}",
        command=["/bin/sh", "data", "ingest", "--workspace", str(folder), "5%", "$x"],
        folder=folder,
        user=user,
    )
    assert verify(unit.render(), tmp_path) == []


@needs_systemd
def test_systemd_tells_what_is_wrong_with_a_unit(tmp_path: Path) -> None:
    """Or the test above could not fail."""
    unit = ServiceUnit(description="d", command=["/no/such/program"], folder=tmp_path).render()
    assert verify(unit, tmp_path)
    assert verify(unit.replace("WatchdogSec=120", "WatchdogSec=soon"), tmp_path)


@needs_systemd
def test_systemd_accepts_what_the_command_writes(tmp_path: Path) -> None:
    desk = create_workspace(tmp_path / "a $desk's")
    file = tmp_path / "edgeproof-ingest.service"
    for chosen in (["--top", "5"], ["--user", "root", "--host", "demo", "-s", "BTC-USDT"]):
        arguments = ["data", "install-service", "--workspace", str(desk.root), "--unit", str(file), *chosen]
        assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
        assert verify(file.read_text("utf-8"), tmp_path) == []


def test_a_line_break_in_a_name_begins_no_line_of_the_unit(tmp_path: Path) -> None:
    evil = "desk\nExecStartPre=/bin/false"
    unit = ServiceUnit(description=evil, command=["/bin/true", evil], folder=tmp_path, user="root").render()
    assert not [line for line in unit.splitlines() if line.startswith("ExecStartPre")]


def test_the_unit_says_notify_and_watchdog() -> None:
    text = ServiceUnit(description="d", command=["/bin/true"], folder=Path("/srv/desk")).render()
    assert "Type=notify\n" in text
    assert "WatchdogSec=120\n" in text
    assert "WantedBy=default.target\n" in text
