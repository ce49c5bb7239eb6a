"""Legs and tapes laid out as the kernel reads them: everything one after the other, nothing by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.backtest.orders import LONGEST, check_slippage, draw_luck, price_limits
from edgeproof.backtest.portfolio.correlation import correlate_tapes
from edgeproof.backtest.portfolio.sizing import size_entries
from edgeproof.backtest.tape import find_day_ends
from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.time import MS_PER_DAY
from edgeproof.kernels.portfolio_records import LEG_RECORD, ORDER_RECORD, SYMBOL_RECORD, PortfolioExtras
from edgeproof.kernels.replay_events import gather_events
from edgeproof.kernels.replay_extras import NO_EXTRAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import numpy.typing as npt

    from edgeproof.backtest.portfolio.legs import Leg
    from edgeproof.backtest.portfolio.limits import Limits
    from edgeproof.backtest.portfolio.sizing import Sized, Sizing
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.execution import Costs

_EVERY_POSITION: Final = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A portfolio as the kernel reads it.

    Attributes:
        arguments: Of ``kernels.portfolio.replay_portfolio``, in order.
        sample_ts: When the account is described, UTC milliseconds, shape (s,).
        first_day: UTC day of the first of them.
        day_ends: The newest of them at the end of each UTC day from there on, shape (days,).
        ambiguous: Decisions of each leg that wished for both directions.
    """

    arguments: tuple[Any, ...]
    sample_ts: IntArray
    first_day: date
    day_ends: IntArray
    ambiguous: tuple[int, ...]


