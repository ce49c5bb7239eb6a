"""Our trades are nautilus_trader's, one by one, for market orders.

It lives in an environment of its own, ``.venv/nautilus``, because it wants an older pandas than vectorbt.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from parity.engines import TRADES, assert_same_trades, trade_here
from parity.wishes import Terms, Wishes, draw_wishes

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "nautilus" / "bin" / "python"
ORACLE = Path(__file__).with_name("nautilus_oracle.py")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason="nautilus_trader is not there: `python -m venv .venv/nautilus` (before 3.12), "
        "then `.venv/nautilus/bin/pip install nautilus_trader==1.221.0`",
    ),
]


def trade_in_nautilus(wishes: Wishes, terms: Terms) -> pl.DataFrame:
    asked = {
        "ts_ms": wishes.ts.tolist(),
        "open": [f"{price:.2f}" for price in wishes.price("open")],
        "long": (wishes.long & ~wishes.short & ~wishes.exit_long).tolist(),
        "short": (wishes.short & ~wishes.long & ~wishes.exit_short).tolist(),
        "exit_long": wishes.exit_long.tolist(),
        "exit_short": wishes.exit_short.tolist(),
        "units": terms.units,
        "fee": str(terms.fee),
    }
    done = subprocess.run([PYTHON, ORACLE], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = pl.DataFrame(json.loads(done.stdout), schema=list(TRADES), orient="row")
    return found.cast({"entry_ts": pl.Int64, "exit_ts": pl.Int64}).cast(TRADES)


def on_cents(wishes: Wishes) -> Wishes:
    """The same market with prices in cents, which any engine can hold exactly."""
    return replace(wishes, bars=wishes.bars.with_columns(pl.col("open", "high", "low", "close").round(2)))


@pytest.mark.parametrize(("seed", "density"), [(1, 0.05), (2, 0.2), (3, 0.5)])
def test_market_orders_make_the_same_trades(seed: int, density: float) -> None:
    terms = Terms(units=50, fee=0.0006)
    wishes = on_cents(draw_wishes(seed, bars=2_000, density=density))
    ours, _ = trade_here(wishes, terms)
    assert ours.height >= 30
    assert_same_trades(ours, trade_in_nautilus(wishes, terms))
