"""The command line inside this process, and a workspace with bars to run it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from edgeproof.cli import main
from fakes.archives import make_candles, write_freqtrade_candles, write_freqtrade_funding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SETTLED_MS: Final = 1_709_280_000_000  # eight hours after the first of `make_candles`


def run(*arguments: str) -> int:
    """Run one command; its exit status."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def make_desk(folder: Path, minutes: Mapping[str, int]) -> Path:
    """A workspace that holds so many minutes of each coin, and one funding rate of BTC."""
    root, files = folder / "desk", folder / "files"
    files.mkdir()
    for coin, count in minutes.items():
        write_freqtrade_candles(files / f"{coin}_USDT_USDT-1m-futures.feather", make_candles(count))
    write_freqtrade_funding(files / "BTC_USDT_USDT-8h-funding_rate.feather", [_SETTLED_MS], [0.0001])
    assert run("init", str(root)) == 0
    assert run("data", "import", str(files), "--workspace", str(root)) == 0
    return root
