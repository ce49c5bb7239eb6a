from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from edgeproof.adapters.service_manager import ALIVE, READY, ServiceUnit, notify_manager


def test_a_state_reaches_the_manager_that_asked_for_it(tmp_path: Path) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        assert notify_manager(READY, "STATUS=two\nlines", environment={"NOTIFY_SOCKET": str(place)})
        assert manager.recv(1_000) == b"READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket"])
def test_nobody_listening_is_no_failure(address: str) -> None:
    assert not notify_manager(ALIVE, environment={"NOTIFY_SOCKET": address} if address else {})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("user", [None, "root"])
def test_systemd_accepts_the_unit(tmp_path: Path, user: str | None) -> None:
    folder = tmp_path / "a desk 100%"
    folder.mkdir()
    unit = ServiceUnit(
        description="edgeproof: live market data",
        command=["/bin/sh", "-c", "true $HOME 5%", "--workspace", str(folder)],
        folder=folder,
        user=user,
    )
    file = tmp_path / "edgeproof-ingest.service"
    file.write_text(unit.render())
    told = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)  # noqa: S607 - found on the path above
    assert (told.returncode, [line for line in told.stderr.splitlines() if "edgeproof-ingest" in line]) == (0, [])


def test_the_unit_says_notify_and_watchdog() -> None:
    text = ServiceUnit(description="d", command=["/bin/true"], folder=Path("/srv/desk")).render()
    assert "Type=notify\n" in text
    assert "WatchdogSec=120\n" in text
    assert "WantedBy=default.target\n" in text
