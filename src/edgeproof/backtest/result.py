"""What a backtest found, of one symbol or of several together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.backtest.replay import Unfilled, break_down_costs, compute_daily_returns
from edgeproof.backtest.tape import find_day_ends
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.results import EQUITY_CURVE
from edgeproof.evidence import add_up_trades, measure_account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from edgeproof.backtest.replay import CostBreakdown, Replay
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.results import Metrics


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BacktestResult:
    """Independent accounts of equal capital, one a symbol, and their sum; frames are built when asked for.

    Attributes:
        by_symbol: Each account.
        equity_ts: When the sum was sampled, UTC milliseconds, shape (s,).
        equity_values: The sum, shape (s,).
        daily_returns: Of the sum, from ``first_day`` on, shape (days,).
        unfilled: What did not become a trade.
        metrics: Every measure of the sum.
    """

    by_symbol: Mapping[str, Replay]
    equity_ts: IntArray
    equity_values: FloatArray
    daily_returns: FloatArray
    first_day: date
    unfilled: Unfilled
    metrics: Metrics

    @property
    def trades(self) -> pl.DataFrame:
        """Closed trades of all accounts in order of entry: ``domain.results.TRADE_LIST``."""
        return pl.concat([replay.trades for replay in self.by_symbol.values()]).sort(
            "entry_ts", "symbol", maintain_order=True
        )

    @property
    def partial_exits(self) -> pl.DataFrame:
        """What left at a target before the rest of its trade, in order of time: ``domain.results.PARTIAL_EXITS``."""
        return pl.concat([replay.partial_exits for replay in self.by_symbol.values()]).sort(
            "ts", "symbol", maintain_order=True
        )

    @property
    def equity(self) -> pl.DataFrame:
        """Equity of the sum: ``domain.results.EQUITY_CURVE``."""
        return pl.DataFrame({"ts": pl.Series(self.equity_ts).cast(UTC_MS), "equity": self.equity_values}, EQUITY_CURVE)

    @property
    def costs(self) -> CostBreakdown:
        """Where the money went."""
        return break_down_costs(self.metrics)

    def tear_sheet(self, path: str | Path, *, bars: pl.DataFrame | None = None, title: str = "backtest") -> Path:
        """Write this result's tear sheet, as `write_tear_sheet` does, which can do more; says where it is."""
        from edgeproof.backtest.tear_sheets import write_tear_sheet  # noqa: PLC0415 - pages load when one is asked for

        return write_tear_sheet(self, path, bars=bars, title=title)


def combine_replays(by_symbol: Mapping[str, Replay]) -> BacktestResult:
    """Add accounts up. Before an account's first bar it holds its capital, after its last what it ended with."""
    replays = list(by_symbol.values())
    if len(replays) == 1:
        only = replays[0]
        return BacktestResult(
            by_symbol=by_symbol,
            equity_ts=only.equity_ts,
            equity_values=only.equity_values,
            daily_returns=only.daily_returns,
            first_day=only.first_day,
            unfilled=only.unfilled,
            metrics=only.metrics,
        )
    initial = sum(replay.metrics.initial_equity for replay in replays)
    equity_ts, equity = _add_curves(replays)
    first_day, day_ends = find_day_ends(equity_ts)
    daily_returns = compute_daily_returns(initial, equity[day_ends])
    unfilled = sum((replay.unfilled for replay in replays), Unfilled())
    hold_ms = np.concatenate([replay.exit_ts - replay.entry_ts for replay in replays])
    sums = add_up_trades(np.concatenate([replay.records for replay in replays]), hold_ms)
    return BacktestResult(
        by_symbol=by_symbol,
        equity_ts=equity_ts,
        equity_values=equity,
        daily_returns=daily_returns,
        first_day=first_day,
        unfilled=unfilled,
        metrics=measure_account(
            sums,
            initial_equity=initial,
            equity_ts=equity_ts,
            equity=equity,
            daily_returns=daily_returns,
            exposure=sums.bars_held / sum(replay.bars for replay in replays),
            rejected_orders=unfilled.refused,
        ),
    )


def _add_curves(replays: list[Replay]) -> tuple[IntArray, FloatArray]:
    times = np.unique(np.concatenate([replay.equity_ts for replay in replays]))
    total = np.zeros(len(times))
    for replay in replays:
        newest = np.searchsorted(replay.equity_ts, times, side="right") - 1
        total += replay.equity_values[np.maximum(newest, 0)]
    return times, total
