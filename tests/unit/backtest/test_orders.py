from __future__ import annotations

import numpy as np
import pytest

from edgeproof.backtest.orders import draw_luck, price_limits
from edgeproof.kernels.replay_events import EXIT_SHORT, GO_LONG, GO_SHORT

TIMES = np.arange(20_000, dtype=np.int64) * 60_000
CODES = np.array([GO_LONG, GO_SHORT, GO_LONG | EXIT_SHORT], np.uint8)


def test_luck_is_spread_evenly_and_knows_no_neighbour() -> None:
    luck = draw_luck(TIMES, 0, "BTC-USDT")
    assert ((luck >= 0) & (luck < 1)).all()
    shares = np.histogram(luck, bins=10, range=(0, 1))[0] / len(luck)
    # Each share of 20,000 even draws lies within 0.01 of a tenth, five standard deviations; the seed is fixed.
    assert np.abs(shares - 0.1).max() < 0.01
    assert abs(np.corrcoef(luck[1:], luck[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize(("seed", "symbol"), [(1, "BTC-USDT"), (0, "ETH-USDT"), (2**32 - 1, "")])
def test_another_seed_or_symbol_has_another_luck(seed: int, symbol: str) -> None:
    usual, other = draw_luck(TIMES, 0, "BTC-USDT"), draw_luck(TIMES, seed, symbol)
    assert abs(np.corrcoef(usual, other)[0, 1]) < 0.03


@pytest.mark.parametrize("seed", [60_000, 120_000, 3_600_000])
def test_a_seed_is_not_another_one_at_another_time(seed: int) -> None:
    usual, other = draw_luck(TIMES, 0, "BTC-USDT"), draw_luck(TIMES, seed, "BTC-USDT")
    minutes = seed // 60_000
    assert not np.isin(usual, other).any()
    assert abs(np.corrcoef(usual[minutes:], other[:-minutes])[0, 1]) < 0.03


def test_a_part_of_the_times_has_its_part_of_the_luck() -> None:
    assert draw_luck(TIMES[500:900], 7, "X").tolist() == draw_luck(TIMES, 7, "X")[500:900].tolist()
    assert draw_luck(TIMES[:0], 7, "X").tolist() == []


def test_the_luck_of_a_seed_is_the_same_in_every_version() -> None:
    told = [f"{number:.6f}" for number in draw_luck(np.array([1_748_736_000_000]), 0, "BTC-USDT")]
    assert told == ["0.361051"]


def test_orders_rest_on_the_better_side_of_the_close() -> None:
    assert price_limits(CODES, np.full(3, 100.0), np.full(3, 2.5), 0.0).tolist() == [97.5, 102.5, 97.5]
    assert price_limits(CODES, np.full(3, 100.0), np.full(3, 2.6), 1.0).tolist() == [97, 103, 97]


def test_no_price_is_zero_and_no_offset_is_nan() -> None:
    offsets = np.array([100.0, -1.0, np.nan])
    prices = price_limits(CODES, np.full(3, 100.0), offsets, 0.0)
    assert prices[:2].tolist() == [0, 0]
    assert np.isnan(prices[2])
    assert price_limits(CODES, np.full(3, 100.0), np.full(3, np.inf), 0.5).tolist() == [0, 0, 0]
