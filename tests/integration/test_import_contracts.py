"""Each import contract is broken once on purpose, so that none of them holds by being blind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BREACHES = {
    "Imports run down the stairs": ("domain/time.py", "import edgeproof.market"),
    "The core never touches the world": ("features/__init__.py", "import logging"),
    "numba lives in kernels alone": ("market/__init__.py", "import numba"),
    "The ledger's engine lives in its adapter": ("bootstrap.py", "import sqlalchemy"),
    "No circles among siblings": ("domain/errors.py", "import edgeproof.domain.time"),
}


def lint_imports(folder: Path) -> str:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def copy_house(folder: Path) -> Path:
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_house_keeps_its_contracts(tmp_path: Path) -> None:
    told = lint_imports(copy_house(tmp_path))
    assert f"{len(BREACHES)} kept, 0 broken" in told


@pytest.mark.parametrize("contract", BREACHES)
def test_a_planted_breach_is_found(contract: str, tmp_path: Path) -> None:
    file, breach = BREACHES[contract]
    planted = copy_house(tmp_path) / "src" / "edgeproof" / file
    planted.write_text(f"{planted.read_text('utf-8')}\n{breach}\n", "utf-8")
    assert f"{contract} BROKEN" in lint_imports(tmp_path)
