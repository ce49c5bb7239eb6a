"""Wishes over bars: what every engine is given alike, drawn from a seed or written in letters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.time import MS_PER_MINUTE, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray

START_MS: Final = parse_instant("2025-06-01")

# What a decision may say, by letter: ``L`` long, ``S`` short, ``x`` leave long, ``y`` leave short, ``z`` leave either,
# ``B`` both directions, ``l`` and ``s`` enter and leave one side, ``R`` and ``r`` leave one side for the other.
_LONG, _SHORT, _EXIT_LONG, _EXIT_SHORT = "LBlr", "SBsR", "xzlR", "yzsr"
_SPOKEN: Final = "LLLLSSSSxxyyzBlsRr"
_VOLATILITY, _GAP, _GAPS = 0.002, 0.0015, 0.3  # of a bar, of an open that is not the close before, how often


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what terms every engine trades.

    Attributes:
        fee: Share of the notional of each fill.
        slippage: Share of the price of each fill.
        stop, take: Distances of the levels, shares of the entry's fill; NaN for none.
        units: Size of every position; 0 stands for the whole equity.
        cash: To begin with.
    """

    fee: float = 0.0
    slippage: float = 0.0
    stop: float = float("nan")
    take: float = float("nan")
    units: int = 0
    cash: float = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wishes:
    """Bars (``ts, open, high, low, close``) and the wishes made at their closes, each array of shape (n,)."""

    bars: pl.DataFrame
    long: BoolArray
    short: BoolArray
    exit_long: BoolArray
    exit_short: BoolArray

    def price(self, name: str) -> FloatArray:
        """One column of the bars."""
        return self.bars[name].to_numpy()

    @property
    def next_open(self) -> FloatArray:
        """The price at which a wish acts; NaN after the last bar."""
        return np.append(self.price("open")[1:], np.nan)

    @property
    def ts(self) -> IntArray:
        """Opens of the bars, UTC milliseconds."""
        return self.bars["ts"].dt.epoch("ms").to_numpy()

    def mute(self, decisions: Sequence[int]) -> Wishes:
        """The same without wishes to enter at these decisions."""
        kept = np.ones(len(self.long), np.bool_)
        kept[list(decisions)] = False
        return replace(self, long=self.long & kept, short=self.short & kept)


def draw_wishes(seed: int, *, bars: int, density: float, sides: str = "both") -> Wishes:
    """A random market and random wishes; see :func:`wish_over`."""
    return wish_over(draw_bars(np.random.default_rng([seed, 0]), bars), seed, density=density, sides=sides)


def wish_over(bars: pl.DataFrame, seed: int, *, density: float, sides: str = "both") -> Wishes:
    """Random wishes on a share ``density`` of the bars, contradictory ones among them.

    The first decision says nothing, the last but one leaves, and none enters after it: see the page on how engines end.
    """
    rng = np.random.default_rng([seed, 1])
    count = bars.height
    letters = np.where(rng.random(count) < density, rng.choice(list(_SPOKEN), count), ".")
    letters[[0, -1]] = "."
    letters[-2] = "z"
    said = spell(bars, "".join(letters))
    nothing = np.zeros(count, np.bool_)
    return replace(
        said,
        long=nothing if sides == "short" else said.long,
        short=nothing if sides == "long" else said.short,
    )


def spell(bars: pl.DataFrame, letters: str) -> Wishes:
    """Wishes by letter, one a bar; what is missing says nothing."""
    said = letters.ljust(bars.height, ".")
    flags = [np.array([letter in meaning for letter in said]) for meaning in (_LONG, _SHORT, _EXIT_LONG, _EXIT_SHORT)]
    return Wishes(bars=bars, long=flags[0], short=flags[1], exit_long=flags[2], exit_short=flags[3])


def write_bars(*rows: str, minutes: Sequence[int] | None = None) -> pl.DataFrame:
    """Minute bars from rows of ``"open high low close"``, or one number for a bar that stood still."""
    prices = [[float(part) for part in (row.split() * 4)[:4]] for row in rows]
    at = range(len(rows)) if minutes is None else minutes
    return _frame([START_MS + minute * MS_PER_MINUTE for minute in at], np.array(prices).T)


def draw_bars(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """A random walk around 100, in which a third of the opens lie off the close before."""
    moves = rng.standard_t(5, count) * _VOLATILITY
    gaps = rng.normal(0.0, _GAP, count) * (rng.random(count) < _GAPS)
    closes = 100.0 * np.exp(np.cumsum(moves + gaps))
    opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(gaps)
    reach = np.exp(rng.exponential(_VOLATILITY, (2, count)))
    highs, lows = np.maximum(opens, closes) * reach[0], np.minimum(opens, closes) / reach[1]
    return _frame(
        [START_MS + minute * MS_PER_MINUTE for minute in range(count)], np.array([opens, highs, lows, closes])
    )


def _frame(ts: Sequence[int], prices: FloatArray) -> pl.DataFrame:
    columns = dict(zip(("open", "high", "low", "close"), prices, strict=True))
    return pl.DataFrame({"ts": pl.Series(ts, dtype=pl.Int64).cast(UTC_MS), **columns})
