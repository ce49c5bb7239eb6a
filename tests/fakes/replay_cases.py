"""Small random markets and strategies, nasty on purpose: ties, gaps, jumps, zero and huge distances, wild leverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from edgeproof.kernels.replay_extras import Extras

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray

STEP_MS = 60_000
START_MS = 1_748_736_000_000  # 2025-06-01T00:00Z


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayCase:
    """Everything a replay kernel takes, events still as four arrays of flags."""

    ts: IntArray
    open_: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    decision_ts: IntArray
    decision_ms: int
    long: BoolArray
    short: BoolArray
    exit_long: BoolArray
    exit_short: BoolArray
    stop: FloatArray
    take: FloatArray
    trail: FloatArray
    leverage: FloatArray
    max_hold: int
    funding_bar: IntArray
    funding_rate: FloatArray
    initial_equity: float
    taker: float
    slippage: float
    latency_ms: int
    lot: float
    tick: float
    min_size: float
    max_leverage: float
    maintenance: float
    extras: Extras | None = None

    def arguments(self, index: Any, code: Any, *, bars: int | None = None) -> tuple[Any, ...]:  # noqa: ANN401 - int32 and uint8 arrays
        """Positional arguments of a replay kernel, of the first ``bars`` execution bars."""
        funding = self.funding_bar < (len(self.ts) if bars is None else bars)
        return (
            self.ts[:bars],
            self.open_[:bars],
            self.high[:bars],
            self.low[:bars],
            self.close[:bars],
            STEP_MS,
            self.decision_ts,
            self.decision_ms,
            index,
            code,
            self.stop,
            self.take,
            self.trail,
            self.leverage,
            *(int(len(a) == len(self.long)) for a in (self.stop, self.take, self.trail, self.leverage)),
            self.max_hold,
            self.funding_bar[funding],
            self.funding_rate[funding],
            self.initial_equity,
            self.taker,
            self.slippage,
            self.latency_ms,
            self.lot,
            self.tick,
            self.min_size,
            self.max_leverage,
            self.maintenance,
            self.extras,
        )


@st.composite
def replay_cases(draw: st.DrawFn, *, most_bars: int = 60) -> ReplayCase:
    """Draw a case. Knobs are drawn, so that failures shrink; what they leave open comes from a drawn seed."""
    count = draw(st.sampled_from([n for n in (40, 60, 20, 7, 2, 1) if n <= most_bars]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gap = draw(st.sampled_from([0.0, 0.05, 0.3]))
    steps = np.where(rng.random(count) < gap, rng.integers(2, 9, count), 1)
    steps[0] = 0
    ts = START_MS + np.cumsum(steps) * STEP_MS + draw(st.sampled_from([0, 0, 30_000]))

    open_, high, low, close = _draw_prices(draw, rng, count)
    factor = draw(st.sampled_from([1, 1, 3, 5]))
    decision_ms = factor * STEP_MS
    decision_ts = ts.copy() if factor == 1 else np.unique(ts // decision_ms * decision_ms)
    decisions = len(decision_ts)
    density = draw(st.sampled_from([0.6, 0.15, 0.03, 1.0]))
    leaves = draw(st.sampled_from([0.0, 0.1, 0.5]))
    flags = [rng.random(decisions) < share for share in (density / 2, density / 2, leaves, leaves)]
    scale = float(np.median(high - low)) + 1e-3 * float(open_[0])

    def distances(none: float) -> FloatArray:
        kinds = rng.choice(4, decisions, p=[0.05, 0.05, 0.05, 0.85])
        values = np.choose(kinds, [0.0, np.inf, -0.1, 1.0]) * rng.choice([0.3, 1.0, 5.0, 100.0], decisions) * scale
        values[kinds == 1] = np.inf
        values[rng.random(decisions) < none] = np.nan
        kept: FloatArray = values if rng.random() < 0.7 else np.abs(values[:1])
        return kept

    funded = np.repeat(np.arange(count), rng.choice(3, count, p=draw(st.sampled_from([(1, 0, 0), (0.85, 0.1, 0.05)]))))
    leverages = rng.choice([np.nan, 0.0, -1.0, np.inf, 0.5, 1.0, 3.0, 40.0, 200.0], decisions)
    calm = np.full(1, draw(st.sampled_from([0.3, 1.0, 10.0])))
    return ReplayCase(
        ts=ts,
        open_=open_,
        high=high,
        low=low,
        close=close,
        decision_ts=decision_ts,
        decision_ms=decision_ms,
        long=flags[0],
        short=flags[1],
        exit_long=flags[2],
        exit_short=flags[3],
        stop=distances(draw(st.sampled_from([0.0, 0.5, 1.0]))),
        take=distances(draw(st.sampled_from([0.0, 0.5, 1.0]))),
        trail=distances(draw(st.sampled_from([0.0, 0.8, 1.0]))),
        leverage=draw(st.sampled_from([calm, leverages])),
        max_hold=draw(st.sampled_from([0, 0, 1, 4])),
        funding_bar=funded,
        funding_rate=rng.choice([1e-4, -3e-4, 0.02, 0.9], len(funded)),
        initial_equity=draw(st.sampled_from([10_000.0, 700.3])),
        taker=draw(st.sampled_from([0.0, 0.0006, 0.02])),
        slippage=draw(st.sampled_from([0.0, 0.00052, 0.01])),
        latency_ms=draw(st.sampled_from([0, 250, 60_000, 190_000])),
        lot=draw(st.sampled_from([0.0, 0.0, 0.001, 1.0])),
        tick=draw(st.sampled_from([0.0, 0.0, 0.01, 0.5])),
        min_size=draw(st.sampled_from([0.0, 0.0, 5.0])),
        max_leverage=draw(st.sampled_from([150.0, 2.0])),
        maintenance=draw(st.sampled_from([0.0, 0.005, 0.1])),
        extras=draw(st.one_of(st.none(), _draw_extras())),
    )


def _draw_extras() -> st.SearchStrategy[Extras]:
    return st.builds(
        Extras,
        cool_down=st.sampled_from([0, 0, 1, 3]),
        take_share=st.sampled_from([1.0, 0.5, 0.01, 0.999]),
    )


def _draw_prices(draw: st.DrawFn, rng: np.random.Generator, count: int) -> tuple[FloatArray, ...]:
    """Opens, highs, lows and closes, by choice on a coarse grid, where equal prices are common."""
    move = draw(st.sampled_from([0.0, 0.001, 0.02, 0.3]))
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, move, count)))
    opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(rng.normal(0.0, move, count) * (rng.random(count) < 0.2))
    wide = np.exp(rng.exponential(move, (2, count)))
    grid = draw(st.sampled_from([0.0, 1.0]))
    if grid:
        opens, closes = (np.maximum(np.round(prices), 1.0) for prices in (opens, closes))
        wide = np.where(rng.random((2, count)) < 0.5, 1.0, wide)
    highs = np.maximum(opens, closes) * wide[0]
    lows = np.minimum(opens, closes) / wide[1]
    return opens, highs, lows, closes
