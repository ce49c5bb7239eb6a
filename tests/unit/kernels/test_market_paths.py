from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.market_paths import mix_bits, walk_minutes, walk_minutes_py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TICK = 0.125


def walk(
    kernel: Callable[..., Any], *, seed: int, minutes: int, first: int = 0, prints: bool = True
) -> dict[str, np.ndarray]:
    """Walk ``minutes - first`` minutes of a market that ``seed`` names."""
    stream = np.random.default_rng(seed)
    latent = 1_000.0 + np.cumsum(stream.normal(0.0, 1.0, minutes + 1))
    counts = stream.integers(1, 30, minutes)
    jumps = np.where(stream.random(minutes) < 0.2, stream.normal(0.0, 5.0, minutes), 0.0)
    room = int(counts[first:].sum()) if prints else 0
    out = {
        "bars": np.empty((minutes - first, 7), dtype=np.int64),
        "ticks": np.empty(room, dtype=np.int64),
        "lots": np.empty(room, dtype=np.int64),
        "buys": np.empty(room, dtype=np.bool_),
        "offsets": np.empty(room, dtype=np.int64),
    }
    # The hash wraps around 64 bits on purpose; numpy warns of it outside compiled code.
    with np.errstate(over="ignore"):
        kernel(
            np.uint64(seed * 7_919 + 1),
            first,
            latent[first:],
            np.full(minutes - first, 2.0),
            jumps[first:],
            counts[first:],
            np.full(minutes - first, 12.0),
            np.full(minutes - first, 0.6),
            TICK,
            *out.values(),
        )
    return out | {"latent": latent[first:], "counts": counts[first:]}


def test_the_hash_gives_the_published_sequence() -> None:
    # The first outputs of SplitMix64 seeded with 1234567, as its authors' C code prints them.
    golden = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        drawn = [int(mix_bits(np.uint64(1_234_567) + np.uint64(k) * golden)) for k in (1, 2, 3)]
    assert drawn == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), minutes=st.integers(1, 8))
def test_the_compiled_walk_and_its_plain_twin_agree(seed: int, minutes: int) -> None:
    compiled, plain = walk(walk_minutes, seed=seed, minutes=minutes), walk(walk_minutes_py, seed=seed, minutes=minutes)
    for name, values in compiled.items():
        np.testing.assert_array_equal(values, plain[name], err_msg=name)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), minutes=st.integers(1, 40))
def test_bars_are_what_their_trades_add_up_to(seed: int, minutes: int) -> None:
    out = walk(walk_minutes, seed=seed, minutes=minutes)
    ends = np.cumsum(out["counts"])
    for bar, stop, count in zip(out["bars"], ends, out["counts"], strict=True):
        mine = slice(int(stop - count), int(stop))
        ticks, lots, buys = out["ticks"][mine], out["lots"][mine], out["buys"][mine]
        expected = [ticks[0], ticks.max(), ticks.min(), ticks[-1], lots.sum(), (ticks * lots).sum(), lots[buys].sum()]
        assert bar.tolist() == expected
        assert np.all(np.diff(out["offsets"][mine]) >= 0)
        assert 0 <= out["offsets"][mine].min() <= out["offsets"][mine].max() < 60_000
        assert lots.min() >= 1


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), minutes=st.integers(2, 40), data=st.data())
def test_any_minute_can_be_walked_without_those_before_it(seed: int, minutes: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, minutes - 1))
    whole = walk(walk_minutes, seed=seed, minutes=minutes)["bars"]
    np.testing.assert_array_equal(walk(walk_minutes, seed=seed, minutes=minutes, first=first)["bars"], whole[first:])


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), minutes=st.integers(1, 40))
def test_bars_are_the_same_whether_or_not_trades_are_wanted(seed: int, minutes: int) -> None:
    alone = walk(walk_minutes, seed=seed, minutes=minutes, prints=False)["bars"]
    np.testing.assert_array_equal(alone, walk(walk_minutes, seed=seed, minutes=minutes)["bars"])


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), minutes=st.integers(1, 40))
def test_each_minute_closes_within_a_tick_of_its_latent_price(seed: int, minutes: int) -> None:
    out = walk(walk_minutes, seed=seed, minutes=minutes)
    assert np.all(np.abs(out["bars"][:, 3] * TICK - out["latent"][1:]) <= TICK)
