"""Kernels are compiled once for a machine, and whoever waits is told."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# As a command does it: told at the door, compiled somewhere below.
RUN = """
import numpy as np
from edgeproof.cli._door import announce_compilation
announce_compilation()
from edgeproof.kernels.masks import keep_where
for dtype in (np.float64, np.float32):
    keep_where(np.zeros(1, np.bool_), np.zeros(1, dtype), np.zeros(1, dtype))
"""
LINE = "compiling for this machine"


def run_on_a_terminal(cache: Path) -> str:
    """What the run says on stderr, where that is a terminal."""
    ours, theirs = pty.openpty()
    try:
        environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
        subprocess.run([sys.executable, "-c", RUN], env=environment, stderr=theirs, check=True)
        os.write(theirs, b"\n")
        return os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_is_told_once_that_kernels_are_compiled_and_never_when_they_are_there(tmp_path: Path) -> None:
    assert run_on_a_terminal(tmp_path).count(LINE) == 1
    assert LINE not in run_on_a_terminal(tmp_path)


def test_a_file_is_told_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
