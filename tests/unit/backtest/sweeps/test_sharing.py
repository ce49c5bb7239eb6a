"""Between two combinations only what changed is computed, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from edgeproof.backtest.frames import split_bars
from edgeproof.backtest.sweeps import sweep
from edgeproof.strategies import MarketData, evaluate, load_strategy
from fakes.small_markets import make_bars

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.strategies.market_data import View

Array = TypeVar("Array", bound=npt.NDArray[Any])

BARS = make_bars("BTC-USDT", minutes=2_000, seed=6)
STRATEGY = load_strategy("""
name: stopped
thesis: A fast mean above a slow one, while the trend is strong.
timeframe: 1m
params: {fast: {default: 5, low: 2, high: 50}, k: {default: 2.0, low: 0.5, high: 9.0}}
long: ema(fast) > ema(60) and adx(14) > 20
exit_long: zscore(close, 30) < -1
stop: k * atr(14)
""")


class Watched(MarketData):
    """Remembers what had to be computed."""

    def __init__(self, *, cache_bytes: int = 1 << 30) -> None:
        super().__init__(split_bars(BARS), cache_bytes=cache_bytes)
        self.computed: list[str] = []

    def recall(self, view: View, key: str, compute: Callable[[], Array]) -> Array:
        def note() -> Array:
            self.computed.append(key)
            return compute()

        return super().recall(view, key, note)

    def decide(self, **params: float) -> list[str]:
        """What deciding with these params computed."""
        self.computed.clear()
        evaluate(STRATEGY, self, "BTC-USDT", params=params)
        return list(self.computed)


def test_a_changed_stop_computes_no_feature_window_or_comparison_again() -> None:
    data = Watched()
    assert len(data.decide(k=1.0)) == 10  # four features, a window, three comparisons, the stop, and where it is known
    assert [key.split()[0] for key in data.decide(k=3.0)] == ["numbers", "able"]
    assert data.decide(k=1.0) == []


def test_a_changed_window_computes_its_feature_and_what_is_compared_with_it() -> None:
    data = Watched()
    data.decide(fast=5)
    changed = data.decide(fast=9)
    assert len(changed) == 2
    assert "ema(9.0)" in changed


def test_a_memory_too_small_changes_nothing_but_the_time() -> None:
    small, large = Watched(cache_bytes=1_000), Watched()
    for params in ({"fast": 5}, {"fast": 9}, {"fast": 5}):
        one = evaluate(STRATEGY, small, "BTC-USDT", params=params)
        other = evaluate(STRATEGY, large, "BTC-USDT", params=params)
        assert (one.long == other.long).all()
    assert len(small.computed) > len(large.computed)


def test_a_sweep_tries_costly_params_most_rarely() -> None:
    rows: list[tuple[float, float]] = []
    sweep(
        BARS,
        STRATEGY,
        grid={"k": [1.0, 2.0, 3.0], "fast": [5, 6]},
        chunk=1,
        on_rows=lambda frame: rows.append((frame["fast"].item(), frame["k"].item())),
    )
    assert rows == [(5, 1), (5, 2), (5, 3), (6, 3), (6, 2), (6, 1)]
