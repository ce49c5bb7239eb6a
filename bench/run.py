"""Measure edgeproof against its targets and its peers: ``python bench/run.py [--quick] [--only NAME]``."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a file, this folder stands first on the path, and its modules would hide others of the same name.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from bench.main import main

    sys.exit(main(sys.argv[1:]))
