"""One account with shared cash: our trades are vectorbt's, one by one, where both mean the same.

Long positions of one lot each, bought with cash that is there or not at all. Symbols differ in price by more than they
move, so that vectorbt's order of calls (exits first, then the smaller orders) is that of the symbols' names.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest.portfolio import Leg, Limits, Signalled, replay_legs
from edgeproof.backtest.tape import prepare_tape
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.series import BarSeries
from edgeproof.domain.signals import Signals
from edgeproof.domain.time import Timeframe
from edgeproof.execution import Costs
from fakes.replay_cases import START_MS, STEP_MS
from parity.engines import import_peer

if TYPE_CHECKING:
    from edgeproof.backtest.portfolio import PortfolioResult
    from edgeproof.domain.arrays import BoolArray, FloatArray

import_peer("vectorbt")

BARS = 500
SYMBOLS = ("A", "B", "C", "D")
LEVELS = np.array([50.0, 100.0, 200.0, 400.0])
LOT = 10.0
CASH = 5_500.0  # of the 7,500 that all four cost together


def draw_market(seed: int) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Opens (bars + 1 of them), wishes to enter and to leave, one column a symbol."""
    rng = np.random.default_rng(seed)
    opens = LEVELS * np.exp(np.cumsum(rng.normal(0.0, 0.002, (BARS + 1, len(SYMBOLS))), axis=0))
    enters, leaves = rng.random((2, BARS, len(SYMBOLS))) < 0.1
    enters[-1], leaves[-1] = False, False
    leaves[-2] = True
    return opens, enters & ~leaves, leaves


def trade_here(opens: FloatArray, enters: BoolArray, leaves: BoolArray, costs: Costs) -> PortfolioResult:
    nothing, none = np.full(BARS, np.nan), np.zeros(BARS, np.bool_)
    tapes, legs, rules = {}, [], {}
    for column, symbol in enumerate(SYMBOLS):
        prices = np.ascontiguousarray(opens[:-1, column]), np.ascontiguousarray(opens[1:, column])
        bars = BarSeries(
            timeframe=Timeframe(1),
            ts=START_MS + np.arange(BARS) * STEP_MS,
            open=prices[0],
            high=np.maximum(*prices),
            low=np.minimum(*prices),
            close=prices[1],
            volume=nothing,
            quote_volume=nothing,
            trades=nothing,
            taker_buy_volume=nothing,
        )
        tapes[symbol] = prepare_tape(bars)
        # Leverage for one lot and a half, of which one is left by the lot: never more than one, so nothing is borrowed.
        leverage = 1.5 * LOT * prices[1] / CASH
        signals = Signals(
            bars=bars,
            long=np.ascontiguousarray(enters[:, column]),
            short=none,
            exit_long=np.ascontiguousarray(leaves[:, column]),
            exit_short=none,
            stop=nothing,
            take=nothing,
            trail=nothing,
            leverage=np.minimum(leverage, 1.0),
        )
        legs.append(Leg(name="lot", symbol=symbol, signals=signals))
        rules[symbol] = InstrumentRules(lot=LOT, maintenance_margin=0.0)
    limits = Limits(least_part=0.0)
    return replay_legs(
        tapes, legs, costs=costs, sizing=Signalled(share=1.0), limits=limits, rules=rules, initial_equity=CASH
    )


def trade_there(opens: FloatArray, enters: BoolArray, leaves: BoolArray, costs: Costs) -> Any:  # noqa: ANN401 - pandas
    vbt = import_peer("vectorbt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        portfolio = vbt.Portfolio.from_signals(
            pl.DataFrame(opens[1:], schema=list(SYMBOLS)).to_pandas(),
            entries=enters,
            exits=leaves,
            price=opens[1:],  # the next open, one bar early
            size=LOT,
            fees=costs.taker,
            slippage=costs.slippage,
            init_cash=CASH,
            cash_sharing=True,
            group_by=True,
            call_seq="auto",
            allow_partial=False,
            raise_reject=False,
            freq="1min",
        )
        return portfolio.exit_trades.records


@pytest.mark.parametrize("costs", [Costs(taker=0, slippage=0), Costs(taker=0.0006, slippage=0.0005)])
@pytest.mark.parametrize("seed", range(6))
def test_shared_cash_buys_the_same_lots(seed: int, costs: Costs) -> None:
    opens, enters, leaves = draw_market(seed)
    ours, theirs = trade_here(opens, enters, leaves, costs), trade_there(opens, enters, leaves, costs)
    theirs = theirs.sort_values(["entry_idx", "col"], kind="stable")
    assert len(ours.records) > 60
    assert sum(leg.skipped.get("refused", 0) for leg in ours.legs) > 10, "cash is short now and then"
    assert ours.owners.tolist() == theirs["col"].tolist()
    # An order of bar i is one of bar i + 1.
    assert ours.records["entry_bar"].tolist() == (theirs["entry_idx"] + 1).tolist()
    assert ours.records["exit_bar"].tolist() == (theirs["exit_idx"] + 1).tolist()
    for mine, other in (("entry_price",) * 2, ("exit_price",) * 2, ("size",) * 2, ("pnl",) * 2):
        np.testing.assert_allclose(ours.records[mine], theirs[other], rtol=1e-9, atol=1e-9, err_msg=mine)
    fees = theirs["entry_fees"] + theirs["exit_fees"]
    np.testing.assert_allclose(ours.records["fees"], fees, rtol=1e-9, atol=1e-12)
