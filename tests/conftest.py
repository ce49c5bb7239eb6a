"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for variable in [name for name in os.environ if name.startswith("EDGEPROOF_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of real market data, or a skip that says it is absent."""
    folder = SHARED_DATA / "market"
    if not folder.is_dir():
        pytest.skip("the shared market data folder is not beside this repository")
    return folder
