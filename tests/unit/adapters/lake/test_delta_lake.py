"""The Delta lake keeps the contract, and other tools can read what it wrote."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from contracts.lake_contract import LakeContract, OpenLake
from edgeproof.adapters.lake import DeltaLake

if TYPE_CHECKING:
    from pathlib import Path


class TestDeltaLake(LakeContract):
    @pytest.fixture
    def open_lake(self, tmp_path: Path) -> OpenLake:
        numbers = count()
        return lambda: DeltaLake(tmp_path / f"lake {next(numbers)}")
