from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.bars import aggregate_trades, aggregate_trades_py

trades = st.lists(
    st.tuples(st.integers(0, 600_000), st.floats(0.01, 1e6), st.floats(1e-6, 1e6), st.booleans()),
    max_size=80,
).map(sorted)


@settings(deadline=None, max_examples=150)
@given(trades=trades, bar_ms=st.sampled_from([1_000, 60_000, 300_000]))
def test_the_compiled_loop_and_its_plain_twin_agree_to_the_bit(
    trades: list[tuple[int, float, float, bool]], bar_ms: int
) -> None:
    ts = np.array([row[0] for row in trades], dtype=np.int64) + 1_700_000_040_000
    price, size = (np.array([row[i] for row in trades], dtype=np.float64) for i in (1, 2))
    bought = np.array([row[3] for row in trades], dtype=np.bool_)
    for fast, plain in zip(
        aggregate_trades(ts, price, size, bought, bar_ms),
        aggregate_trades_py(ts, price, size, bought, bar_ms),
        strict=True,
    ):
        assert fast.dtype == plain.dtype
        np.testing.assert_array_equal(fast, plain)


def test_times_before_the_epoch_fall_into_the_bar_that_began_before_them() -> None:
    one = np.ones(1)
    opens = aggregate_trades(np.array([-1], dtype=np.int64), one, one, np.ones(1, dtype=np.bool_), 60_000)[0]
    assert opens.tolist() == [-60_000]
