"""The comparison itself can fail."""

from __future__ import annotations

import polars as pl
import pytest

from parity.engines import assert_same_trades, trade_here
from parity.wishes import Terms, draw_wishes

TERMS = Terms(units=50, fee=0.0006)
TRADES, _ = trade_here(draw_wishes(1, bars=300, density=0.2), TERMS)


@pytest.mark.parametrize("name", ["entry_price", "exit_price", "size", "fees", "pnl"])
def test_a_hundred_millionth_of_one_trade_is_seen(name: str) -> None:
    first = pl.int_range(pl.len()) == 0
    moved = TRADES.with_columns(pl.when(first).then(pl.col(name) * (1 + 1e-8)).otherwise(pl.col(name)).alias(name))
    with pytest.raises(AssertionError, match=name):
        assert_same_trades(TRADES, moved)


def test_a_trade_too_few_and_a_minute_too_late_are_seen() -> None:
    late = TRADES.with_columns(pl.col("exit_ts").dt.offset_by("1m"))
    for other in (TRADES.head(-1), TRADES.tail(-1), late):
        with pytest.raises(AssertionError):
            assert_same_trades(TRADES, other)
    assert_same_trades(TRADES, TRADES.clone())
