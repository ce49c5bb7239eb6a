"""Small random portfolios on nasty markets: gaps, ties, jumps, symbols that end early, limits that bind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Leg,
    Limits,
    RiskPerTrade,
    Signalled,
    Sizing,
)
from edgeproof.backtest.tape import Tape, prepare_tape
from edgeproof.domain.instruments import InstrumentRules, MarginTier
from edgeproof.domain.series import BarSeries
from edgeproof.domain.signals import Signals
from edgeproof.domain.time import Timeframe
from edgeproof.execution import Costs, HourlySlippage
from fakes.replay_cases import START_MS, STEP_MS, ReplayCase, replay_cases

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

LAYOUT_NAMES = ("sizing", "limits", "costs", "rules", "initial_equity")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioCase:
    """Everything `replay_legs` takes."""

    tapes: dict[str, Tape]
    legs: list[Leg]
    sizing: Sizing
    limits: Limits
    costs: Costs
    rules: dict[str, InstrumentRules]
    initial_equity: float

    @property
    def terms(self) -> dict[str, Any]:
        """What `replay_legs` takes besides bars and legs."""
        return {name: getattr(self, name) for name in LAYOUT_NAMES}


def make_series(ts: IntArray, prices: tuple[FloatArray, ...], timeframe: Timeframe) -> BarSeries:
    """Bars without volumes."""
    nothing = np.full(len(ts), np.nan)
    named = dict(zip(("open", "high", "low", "close"), prices, strict=True))
    others = dict.fromkeys(("volume", "quote_volume", "trades", "taker_buy_volume"), nothing)
    return BarSeries(timeframe=timeframe, ts=ts, **named, **others)


def make_tape(case: ReplayCase, shift_ms: int = 0) -> Tape:
    """A case's bars and funding, perhaps at another time."""
    bars = make_series(case.ts + shift_ms, (case.open_, case.high, case.low, case.close), Timeframe(1))
    tape = prepare_tape(bars, pl.DataFrame(schema={"ts": pl.Datetime("ms", "UTC"), "rate": pl.Float64}))
    tape = replace(tape, funding_bar=case.funding_bar.astype(np.int64), funding_rate=case.funding_rate)
    asked = case.orders
    if asked is None:
        return tape
    return replace(
        tape, slippage_factor=asked.factor, print_ts=asked.print_ts + shift_ms, print_price=asked.print_price
    )


def make_signals(case: ReplayCase, shift_ms: int = 0, *, turn: int = 0) -> Signals:
    """A case's decisions, or the same ones dealt out to other bars."""
    count, asked = len(case.decision_ts), case.orders
    nothing = tuple(np.full(count, 1.0) for _ in range(3))
    limited = asked is not None and len(asked.limit_offset) > 0
    long, short, exit_long, exit_short = (
        np.roll(flags, turn) for flags in (case.long, case.short, case.exit_long, case.exit_short)
    )
    stop, take, trail, leverage = (
        np.roll(np.broadcast_to(values, (count,)), turn) for values in (case.stop, case.take, case.trail, case.leverage)
    )
    return Signals(
        bars=make_series(
            case.decision_ts + shift_ms, (*nothing, case.decision_close), Timeframe(case.decision_ms // STEP_MS)
        ),
        long=long,
        short=short,
        exit_long=exit_long,
        exit_short=exit_short,
        stop=stop,
        take=take,
        trail=trail,
        leverage=leverage,
        max_hold=case.max_hold,
        cool_down=0 if asked is None else asked.cool_down,
        take_share=1.0 if asked is None else asked.take_share,
        limit_offset=np.roll(asked.limit_offset, turn) if asked is not None and limited else None,
        limit_wait=1 if asked is None else asked.wait,
    )


def make_costs(case: ReplayCase, *, fill_probability: float = 0.67) -> Costs:
    """A case's costs."""
    hourly = None
    if case.orders is not None and len(case.orders.hourly):
        sell, buy = (tuple(shares.tolist()) for shares in case.orders.hourly)
        hourly = HourlySlippage(buy=buy, sell=sell)
    return Costs(
        maker=case.maker,
        taker=case.taker,
        slippage=case.slippage,
        latency_ms=case.latency_ms,
        fill_probability=fill_probability,
        hourly=hourly,
    )


def make_rules(case: ReplayCase) -> InstrumentRules:
    """A case's rules."""
    return InstrumentRules(
        lot=case.lot,
        tick=case.tick,
        min_size=case.min_size,
        max_leverage=case.max_leverage,
        maintenance_margin=case.maintenance,
        tiers=()
        if case.orders is None
        else tuple(MarginTier(max_notional=n, maintenance=m, max_leverage=most) for n, m, most in case.orders.tiers),
    )


SIZINGS: tuple[Sizing, ...] = (
    Signalled(),
    Signalled(share=1.0),
    Signalled(share=0.4),
    FixedLeverage(leverage=0.6),
    FixedLeverage(leverage=5.0),
    RiskPerTrade(risk=0.02, max_leverage=8.0),
    FractionalKelly(fraction=0.5, max_leverage=3.0, trades=5, fewest=2, start=0.5),
)


@st.composite
def portfolio_cases(draw: st.DrawFn, *, most_bars: int = 60, busy: bool = False) -> PortfolioCase:
    """Draw a portfolio of up to three symbols and six legs, near a midnight so that days change.

    Legs of a busy one ask for orders of every kind, in markets that fill them.
    """
    markets = [draw(replay_cases(most_bars=most_bars, busy=busy)) for _ in range(draw(st.sampled_from([2, 1, 3])))]
    night = START_MS - draw(st.sampled_from([0, 20, 35])) * STEP_MS
    tapes: dict[str, Tape] = {}
    legs: list[Leg] = []
    for at, case in enumerate(markets):
        shift_ms = night - int(case.ts[0]) // STEP_MS * STEP_MS + draw(st.sampled_from([0, 0, 3])) * STEP_MS
        shift_ms -= int(case.ts[0]) % STEP_MS
        symbol = "ABC"[at]
        tapes[symbol] = make_tape(case, shift_ms)
        legs += [
            Leg(
                name=f"leg{number}",
                symbol=symbol,
                signals=make_signals(case, shift_ms, turn=number),
                priority=draw(st.sampled_from([0, 0, 1])),
                sizing=draw(st.sampled_from([None, None, *SIZINGS])),
            )
            for number in range(draw(st.sampled_from([1, 2])))
        ]
    return PortfolioCase(
        tapes=tapes,
        legs=legs,
        sizing=draw(st.sampled_from(SIZINGS)),
        limits=draw(limits()),
        costs=make_costs(markets[0], fill_probability=draw(st.sampled_from([0.67, 1.0, 0.0]))),
        rules={symbol: make_rules(case) for symbol, case in zip(tapes, markets, strict=True)},
        initial_equity=markets[0].initial_equity,
    )


def limits() -> st.SearchStrategy[Limits]:
    """Limits of which some bind."""
    return st.builds(
        Limits,
        max_positions=st.sampled_from([None, None, 1, 2]),
        max_gross=st.sampled_from([None, None, 0.5, 2.0]),
        max_symbol=st.sampled_from([None, None, 0.3, 1.5]),
        correlation=st.sampled_from([None, CorrelationCap(exposure=1.0), CorrelationCap(exposure=0.4, threshold=0.2)]),
        daily_loss=st.sampled_from([None, None, DailyLossStop(share=0.01), DailyLossStop(share=0.01, flatten=True)]),
        least_part=st.sampled_from([0.1, 0.0, 1.0]),
        margin_leverage=st.sampled_from([1.0, 5.0, 5.0, 1_000.0]),
    )
