"""A program: ask for a Ray cluster that is not there; says what came of it.

Arguments: an Arrow file of bars, and the address.
"""

from __future__ import annotations

import sys

import polars as pl

from edgeproof.backtest.sweeps import sweep
from edgeproof.domain.errors import WorkError
from fakes.sweep_bits import CROSSING, GRID

if __name__ == "__main__":
    try:
        sweep(pl.read_ipc(sys.argv[1]), CROSSING, grid=GRID, compute=sys.argv[2])
    except WorkError as error:
        print(error)  # noqa: T201 - a program that answers
