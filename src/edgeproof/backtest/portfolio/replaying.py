"""Many legs over the bars of their symbols, on one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.backtest.portfolio.legs import order_legs
from edgeproof.backtest.portfolio.limits import Limits
from edgeproof.backtest.portfolio.orders import lay_out
from edgeproof.backtest.portfolio.result import DAILY_LOSS, LegResult, PortfolioResult
from edgeproof.backtest.portfolio.sizing import Signalled
from edgeproof.backtest.replay import compute_daily_returns
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE
from edgeproof.evidence import add_up_trades, estimate_sharpe, measure_account
from edgeproof.kernels.portfolio import replay_portfolio
from edgeproof.kernels.portfolio_records import CUT
from edgeproof.kernels.replay_records import END

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edgeproof.backtest.portfolio.legs import Leg
    from edgeproof.backtest.portfolio.sizing import Sizing
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.execution import Costs
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords

# By the numbers the kernel counts under; the last, CUT, is no reason to skip.
SKIP_REASONS: Final = (
    "late",
    "unsized",
    "refused",
    "spent",
    "no_stop",
    DAILY_LOSS,
    "max_positions",
    "margin",
    "max_gross",
    "max_symbol",
    "correlation",
    "missed",
)
_REFUSED: Final = SKIP_REASONS.index("refused")
_MOST_EQUITY: Final = 1e15


def replay_legs(  # noqa: PLR0913 - one keyword for each thing a result depends on
    tapes: Mapping[str, Tape],
    legs: Iterable[Leg],
    *,
    costs: Costs,
    sizing: Sizing | None = None,
    limits: Limits | None = None,
    rules: Mapping[str, InstrumentRules] | None = None,
    initial_equity: float = 10_000.0,
) -> PortfolioResult:
    """Trade legs on one account, by the rules of `docs/assumptions.md`.

    Args:
        tapes: Execution bars and funding by symbol, bars of one length.
        legs: In any order: where room is short they are served by priority, symbol and identity.
        costs: Fees, slippage, latency.
        sizing: Of the legs that do not bring their own; by default what the signals say, on equal parts.
        limits: What the account allows; by default everything.
        rules: The venue's rules by symbol; by default none but its highest leverage and maintenance margin.
        initial_equity: Quote units.

    Raises:
        RequestError: Legs and bars that do not fit together; says what was expected.
    """
    ordered = order_legs(legs)
    if not 0.0 < initial_equity <= _MOST_EQUITY:
        raise InvalidValue("initial_equity", initial_equity, f"a number above 0, at most {_MOST_EQUITY:g}")
    layout = lay_out(
        tapes,
        ordered,
        sizing=sizing or Signalled(),
        limits=limits or Limits(),
        costs=costs,
        rules=rules or {},
        initial_equity=float(initial_equity),
    )
    records, parts, owners, entry_equity, outcomes, account, worth = replay_portfolio(*layout.arguments)
    traded = [tapes[leg.symbol] for leg in ordered]
    entry_ts, exit_ts = _time_trades(records, owners, traded)
    by_entry = np.lexsort((exit_ts, owners, entry_ts))
    parts, part_ts = _order_parts(parts, by_entry, owners, traded)
    records, owners, entry_equity = records[by_entry], owners[by_entry], entry_equity[by_entry]
    entry_ts, exit_ts = entry_ts[by_entry], exit_ts[by_entry]
    equity = np.ascontiguousarray(account["equity"])
    day_equity = equity[layout.day_ends]
    daily_returns = compute_daily_returns(float(initial_equity), day_equity)
    by_leg = _spread_returns(worth, float(initial_equity), day_equity)
    hold_ms = exit_ts - entry_ts
    sums = add_up_trades(records, hold_ms)
    return PortfolioResult(
        legs=tuple(
            _describe_leg(
                leg,
                records[owners == at],
                entry_equity[owners == at],
                hold_ms[owners == at],
                outcomes[at],
                layout.ambiguous[at],
                by_leg[:, at],
            )
            for at, leg in enumerate(ordered)
        ),
        records=records,
        parts=parts,
        part_ts=part_ts,
        owners=owners,
        entry_equity=entry_equity,
        entry_ts=entry_ts,
        exit_ts=exit_ts,
        equity_ts=layout.sample_ts,
        account=account,
        daily_returns=daily_returns,
        first_day=layout.first_day,
        metrics=measure_account(
            sums,
            initial_equity=float(initial_equity),
            equity_ts=layout.sample_ts,
            equity=equity,
            daily_returns=daily_returns,
            exposure=sums.bars_held / sum(len(tapes[leg.symbol].bars) for leg in ordered),
            rejected_orders=int(outcomes[:, _REFUSED].sum()),
        ),
    )


def _time_trades(records: TradeRecords, owners: IntArray, tapes: Sequence[Tape]) -> tuple[IntArray, IntArray]:
    """Opens of the bars in which trades began and ended, or the last close where the data ended."""
    entry_ts, exit_ts = np.empty(len(records), np.int64), np.empty(len(records), np.int64)
    for at, tape in enumerate(tapes):
        mine = owners == at
        entry_ts[mine] = tape.bars.ts[records["entry_bar"][mine]]
        ended = np.where(records["reason"][mine] == END, tape.bars.timeframe.ms, 0)
        exit_ts[mine] = tape.bars.ts[records["exit_bar"][mine]] + ended
    return entry_ts, exit_ts


def _order_parts(
    parts: PartRecords, by_entry: IntArray, owners: IntArray, tapes: Sequence[Tape]
) -> tuple[PartRecords, IntArray]:
    """Parts in order of their trades, taken ``by_entry``, and the opens of the bars in which they left."""
    places = np.empty(len(by_entry), np.int64)
    places[by_entry] = np.arange(len(by_entry))
    ts, owner = np.empty(len(parts), np.int64), owners[parts["trade"]]
    for at, tape in enumerate(tapes):
        ts[owner == at] = tape.bars.ts[parts["bar"][owner == at]]
    ordered = parts.copy()
    ordered["trade"] = places[parts["trade"]]
    in_order = np.argsort(ordered["trade"])
    return ordered[in_order], ts[in_order]


def _spread_returns(worth: FloatArray, initial_equity: float, day_equity: FloatArray) -> FloatArray:
    """What each leg earned in a day over the account's equity at its begin, 0 once that is spent; (days, legs)."""
    earned = np.diff(worth, axis=0, prepend=0.0)
    before = np.concatenate([[initial_equity], day_equity[:-1]])[:, None]
    return np.where(before > 0.0, earned / np.where(before > 0.0, before, 1.0), 0.0)


def _describe_leg(  # noqa: PLR0913, PLR0917 - what one leg did, column by column
    leg: Leg,
    records: TradeRecords,
    entry_equity: FloatArray,
    hold_ms: IntArray,
    outcomes: IntArray,
    ambiguous: int,
    daily_returns: FloatArray,
) -> LegResult:
    counts = {"ambiguous": ambiguous, **dict(zip(SKIP_REASONS, outcomes.tolist(), strict=False))}
    leverage = records["size"] * records["entry_price"] / entry_equity
    return LegResult(
        name=leg.name,
        symbol=leg.symbol,
        priority=leg.priority,
        sums=add_up_trades(records, hold_ms),
        median_leverage=float(np.median(leverage)) if len(leverage) else None,
        skipped={reason: count for reason, count in counts.items() if count},
        cut=int(outcomes[CUT]),
        daily_returns=daily_returns,
        sharpe=estimate_sharpe(daily_returns) if len(records) >= MIN_TRADES_FOR_SHARPE else None,
    )
