"""The facts without which a time says nothing: the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = (
    "edgeproof",
    "numpy",
    "numba",
    "polars",
    "deltalake",
    "ta-lib",
    "vectorbt",
    "backtesting",
    "ta",
    "pandas",
)
_MIB: Final = 1024


def describe_machine() -> dict[str, Any]:
    """Cores, processor, memory, Python and package versions; None where one cannot be told."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _find_line("/proc/cpuinfo", "model name") or platform.processor() or None,
        "memory_mib": _read_memory_mib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_1m": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": {name: _find_version(name) for name in _PACKAGES},
    }


def _read_memory_mib() -> int | None:
    told = _find_line("/proc/meminfo", "MemTotal")
    return int(told.split()[0]) // _MIB if told else None


def _find_line(path: str, name: str) -> str | None:
    file = Path(path)
    if not file.exists():
        return None
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), None)


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
