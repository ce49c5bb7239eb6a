"""Make the golden runs anew, and say which strategies moved. The commit that keeps them says why."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.library_runs import GOLDEN_FILE, write_golden


def main() -> None:
    """Write the file and print what moved."""
    moved = write_golden()
    for name, changes in moved.items():
        print(f"{name}:", *changes, sep="\n  ")  # noqa: T201 - a script that answers a person
    print(f"{GOLDEN_FILE.name}: {len(moved)} strategies moved")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
