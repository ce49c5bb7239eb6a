"""What became of an account that many legs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.backtest.replay import EXIT_REASONS, break_down_costs
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.results import PARTIAL_EXITS, TRADE_LIST
from edgeproof.kernels.portfolio_records import FLATTENED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    import numpy.typing as npt

    from edgeproof.backtest.replay import CostBreakdown
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.results import Interval, Metrics
    from edgeproof.evidence import TradeSums
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords

DAILY_LOSS: Final = "daily_loss"

# One row a closed trade, in order of entry, then of legs; `return` is pnl over the account's equity at entry.
PORTFOLIO_TRADES: Final = pl.Schema({"leg": pl.String(), **TRADE_LIST})

# One row for each part that left at its target before the rest of its trade, in order of time, then of legs.
PORTFOLIO_PARTS: Final = pl.Schema({"leg": pl.String(), **PARTIAL_EXITS})

# One row a sample of the account; equity = cash + unrealised.
ACCOUNT_CURVE: Final = pl.Schema(
    {
        "ts": UTC_MS,
        "equity": pl.Float64(),
        "cash": pl.Float64(),  # start, closed trades and parts that left, less what open positions have paid
        "unrealised": pl.Float64(),  # of open positions at the newest close of each, costs of leaving not yet paid
        "margin": pl.Float64(),  # of the cash, tied up by positions
        "reserved": pl.Float64(),  # of the cash, kept for orders that rest: margin and fee
        "long": pl.Float64(),  # notional
        "short": pl.Float64(),
        "positions": pl.Int64(),
        "orders": pl.Int64(),  # that rest
    }
)


# One row a leg, in the order in which they were served; money in quote units.
LEG_LIST: Final = pl.Schema(
    {
        "leg": pl.String(),
        "symbol": pl.String(),
        "trades": pl.Int64(),
        "pnl": pl.Float64(),  # after all costs
        "sharpe": pl.Float64(),  # annualised; of the leg's pnl over the account's equity at each day's begin
        "sharpe_low": pl.Float64(),  # its interval
        "sharpe_high": pl.Float64(),
        "win_rate": pl.Float64(),
        "profit_factor": pl.Float64(),
        "fees": pl.Float64(),
        "funding": pl.Float64(),
        "slippage": pl.Float64(),
        "median_leverage": pl.Float64(),  # notional over the account's equity at entry
        "cut": pl.Int64(),  # entries made smaller
        "skipped": pl.Int64(),  # wishes to enter that made no trade
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegResult:
    """One leg's part in an account.

    Attributes:
        name: As the leg was called.
        symbol: What it traded.
        priority: Its place where room was short.
        sums: Its closed trades added up.
        median_leverage: Notional over the account's equity at entry, half of the trades were no larger; None without
            trades.
        skipped: Wishes to enter that made no trade, by reason; reasons without any are left out.
        cut: Entries made smaller by limits or margin.
        daily_returns: What it earned in each UTC day, open positions at their newest price, over the account's equity
            at the day's begin, shape (days,): those of all legs add up to the account's.
        sharpe: Of these, annualised; None for fewer than 30 trades.
    """

    name: str
    symbol: str
    priority: int
    sums: TradeSums
    median_leverage: float | None
    skipped: Mapping[str, int]
    cut: int
    daily_returns: FloatArray
    sharpe: Interval | None

    @property
    def pnl(self) -> float:
        """What its trades earned after all costs, quote units."""
        return self.sums.gained - self.sums.lost


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortfolioResult:
    """One account and what its legs did; frames are built when asked for.

    Attributes:
        legs: In the order in which they were served.
        records: Closed trades, ``kernels.replay_records.TRADE_RECORD``, bars counted within their symbol, in order of
            entry, then of legs, shape (t,).
        parts: What left at a target before the rest, ``kernels.replay_records.PART_RECORD``, in order of trades.
        part_ts: Opens of the execution bars in which parts left, UTC milliseconds.
        owners: The leg of each trade, shape (t,).
        entry_equity: The account's equity just before each entry, or when the order was placed that rested, shape (t,).
        entry_ts, exit_ts: As those of a single replay, shape (t,).
        equity_ts: When the account was described: the start and every hour's last close, shape (s,).
        account: What it looked like, ``kernels.portfolio_records.SAMPLE_RECORD``, shape (s,).
        daily_returns: One for each UTC day from ``first_day`` on.
        metrics: Every measure of the account; exposure is the share of its legs' bars in position.
    """

    legs: tuple[LegResult, ...]
    records: TradeRecords
    parts: PartRecords
    part_ts: IntArray
    owners: IntArray
    entry_equity: FloatArray
    entry_ts: IntArray
    exit_ts: IntArray
    equity_ts: IntArray
    account: npt.NDArray[np.void]
    daily_returns: FloatArray
    first_day: date
    metrics: Metrics

    @property
    def trades(self) -> pl.DataFrame:
        """Closed trades: ``PORTFOLIO_TRADES``."""
        records = self.records
        names = ("entry_price", "exit_price", "size", "pnl", "fees", "funding", "slippage", "mae", "mfe", "bars_held")
        reasons = {**dict(enumerate(EXIT_REASONS)), FLATTENED: DAILY_LOSS}
        return pl.DataFrame(
            {
                **{name: np.ascontiguousarray(records[name]) for name in names},
                "leg": [self.legs[owner].name for owner in self.owners],
                "symbol": [self.legs[owner].symbol for owner in self.owners],
                "side": np.where(records["side"] > 0, "long", "short"),
                "entry_ts": pl.Series(self.entry_ts).cast(UTC_MS),
                "exit_ts": pl.Series(self.exit_ts).cast(UTC_MS),
                "return": records["pnl"] / self.entry_equity,
                "exit_reason": [reasons[int(reason)] for reason in records["reason"]],
            },
        ).select(pl.col(name).cast(dtype) for name, dtype in PORTFOLIO_TRADES.items())

    @property
    def partial_exits(self) -> pl.DataFrame:
        """What left at a target before the rest of its trade: ``PORTFOLIO_PARTS``."""
        trade = self.parts["trade"]
        owners = self.owners[trade]
        columns = {name: np.ascontiguousarray(self.parts[name]) for name in ("price", "size", "fee")}
        frame = pl.DataFrame(
            {
                **columns,
                "leg": pl.Series([self.legs[owner].name for owner in owners], dtype=pl.String),
                "symbol": pl.Series([self.legs[owner].symbol for owner in owners], dtype=pl.String),
                "side": pl.Series(np.where(self.records["side"][trade] > 0, "long", "short"), dtype=pl.String),
                "entry_ts": pl.Series(self.entry_ts[trade]).cast(UTC_MS),
                "ts": pl.Series(self.part_ts).cast(UTC_MS),
                "owner": owners,
            }
        )
        in_time = frame.sort("ts", "owner", maintain_order=True)
        return in_time.select(pl.col(name).cast(dtype) for name, dtype in PORTFOLIO_PARTS.items())

    @property
    def equity(self) -> pl.DataFrame:
        """The account over time: ``ACCOUNT_CURVE``."""
        account = self.account
        columns = {name: np.ascontiguousarray(account[name]) for name in account.dtype.names or ()}
        return pl.DataFrame(
            {
                "ts": pl.Series(self.equity_ts).cast(UTC_MS),
                **columns,
                "unrealised": columns["equity"] - columns["cash"],
            }
        ).select(pl.col(name).cast(dtype) for name, dtype in ACCOUNT_CURVE.items())

    @property
    def skipped(self) -> pl.DataFrame:
        """Wishes to enter that made no trade: ``leg, symbol, reason, count``."""
        rows = [
            {"leg": leg.name, "symbol": leg.symbol, "reason": reason, "count": count}
            for leg in self.legs
            for reason, count in leg.skipped.items()
        ]
        schema = {"leg": pl.String, "symbol": pl.String, "reason": pl.String, "count": pl.Int64}
        return pl.DataFrame(rows, schema)

    @property
    def by_leg(self) -> pl.DataFrame:
        """One row a leg, what it did to the account: ``LEG_LIST``."""
        return pl.DataFrame([_tell_leg(leg) for leg in self.legs], LEG_LIST)

    @property
    def costs(self) -> CostBreakdown:
        """Where the money went."""
        return break_down_costs(self.metrics)

    def tear_sheet(self, path: str | Path, *, bars: pl.DataFrame | None = None, title: str = "portfolio") -> Path:
        """Write this result's tear sheet, as `write_tear_sheet` does, which can do more; says where it is."""
        from edgeproof.backtest.tear_sheets import write_tear_sheet  # noqa: PLC0415 - pages load when one is asked for

        return write_tear_sheet(self, path, bars=bars, title=title)


def _tell_leg(leg: LegResult) -> dict[str, object]:
    sums = leg.sums
    return {
        "leg": leg.name,
        "symbol": leg.symbol,
        "trades": sums.trades,
        "pnl": leg.pnl,
        "sharpe": None if leg.sharpe is None else leg.sharpe.estimate,
        "sharpe_low": None if leg.sharpe is None else leg.sharpe.low,
        "sharpe_high": None if leg.sharpe is None else leg.sharpe.high,
        "win_rate": sums.wins / sums.trades if sums.trades else None,
        "profit_factor": sums.gained / sums.lost if sums.lost else None,
        "fees": sums.fees,
        "funding": sums.funding,
        "slippage": sums.slippage,
        "median_leverage": leg.median_leverage,
        "cut": leg.cut,
        "skipped": sum(leg.skipped.values()),
    }
