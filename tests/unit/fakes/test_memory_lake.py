from __future__ import annotations

import pytest

from contracts.lake_contract import LakeContract, OpenLake
from fakes.memory_lake import MemoryLake


class TestMemoryLake(LakeContract):
    @pytest.fixture
    def open_lake(self) -> OpenLake:
        return MemoryLake
