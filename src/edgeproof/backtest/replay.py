"""One strategy's signals over one instrument's bars: the trades they make and what became of the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from edgeproof.backtest.orders import LONGEST, list_extras
from edgeproof.backtest.tape import Tape, prepare_tape
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.results import EQUITY_CURVE, PARTIAL_EXITS, TRADE_LIST
from edgeproof.evidence import add_up_trades, measure_account
from edgeproof.kernels.replay import replay
from edgeproof.kernels.replay_equity import mark_equity
from edgeproof.kernels.replay_events import gather_events
from edgeproof.kernels.replay_records import TRADE_RECORD
from edgeproof.kernels.trade_sums import time_trades

if TYPE_CHECKING:
    from datetime import date

    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray
    from edgeproof.domain.results import Metrics
    from edgeproof.domain.series import BarSeries
    from edgeproof.domain.signals import Signals
    from edgeproof.execution import Costs
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords

# By the numbers the kernel writes.
EXIT_REASONS: Final = ("signal", "reverse", "stop", "take", "trail", "max_hold", "liquidation", "end")
_MOST_EQUITY: Final = 1e15
_FIRST_TRADES: Final = 1 << 16  # room to begin with, where there are that many signals


@dataclass(frozen=True, slots=True, kw_only=True)
class CostBreakdown:
    """Where the money went, in quote units; ``net = gross - slippage - fees - funding``."""

    gross: float
    slippage: float
    fees: float
    funding: float
    net: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """Wishes to enter that made no trade.

    Attributes:
        ambiguous: Decisions that wished for both directions at once.
        late: The first bar to act on opened more than a decision bar after it was due.
        refused: The venue would have refused the order: too small, no margin, or a level on the wrong side.
        missed: A limit order rested and was not filled.
    """

    ambiguous: int = 0
    late: int = 0
    refused: int = 0
    missed: int = 0

    def __add__(self, other: Unfilled) -> Unfilled:
        return Unfilled(
            ambiguous=self.ambiguous + other.ambiguous,
            late=self.late + other.late,
            refused=self.refused + other.refused,
            missed=self.missed + other.missed,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """What became of one account; frames are built when asked for.

    Attributes:
        symbol: What was traded.
        records: Closed trades, ``kernels.replay_records.TRADE_RECORD``, in order of entry, shape (t,).
        parts: What left at a target before the rest, ``kernels.replay_records.PART_RECORD``, in order of trades.
        part_ts: Opens of the execution bars in which parts left, UTC milliseconds.
        entry_ts, exit_ts: Opens of the execution bars in which each trade began and ended (the close of the last bar
            where it ended with the data), UTC milliseconds, shape (t,).
        equity_ts, equity_values: Equity at the start and after every hour that has bars, shape (s,).
        daily_returns: One for each UTC day from ``first_day`` on; 0 for days without bars.
        exposure: Share of the bars in which a position was open.
        unfilled: What did not become a trade.
        metrics: Every measure.
    """

    symbol: str
    records: TradeRecords
    parts: PartRecords
    part_ts: IntArray
    entry_ts: IntArray
    exit_ts: IntArray
    equity_ts: IntArray
    equity_values: FloatArray
    daily_returns: FloatArray
    first_day: date
    bars: int
    unfilled: Unfilled
    metrics: Metrics

    @property
    def trades(self) -> pl.DataFrame:
        """Closed trades: ``domain.results.TRADE_LIST``."""
        records = self.records
        names = ("entry_price", "exit_price", "size", "pnl", "fees", "funding", "slippage", "mae", "mfe", "bars_held")
        columns = {name: np.ascontiguousarray(records[name]) for name in names}
        return pl.DataFrame(
            {
                **columns,
                "symbol": pl.repeat(self.symbol, len(records), dtype=pl.String, eager=True),
                "side": np.where(records["side"] > 0, "long", "short"),
                "entry_ts": pl.Series(self.entry_ts).cast(UTC_MS),
                "exit_ts": pl.Series(self.exit_ts).cast(UTC_MS),
                "return": records["pnl"] / self._equity_at_entry(),
                "exit_reason": np.array(EXIT_REASONS)[records["reason"]],
            },
        ).select(pl.col(name).cast(dtype) for name, dtype in TRADE_LIST.items())

    @property
    def partial_exits(self) -> pl.DataFrame:
        """What left at a target before the rest of its trade: ``domain.results.PARTIAL_EXITS``."""
        parts = self.parts
        gone = self.records[parts["trade"]]
        columns = {name: np.ascontiguousarray(parts[name]) for name in ("price", "size", "fee")}
        return pl.DataFrame(
            {
                **columns,
                "symbol": pl.repeat(self.symbol, len(parts), dtype=pl.String, eager=True),
                "side": np.where(gone["side"] > 0, "long", "short"),
                "entry_ts": pl.Series(self.entry_ts[parts["trade"]]).cast(UTC_MS),
                "ts": pl.Series(self.part_ts).cast(UTC_MS),
            },
        ).select(pl.col(name).cast(dtype) for name, dtype in PARTIAL_EXITS.items())

    def _equity_at_entry(self) -> FloatArray:
        return np.cumsum(np.concatenate([[self.metrics.initial_equity], self.records["pnl"]]))[:-1]

    @property
    def equity(self) -> pl.DataFrame:
        """Equity over time: ``domain.results.EQUITY_CURVE``."""
        return pl.DataFrame({"ts": pl.Series(self.equity_ts).cast(UTC_MS), "equity": self.equity_values}, EQUITY_CURVE)

    @property
    def costs(self) -> CostBreakdown:
        """Where the money went."""
        return break_down_costs(self.metrics)


def replay_signals(  # noqa: PLR0913 - one keyword for each thing a result depends on
    bars: BarSeries | Tape,
    signals: Signals,
    *,
    costs: Costs,
    funding: pl.DataFrame | None = None,
    rules: InstrumentRules | None = None,
    initial_equity: float = 10_000.0,
    symbol: str = "",
) -> Replay:
    """Trade one strategy's signals on one instrument, by the rules of `docs/assumptions.md`.

    Args:
        bars: Execution bars, the finest there are; a :class:`Tape` when many replays share them (funding is in it).
        signals: Decisions at the closes of bars at least as long.
        costs: Fees, slippage, latency.
        funding: ``ts`` and ``rate``.
        rules: The venue's rules; by default none but its highest leverage and maintenance margin.
        initial_equity: Quote units.
        symbol: Name in the list of trades.

    Raises:
        InvalidValue: Decision bars shorter than execution bars, bars no replay can use, or no equity to begin with.
    """
    tape = bars if isinstance(bars, Tape) else prepare_tape(bars, funding)
    limits = rules or InstrumentRules()
    if not 0.0 < initial_equity <= _MOST_EQUITY:
        raise InvalidValue("initial_equity", initial_equity, f"a number above 0, at most {_MOST_EQUITY:g}")
    if signals.bars.timeframe < tape.bars.timeframe:
        raise InvalidValue(
            "timeframe", signals.bars.timeframe.name, f"{tape.bars.timeframe} or longer, as the bars are"
        )
    found = find_trades(tape, signals, costs, limits, float(initial_equity), symbol)
    return _describe(tape, found, costs, initial_equity=float(initial_equity), symbol=symbol)


def break_down_costs(metrics: Metrics) -> CostBreakdown:
    """Where the money of an account went."""
    net = metrics.gross_profit - metrics.gross_loss
    paid = metrics.slippage + metrics.fees + metrics.funding
    return CostBreakdown(
        gross=net + paid, slippage=metrics.slippage, fees=metrics.fees, funding=metrics.funding, net=net
    )


class Found(NamedTuple):
    """The trades of one replay, before anything is said of them.

    Attributes:
        records: ``TRADE_RECORD`` in order of entry, shape (t,).
        parts: ``PART_RECORD`` of what left before the rest, shape (p,).
        rested: Whether an order that rested entered each trade, shape (t,), or empty where none did.
        unfilled: What did not become a trade.
    """

    records: TradeRecords
    parts: PartRecords
    rested: BoolArray
    unfilled: Unfilled


def find_trades(  # noqa: PLR0913, PLR0917 - what one replay was asked
    tape: Tape, signals: Signals, costs: Costs, rules: InstrumentRules, initial_equity: float, symbol: str
) -> Found:
    """The trades alone, without times, equity and measures: the first step of :func:`replay_signals`, unchecked."""
    index, code, ambiguous = gather_events(
        *(np.ascontiguousarray(flags) for flags in (signals.long, signals.short, signals.exit_long, signals.exit_short))
    )
    stop, stop_stride = _compact(signals.stop)
    take, take_stride = _compact(signals.take)
    trail, trail_stride = _compact(signals.trail)
    leverage, leverage_stride = _compact(signals.leverage)
    records, parts, rested, (late, refused, missed) = replay(
        tape.bars.ts,
        tape.bars.open,
        tape.high,
        tape.low,
        tape.bars.close,
        tape.bars.timeframe.ms,
        signals.bars.ts,
        signals.bars.timeframe.ms,
        index,
        code,
        stop,
        take,
        trail,
        leverage,
        stop_stride,
        take_stride,
        trail_stride,
        leverage_stride,
        min(signals.max_hold, LONGEST),
        tape.funding_bar,
        tape.funding_rate,
        initial_equity,
        costs.taker,
        costs.slippage,
        costs.latency_ms,
        rules.lot,
        rules.tick,
        rules.min_size,
        rules.max_leverage,
        rules.maintenance_margin,
        list_extras(tape, signals, costs, rules, symbol, index, code),
        tape.span_high,
        tape.span_low,
        np.empty(min(len(index), _FIRST_TRADES), TRADE_RECORD),
    )
    return Found(records, parts, rested, Unfilled(ambiguous=ambiguous, late=late, refused=refused, missed=missed))


def _compact(values: FloatArray) -> tuple[FloatArray, int]:
    """A value per decision and a stride of 1; or, where one value was broadcast, that value and a stride of 0."""
    if values.strides == (0,) and len(values):
        return np.ascontiguousarray(values[:1]), 0
    return np.ascontiguousarray(values), 1


def _describe(tape: Tape, found: Found, costs: Costs, *, initial_equity: float, symbol: str) -> Replay:
    bars, records, parts, unfilled = tape.bars, found.records, found.parts, found.unfilled
    entry_ts, exit_ts = time_trades(records, bars.ts, bars.timeframe.ms)
    funding = tape.funding_bar, tape.funding_rate
    fees = float(costs.taker), float(costs.maker)
    samples = tape.samples, tape.sample_close
    marked = mark_equity(records, parts, found.rested, *samples, bars.open, *funding, initial_equity, *fees)
    equity = np.concatenate([[initial_equity], marked])
    daily_returns = compute_daily_returns(initial_equity, equity[tape.day_ends])
    sums = add_up_trades(records, exit_ts - entry_ts)
    return Replay(
        symbol=symbol,
        records=records,
        parts=parts,
        part_ts=bars.ts[parts["bar"]],
        entry_ts=entry_ts,
        exit_ts=exit_ts,
        equity_ts=tape.sample_ts,
        equity_values=equity,
        daily_returns=daily_returns,
        first_day=tape.first_day,
        bars=len(bars),
        unfilled=unfilled,
        metrics=measure_account(
            sums,
            initial_equity=initial_equity,
            equity_ts=tape.sample_ts,
            equity=equity,
            daily_returns=daily_returns,
            exposure=sums.bars_held / len(bars),
            rejected_orders=unfilled.refused,
        ),
    )


def compute_daily_returns(initial_equity: float, day_ends: FloatArray) -> FloatArray:
    """Simple returns of equity from one midnight to the next, shape (days,); 0 once the account is at zero."""
    before = np.concatenate([[initial_equity], day_ends[:-1]])
    spent = before <= 0.0
    return np.where(spent, 0.0, day_ends / np.where(spent, 1.0, before) - 1.0)