def lay_out(  # noqa: PLR0913 - one keyword for each thing a result depends on
    tapes: Mapping[str, Tape],
    legs: Sequence[Leg],
    *,
    sizing: Sizing,
    limits: Limits,
    costs: Costs,
    rules: Mapping[str, InstrumentRules],
    initial_equity: float,
) -> Layout:
    """Lay a portfolio out; ``legs`` in the order in which they are served.

    Raises:
        UnknownName: A leg trades a symbol without bars.
        InvalidValue: Bars of several lengths or that overlap, or decisions on shorter bars than those traded.
    """
    symbols = sorted({leg.symbol for leg in legs})
    for symbol in symbols:
        if symbol not in tapes:
            raise UnknownName("bars of", symbol, tapes)
    used = [tapes[symbol] for symbol in symbols]
    step_ms = _agree_on_step(symbols, used)
    for tape in used:
        check_slippage(costs, tape)
    terms = [rules.get(symbol, InstrumentRules()) for symbol in symbols]
    offsets = np.concatenate([[0], np.cumsum([len(tape.bars) for tape in used])])
    sized = [
        size_entries(
            leg.sizing or sizing,
            leg.signals,
            tapes[leg.symbol],
            symbol=leg.symbol,
            legs=len(legs),
            costs=costs,
            rules=rules.get(leg.symbol, InstrumentRules()),
        )
        for leg in legs
    ]
    orders, ambiguous = _list_orders(legs, sized, symbols, used, offsets, step_ms, costs.latency_ms)
    sample_ts = _choose_samples(used)
    first_day, last_day = (int(ts) // MS_PER_DAY for ts in (sample_ts[0], sample_ts[-1]))
    opening_day, day_ends = find_day_ends(sample_ts)
    cap, loss = limits.correlation, limits.daily_loss
    correlations = np.ones((1, 1, 1))
    if cap is not None:
        correlations = correlate_tapes(used, first_day=first_day, days=last_day - first_day + 1, window_days=cap.days)
    arguments = (
        *(_join([getattr(tape.bars, name) for tape in used]) for name in ("ts", "open")),
        *(_join([getattr(tape, name) for tape in used]) for name in ("high", "low")),
        _join([tape.bars.close for tape in used]),
        step_ms,
        _describe_symbols(used, terms, offsets),
        _describe_legs(legs, sized, symbols),
        orders,
        np.concatenate([tape.funding_bar + offset for tape, offset in zip(used, offsets[:-1], strict=True)]),
        np.concatenate([tape.funding_rate for tape in used]),
        _list_tiers(terms),
        correlations,
        first_day,
        sample_ts,
        day_ends,
        float(initial_equity),
        float(costs.taker),
        float(costs.slippage),
        NO_EXTRAS.hourly if costs.hourly is None else np.array([costs.hourly.sell, costs.hourly.buy]),
        _join_factors(used),
        int(costs.latency_ms),
        _EVERY_POSITION if limits.max_positions is None else limits.max_positions,
        *(np.inf if most is None else float(most) for most in (limits.max_gross, limits.max_symbol)),
        np.inf if cap is None else float(cap.exposure),
        1.0 if cap is None else float(cap.threshold),
        float(limits.least_part),
        float(limits.margin_leverage),
        0.0 if loss is None else float(loss.share),
        loss is not None and loss.flatten,
        _list_extras(legs, used, orders, costs, [rules.get(leg.symbol, InstrumentRules()) for leg in legs]),
    )
    return Layout(
        arguments=arguments, sample_ts=sample_ts, first_day=opening_day, day_ends=day_ends, ambiguous=ambiguous
    )


def _agree_on_step(symbols: Sequence[str], tapes: Sequence[Tape]) -> int:
    step = tapes[0].bars.timeframe
    for symbol, tape in zip(symbols, tapes, strict=True):
        if tape.bars.timeframe != step:
            told = f"{symbols[0]} on {step} and {symbol} on {tape.bars.timeframe}"
            raise InvalidValue("bars", told, "bars of one length for every symbol of a portfolio; resample the finer")
        apart = (tape.bars.ts - tapes[0].bars.ts[0]) % step.ms
        if len(tapes) > 1 and apart.any():
            told = f"bars of {symbol} that open {int(apart[np.argmax(apart > 0)])} ms after those of {symbols[0]}"
            raise InvalidValue("bars", told, "bars of several symbols that open together")
    return step.ms


def _choose_samples(tapes: Sequence[Tape]) -> IntArray:
    """The first open of all, then every last close of an hour that any symbol has."""
    start = min(int(tape.sample_ts[0]) for tape in tapes)
    return np.unique(np.concatenate([[start], *(tape.sample_ts[1:] for tape in tapes)]))


def _list_orders(  # noqa: PLR0913, PLR0917 - what the orders of all legs are made of
    legs: Sequence[Leg],
    sized: Sequence[Sized],
    symbols: Sequence[str],
    tapes: Sequence[Tape],
    offsets: IntArray,
    step_ms: int,
    latency_ms: int,
) -> tuple[npt.NDArray[np.void], tuple[int, ...]]:
    parts, ambiguous = [], []
    for at, (leg, size) in enumerate(zip(legs, sized, strict=True)):
        place, signals = symbols.index(leg.symbol), leg.signals
        ts, decided = tapes[place].bars.ts, signals.bars
        if decided.timeframe < tapes[place].bars.timeframe:
            expected = f"{tapes[place].bars.timeframe} or longer, as the bars are"
            raise InvalidValue("timeframe", decided.timeframe.name, expected)
        flags = signals.long, signals.short, signals.exit_long, signals.exit_short
        index, code, both = gather_events(*(np.ascontiguousarray(values) for values in flags))
        due = decided.ts[index] + decided.timeframe.ms + latency_ms // step_ms * step_ms
        bar = np.searchsorted(ts, due)
        acts = bar < len(ts)  # what comes after the last bar never acts; due ascends
        index, code, due, bar = index[acts], code[acts], due[acts], bar[acts]
        part = np.empty(len(index), ORDER_RECORD)
        part["acts_ts"], part["due_ts"], part["bar"], part["leg"] = ts[bar], due, bar + offsets[place], at
        part["decision"], part["code"] = index, code
        part["leverage"] = size.leverage[index]
        for name in ("stop", "take", "trail"):
            part[name] = getattr(signals, name)[index]
        parts.append(part)
        ambiguous.append(int(both))
    orders = np.concatenate(parts)
    return orders[np.lexsort((orders["leg"], orders["due_ts"], orders["acts_ts"]))], tuple(ambiguous)


def _list_extras(
    legs: Sequence[Leg],
    tapes: Sequence[Tape],
    orders: npt.NDArray[np.void],
    costs: Costs,
    rules: Sequence[InstrumentRules],
) -> PortfolioExtras | None:
    """What only some portfolios ask for; None where nobody does, since a replay without it is another kernel."""
    resting = any(leg.signals.limit_offset is not None for leg in legs)
    parting = any(leg.signals.take_share != 1.0 for leg in legs)
    if not (resting or parting or any(len(tape.print_ts) for tape in tapes)):
        return None
    limit = np.full(len(orders) if resting else 0, np.nan)
    fillable = np.zeros(len(limit), np.bool_)
    for at, (leg, terms) in enumerate(zip(legs, rules, strict=True)):
        signals = leg.signals
        if signals.limit_offset is not None:
            mine = orders["leg"] == at
            index, code = orders["decision"][mine], orders["code"][mine]
            limit[mine] = price_limits(code, signals.bars.close[index], signals.limit_offset[index], terms.tick)
            fillable[mine] = draw_luck(signals.bars.ts[index], costs.seed, leg.symbol) < costs.fill_probability
    return PortfolioExtras(
        limit=limit,
        fillable=fillable,
        maker=float(costs.maker),
        print_ts=_join([tape.print_ts for tape in tapes]),
        print_price=_join([tape.print_price for tape in tapes]),
    )


def _describe_symbols(
    tapes: Sequence[Tape], rules: Sequence[InstrumentRules], offsets: IntArray
) -> npt.NDArray[np.void]:
    described = np.zeros(len(tapes), SYMBOL_RECORD)
    described["first"], described["end"] = offsets[:-1], offsets[1:]
    funded = np.cumsum([len(tape.funding_bar) for tape in tapes])
    described["funding_end"] = funded
    described["funding_first"][1:] = funded[:-1]
    tiered = np.cumsum([len(one.tiers) for one in rules])
    described["tier_end"] = tiered
    described["tier_first"][1:] = tiered[:-1]
    printed = np.cumsum([len(tape.print_ts) for tape in tapes])
    described["print_end"] = printed
    described["print_first"][1:] = printed[:-1]
    for name in ("lot", "tick", "min_size", "max_leverage"):
        described[name] = [getattr(terms, name) for terms in rules]
    described["maintenance"] = [terms.maintenance_margin for terms in rules]
    return described


def _list_tiers(rules: Sequence[InstrumentRules]) -> FloatArray:
    rows = [(tier.max_notional, tier.maintenance, tier.max_leverage) for terms in rules for tier in terms.tiers]
    return np.array(rows, np.float64).reshape(-1, 3)


def _describe_legs(legs: Sequence[Leg], sized: Sequence[Sized], symbols: Sequence[str]) -> npt.NDArray[np.void]:
    described = np.zeros(len(legs), LEG_RECORD)
    described["symbol"] = [symbols.index(leg.symbol) for leg in legs]
    described["decision_ms"] = [leg.signals.bars.timeframe.ms for leg in legs]
    described["max_hold"] = [min(leg.signals.max_hold, LONGEST) for leg in legs]
    described["cool_down"] = [min(leg.signals.cool_down, LONGEST) for leg in legs]
    described["wait"] = [min(leg.signals.limit_wait, LONGEST) for leg in legs]
    described["take_share"] = [leg.signals.take_share for leg in legs]
    described["share"] = [size.share for size in sized]
    described["risk"] = [size.risk for size in sized]
    return described


def _join_factors(tapes: Sequence[Tape]) -> FloatArray:
    if not any(len(tape.slippage_factor) for tape in tapes):
        return np.empty(0)
    return np.concatenate(
        [tape.slippage_factor if len(tape.slippage_factor) else np.ones(len(tape.bars)) for tape in tapes]
    )


def _join(arrays: Sequence[FloatArray | IntArray]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(arrays[0]) if len(arrays) == 1 else np.concatenate(arrays)
