"""One call a backtester, each giving its closed trades as the same frame.

Prices at which an engine decides and those at which it acts are set up alike: a wish made at a close acts at the next
open. What each engine is told for that, and what it cannot be told, is on ``docs/concepts/parity.md``.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import backtest_signals
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray
    from parity.wishes import Terms, Wishes

TRADES: Final = pl.Schema(
    {
        "side": pl.Int64(),
        "entry_ts": UTC_MS,
        "exit_ts": UTC_MS,
        "entry_price": pl.Float64(),
        "exit_price": pl.Float64(),
        "size": pl.Float64(),
        "fees": pl.Float64(),
        "pnl": pl.Float64(),
    }
)
# Of the equity: backtesting.py takes a share below one, and reads whole numbers as units.
NEARLY_ALL: Final = 0.9999


def import_peer(name: str) -> Any:  # noqa: ANN401 - the libraries carry no types
    """Another backtester, or a skip of the module that asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, about their own dependencies
        return pytest.importorskip(name, reason=f"{name} is not installed; it comes with the extra 'bench'")


def trade_here(
    wishes: Wishes, terms: Terms, *, share: float = 1.0, whole_units: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Our trades, and why each of them ended.

    ``share`` of the equity is spent with its entry fee in it, as the others do. Fixed units are one lot: a size is
    rounded down to whole lots, and a leverage for one and a half of them is asked for.
    """
    side = np.where(wishes.short, -1.0, 1.0)
    fill = wishes.next_open * (1.0 + side * terms.slippage)
    lot = float(terms.units or whole_units)
    leverage: FloatArray | float = share / (1.0 + terms.fee)
    if terms.units:
        leverage = 1.5 * terms.units * fill / terms.cash
    found = backtest_signals(
        wishes.bars,
        long=wishes.long,
        short=wishes.short,
        exit_long=wishes.exit_long,
        exit_short=wishes.exit_short,
        stop=terms.stop * fill,
        take=terms.take * fill,
        leverage=leverage,
        costs=Costs(maker=0.0, taker=terms.fee, slippage=terms.slippage, latency_ms=0),
        rules=InstrumentRules(lot=lot, maintenance_margin=0.0),
        initial_equity=terms.cash,
    ).trades
    side_number = pl.when(pl.col("side") == "long").then(1).otherwise(-1).cast(pl.Int64).alias("side")
    return found.select(side_number, *list(TRADES)[1:]), found["exit_reason"].to_list()


def trade_in_vectorbt(wishes: Wishes, terms: Terms, **other: object) -> pl.DataFrame:
    """Closed trades of ``Portfolio.from_signals``; ``other`` goes before what we tell it.

    It fills in the signal's own bar and looks for stops in the bars after it. Its price is therefore the next bar's
    open, given one bar early: an order of a signal in bar *i* is one of bar *i + 1*, a stop of bar *i* one of bar *i*.
    """
    vbt = import_peer("vectorbt")
    columns = {name: wishes.price(name) for name in ("open", "high", "low", "close")}
    next_open = np.append(wishes.price("open")[1:], wishes.price("close")[-1])
    told: dict[str, Any] = {
        **{name: columns[name] for name in ("open", "high", "low")},
        "entries": wishes.long,
        "exits": wishes.exit_long,
        "short_entries": wishes.short,
        "short_exits": wishes.exit_short,
        "price": next_open,
        "size": float(terms.units) if terms.units else np.inf,
        "fees": terms.fee,
        "slippage": terms.slippage,
        "sl_stop": terms.stop,
        "tp_stop": terms.take,
        "stop_entry_price": "fillprice",
        "stop_exit_price": "stopmarket",
        "upon_opposite_entry": "reverse",
        "upon_long_conflict": "exit",
        "upon_short_conflict": "exit",
        "init_cash": terms.cash,
        "freq": "1min",
    } | other
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        records = vbt.Portfolio.from_signals(_to_pandas(wishes, {"close": columns["close"]})["close"], **told)
        found = records.exit_trades.records
    found = found[found["status"] == 1]  # closed
    side = np.where(found["direction"].to_numpy() == 0, 1, -1)
    entry, exit_ = found["entry_idx"].to_numpy(), found["exit_idx"].to_numpy()
    early = "price" not in other
    paid = found["exit_price"].to_numpy()
    order = np.broadcast_to(told["price"], len(wishes.long))[exit_] * (1.0 - side * terms.slippage)
    by_signal = _left_by_signal(wishes, side, exit_, paid, order)
    return _frame(
        side=side,
        entry_ts=wishes.ts[entry + early],
        exit_ts=wishes.ts[exit_ + (by_signal & early)],
        entry_price=found["entry_price"].to_numpy(),
        exit_price=paid,
        size=found["size"].to_numpy(),
        fees=(found["entry_fees"] + found["exit_fees"]).to_numpy(),
        pnl=found["pnl"].to_numpy(),
    )


def trade_in_backtesting_py(wishes: Wishes, terms: Terms, **other: object) -> pl.DataFrame:
    """Trades of ``Backtest.run``, by a strategy that reads the wishes; ``other`` goes to ``Backtest``."""
    peer = import_peer("backtesting")
    long = wishes.long & ~wishes.short & ~wishes.exit_long
    short = wishes.short & ~wishes.long & ~wishes.exit_short
    next_open = wishes.next_open
    size = terms.units or NEARLY_ALL

    def level(at: int, distance: float) -> float | None:
        return None if np.isnan(distance) else float(next_open[at] * (1.0 + distance))

    class Given(peer.Strategy):  # type: ignore[misc, name-defined]  # the library carries no types
        def init(self) -> None:
            """Nothing to prepare."""

        def next(self) -> None:
            at = len(self.data) - 1
            if self.position.is_long and (wishes.exit_long[at] or short[at]):
                self.position.close()
            if self.position.is_short and (wishes.exit_short[at] or long[at]):
                self.position.close()
            if long[at] and not self.position.is_long:
                self.buy(size=size, sl=level(at, -terms.stop), tp=level(at, terms.take))
            if short[at] and not self.position.is_short:
                self.sell(size=size, sl=level(at, terms.stop), tp=level(at, -terms.take))

    columns = {name.capitalize(): wishes.price(name) for name in ("open", "high", "low", "close")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bench = peer.Backtest(
            _to_pandas(wishes, columns), Given, **{"cash": terms.cash, "commission": terms.fee} | other
        )
        found = bench.run()["_trades"].rename(columns=str.lower)
    units = found["size"].to_numpy()
    return _frame(
        side=np.sign(units),
        entry_ts=wishes.ts[found["entrybar"].to_numpy(np.int64)],
        exit_ts=wishes.ts[found["exitbar"].to_numpy(np.int64)],
        entry_price=found["entryprice"].to_numpy(),
        exit_price=found["exitprice"].to_numpy(),
        size=np.abs(units),
        fees=found["commission"].to_numpy(),
        pnl=found["pnl"].to_numpy(),
    ).sort("entry_ts", "exit_ts", maintain_order=True)


def assert_same_trades(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """One by one: the same side and times; price, size, fees and pnl within 1e-9 of their size.

    A pnl that is nearly nothing beside the notional it came from is held to 1e-13 of that notional.
    """
    exact = ["side", "entry_ts", "exit_ts"]
    for at, (mine, other) in enumerate(zip(ours.select(exact).rows(), theirs.select(exact).rows(), strict=False)):
        assert mine == other, f"trade {at}: {ours.row(at)} here, {theirs.row(at)} there"
    assert ours.height == theirs.height
    for name in ("entry_price", "exit_price", "size", "fees"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=0.0, err_msg=name)
    notional = (ours["size"] * ours["entry_price"]).to_numpy()
    apart = np.abs((ours["pnl"] - theirs["pnl"]).to_numpy())
    allowed = np.maximum(1e-9 * np.abs(theirs["pnl"].to_numpy()), 1e-13 * notional)
    assert (apart <= allowed).all(), f"pnl of trade {int(np.argmax(apart / allowed))}: {apart.max()} apart"


def _left_by_signal(wishes: Wishes, side: IntArray, exit_: IntArray, paid: FloatArray, order: FloatArray) -> BoolArray:
    """Which exits were orders of a signal in that bar: there was such a signal, and the order's price was paid."""
    asked = np.where(side > 0, (wishes.exit_long | wishes.short)[exit_], (wishes.exit_short | wishes.long)[exit_])
    left: BoolArray = np.logical_and(asked, np.isclose(paid, order, rtol=1e-13, atol=0.0))
    return left


def _to_pandas(wishes: Wishes, columns: dict[str, FloatArray]) -> Any:  # noqa: ANN401 - pandas comes with the peers
    ts = wishes.bars["ts"].dt.replace_time_zone(None)
    return pl.DataFrame({"ts": ts, **columns}).to_pandas().set_index("ts")


def _frame(**columns: Any) -> pl.DataFrame:  # noqa: ANN401 - arrays of a library without types
    return pl.DataFrame({name: np.array(columns[name]) for name in TRADES}).cast(TRADES)
