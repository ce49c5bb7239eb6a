"""Small random markets and strategies, nasty on purpose: ties, gaps, jumps, zero and huge distances, wild leverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from edgeproof.backtest.orders import price_limits
from edgeproof.kernels.replay_extras import Extras
from edgeproof.kernels.replay_records import TRADE_RECORD
from edgeproof.kernels.replay_walk import range_spans

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray

STEP_MS = 60_000
START_MS = 1_748_736_000_000  # 2025-06-01T00:00Z


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What only some strategies and accounts ask for; an empty array is nothing asked for."""

    cool_down: int = 0
    take_share: float = 1.0
    limit_offset: FloatArray  # by decision; NaN for an order at the market
    lucky: BoolArray  # by decision: whether a touch fills
    wait: int = 1
    print_ts: IntArray
    print_price: FloatArray
    tiers: FloatArray
    hourly: FloatArray
    factor: FloatArray


NO_ORDERS = Orders(
    limit_offset=np.empty(0),
    lucky=np.empty(0, np.bool_),
    print_ts=np.empty(0, np.int64),
    print_price=np.empty(0),
    tiers=np.empty((0, 3)),
    hourly=np.empty((0, 24)),
    factor=np.empty(0),
)


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
    decision_close: FloatArray
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
    maker: float = 0.0
    orders: Orders | None = None

    def compiled_arguments(self, index: Any, code: Any, *, room: int, bars: int | None = None) -> tuple[Any, ...]:  # noqa: ANN401 - int32 and uint8 arrays
        """Positional arguments of the compiled kernel, with a block for ``room`` trades to begin with."""
        spans = range_spans(self.high[:bars], self.low[:bars])
        return (*self.arguments(index, code, bars=bars), *spans, np.empty(room, TRADE_RECORD))

    def arguments(self, index: Any, code: Any, *, bars: int | None = None) -> tuple[Any, ...]:  # noqa: ANN401 - as above
        """Positional arguments of the specification, of the first ``bars`` execution bars."""
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
            self._extras(index, code),
        )

    def _extras(self, index: Any, code: Any) -> Extras | None:  # noqa: ANN401 - as above
        asked = self.orders
        if asked is None:
            return None
        limited = len(asked.limit_offset) > 0
        offsets = asked.limit_offset[index] if limited else np.empty(0)
        return Extras(
            cool_down=asked.cool_down,
            take_share=asked.take_share,
            limit=price_limits(code, self.decision_close[index], offsets, self.tick) if limited else np.empty(0),
            wait=asked.wait,
            fillable=asked.lucky[index] if limited else np.empty(0, np.bool_),
            maker=self.maker,
            print_ts=asked.print_ts,
            print_price=asked.print_price,
            tiers=asked.tiers,
            hourly=asked.hourly,
            factor=asked.factor,
        )


@st.composite
def replay_cases(draw: st.DrawFn, *, most_bars: int = 60, busy: bool = False, quiet: bool = False) -> ReplayCase:
    """Draw a case. Knobs are drawn, so that failures shrink; what they leave open comes from a drawn seed.

    A busy case asks for orders of every kind on bars that fill them; the others are nastier. A quiet one has many bars
    and few decisions.
    """
    count = (
        500 if quiet else 60 if busy else draw(st.sampled_from([n for n in (40, 60, 20, 7, 2, 1) if n <= most_bars]))
    )
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
    density = draw(st.sampled_from([0.01, 0.03] if quiet else [0.6, 0.3, 1.0] if busy else [0.6, 0.15, 0.03, 1.0]))
    leaves = draw(st.sampled_from([0.0, 0.003] if quiet else [0.0, 0.1] if busy else [0.0, 0.1, 0.5]))
    flags = [rng.random(decisions) < share for share in (density / 2, density / 2, leaves, leaves)]
    scale = float(np.median(high - low)) + 1e-3 * float(open_[0])

    def distances(none: float) -> FloatArray:
        odd = 0.01 if busy else 0.05
        kinds = rng.choice(4, decisions, p=[odd, odd, odd, 1.0 - 3.0 * odd])
        sizes = rng.choice([0.3, 0.7, 1.5] if busy else [0.3, 1.0, 5.0, 100.0], decisions)
        values = np.choose(kinds, [0.0, np.inf, -0.1, 1.0]) * sizes * scale
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
        decision_close=close[np.searchsorted(ts, decision_ts + decision_ms) - 1],
        long=flags[0],
        short=flags[1],
        exit_long=flags[2],
        exit_short=flags[3],
        stop=distances(draw(st.sampled_from([0.0, 0.5, 1.0]))),
        take=distances(0.1 if busy else draw(st.sampled_from([0.0, 0.5, 1.0]))),
        trail=distances(draw(st.sampled_from([0.0, 0.8, 1.0]))),
        leverage=calm if busy else draw(st.sampled_from([calm, leverages])),
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
        maker=draw(st.sampled_from([0.0, 0.0002, 0.03])),
        orders=_draw_orders(draw, rng, (ts, open_, high, low), decisions, scale)
        if busy or draw(st.booleans())
        else None,
    )


def _draw_orders(
    draw: st.DrawFn,
    rng: np.random.Generator,
    bars: tuple[IntArray, FloatArray, FloatArray, FloatArray],
    decisions: int,
    scale: float,
) -> Orders:
    ts, open_, high, low = bars
    limited, printed, tiered, timed, moody = (draw(st.booleans()) for _ in range(5))
    offsets = (
        rng.choice(
            [0.0, 0.1, 0.2, 0.3, 0.6, 1.0, np.nan, -0.1, np.inf], decisions, p=[0.1, *[0.17] * 4, 0.1, 0.08, 0.02, 0.02]
        )
        * scale
    )
    # A few trades in most bars, at prices of the bar.
    owners = np.sort(rng.integers(0, len(ts), 4 * len(ts)))
    print_ts = np.sort(ts[owners] + rng.integers(0, STEP_MS, len(owners)))
    inside = np.searchsorted(ts, print_ts, side="right") - 1
    corners = np.stack([open_, high, low])[rng.integers(0, 3, len(inside)), inside]
    middles = low[inside] + rng.random(len(inside)) * (high[inside] - low[inside])
    prices = np.where(rng.random(len(inside)) < 0.5, corners, middles)
    tiers = np.array([[5_000.0, 0.004, 125.0], [20_000.0, 0.01, 20.0], [np.inf, 0.05, 2.0]])
    return Orders(
        cool_down=draw(st.sampled_from([0, 0, 1, 3])),
        take_share=draw(st.sampled_from([1.0, 0.5, 0.01, 0.999])),
        limit_offset=offsets if limited else np.empty(0),
        lucky=rng.random(decisions) < draw(st.sampled_from([0.67, 1.0, 0.0])),
        wait=draw(st.sampled_from([1, 2, 5])),
        print_ts=print_ts if printed else np.empty(0, np.int64),
        print_price=prices if printed else np.empty(0),
        tiers=tiers if tiered else np.empty((0, 3)),
        hourly=rng.choice([0.0, 0.001, 0.01], (2, 24)) if timed else np.empty((0, 24)),
        factor=rng.choice([0.0, 1.0, 3.0], len(ts)) if moody else np.empty(0),
    )


def _draw_prices(draw: st.DrawFn, rng: np.random.Generator, count: int) -> tuple[FloatArray, ...]:
    """Opens, highs, lows and closes, by choice on a coarse grid, where equal prices are common."""
    move = draw(st.sampled_from([0.02, 0.001, 0.0, 0.3]))
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
