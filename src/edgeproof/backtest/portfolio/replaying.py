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
from edgeproof.backtest.tape import find_day_ends
from edgeproof.domain.errors import InvalidValue
from edgeproof.evidence import add_up_trades, measure_account
from edgeproof.kernels.portfolio import replay_portfolio
from edgeproof.kernels.portfolio_records import CUT
from edgeproof.kernels.replay import END

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edgeproof.backtest.portfolio.legs import Leg
    from edgeproof.backtest.portfolio.sizing import Sizing
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.execution import Costs
    from edgeproof.kernels.replay import TradeRecords

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
    records, owners, entry_equity, outcomes, account = replay_portfolio(*layout.arguments)
    entry_ts, exit_ts = _time_trades(records, owners, [tapes[leg.symbol] for leg in ordered])
    by_entry = np.lexsort((exit_ts, owners, entry_ts))
    records, owners, entry_equity = records[by_entry], owners[by_entry], entry_equity[by_entry]
    entry_ts, exit_ts = entry_ts[by_entry], exit_ts[by_entry]
    equity = np.ascontiguousarray(account["equity"])
    first_day, day_ends = find_day_ends(layout.sample_ts)
    daily_returns = compute_daily_returns(float(initial_equity), equity[day_ends])
    hold_ms = exit_ts - entry_ts
    sums = add_up_trades(records, hold_ms)
    return PortfolioResult(
        legs=tuple(
            _describe_leg(
                leg, records[owners == at], entry_equity[owners == at], hold_ms[owners == at], outcomes[at], both
            )
            for at, (leg, both) in enumerate(zip(ordered, layout.ambiguous, strict=True))
        ),
        records=records,
        owners=owners,
        entry_equity=entry_equity,
        entry_ts=entry_ts,
        exit_ts=exit_ts,
        equity_ts=layout.sample_ts,
        account=account,
        daily_returns=daily_returns,
        first_day=first_day,
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


def _describe_leg(  # noqa: PLR0913, PLR0917 - what one leg did, column by column
    leg: Leg, records: TradeRecords, entry_equity: FloatArray, hold_ms: IntArray, outcomes: IntArray, ambiguous: int
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
    )
