"""A desk run from its command line, as its owner would, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakes.archives import make_candles, write_freqtrade_candles, write_freqtrade_funding

if TYPE_CHECKING:
    from pathlib import Path

SYMBOLS = ("BTC", "ETH", "SOL")
MINUTES = 3 * 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """Standard output, read as one JSON document."""
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder in which commands run."""

    root: Path

    def run(self, *arguments: str | Path) -> Answer:
        """Run one command to its end."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=600)
        return Answer(status=process.returncode, stdout=stdout, stderr=stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start one command and leave it running."""
        command = [sys.executable, "-m", "edgeproof", *map(str, arguments)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGEPROOF_")}
        return subprocess.Popen(
            command, cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def open_desk(root: Path) -> Desk:
    """Make a workspace and stand in it."""
    Desk(root=root.parent).run("init", root)
    return Desk(root=root)


def write_archive(folder: Path, *, minutes: int = MINUTES) -> Path:
    """Candles and funding of a few symbols, as freqtrade would have left them."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, base in enumerate(SYMBOLS):
        candles = make_candles(minutes, seed=seed)
        write_freqtrade_candles(folder / f"{base}_USDT_USDT-1m-futures.feather", candles)
        hours = [ms for ms in candles["ms"].to_list() if ms % (8 * 3_600_000) == 0]
        write_freqtrade_funding(folder / f"{base}_USDT_USDT-8h-funding_rate.feather", hours, [0.0001] * len(hours))
    return folder


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the clock wrote into it."""
    timeless = {key: value for key, value in report.items() if key not in {"started_at", "finished_at"}}
    timeless["stages"] = [{k: v for k, v in stage.items() if k != "seconds"} for stage in report["stages"]]
    return timeless
