"""Market orders at opens, filled by nautilus_trader; a program of its own, since it wants another pandas than ours.

It reads one JSON object from its standard input and writes closed positions, one list of rows, to its output:

``ts_ms`` and ``open`` (text) are quotes, one a bar, bid and ask alike; ``long``, ``short``, ``exit_long`` and
``exit_short`` are wishes made at the closes of those bars, which act at the next quote; positions have ``units``;
``fee`` (text) is a share of the notional.
"""

# The library is not in our environment, and is compiled where it is.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

_DIGITS = 2
_VENUE = Venue("SIM")
_NS_PER_MS = 1_000_000


class Wishing(Strategy):
    """At each quote, follows the wishes of the bar before, and remembers each position that closes."""

    def __init__(self, instrument: Any, asked: dict[str, Any]) -> None:  # noqa: ANN401 - the library is compiled
        super().__init__()
        self._instrument, self._asked, self._bar = instrument, asked, -1
        self.closed: list[list[float]] = []

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self._instrument.id)

    def on_quote_tick(self, _: QuoteTick) -> None:
        if self._bar >= 0:
            self._follow(*(self._asked[name][self._bar] for name in ("long", "short", "exit_long", "exit_short")))
        self._bar += 1

    def _follow(self, long: bool, short: bool, exit_long: bool, exit_short: bool) -> None:  # noqa: FBT001 - four flags
        is_long, is_short = (
            getattr(self.portfolio, name)(self._instrument.id) for name in ("is_net_long", "is_net_short")
        )
        if is_long and (exit_long or short):
            self._order(OrderSide.SELL)
        if is_short and (exit_short or long):
            self._order(OrderSide.BUY)
        if long and not is_long:
            self._order(OrderSide.BUY)
        if short and not is_short:
            self._order(OrderSide.SELL)

    def _order(self, side: OrderSide) -> None:
        quantity = self._instrument.make_qty(self._asked["units"])
        self.submit_order(self.order_factory.market(self._instrument.id, side, quantity))

    def on_position_closed(self, event: Any) -> None:  # noqa: ANN401 - as above
        position = self.cache.position(event.position_id)
        self.closed.append(
            [
                1 if position.entry == OrderSide.BUY else -1,
                position.ts_opened // _NS_PER_MS,
                position.ts_closed // _NS_PER_MS,
                position.avg_px_open,
                position.avg_px_close,
                float(position.peak_qty),
                sum(money.as_double() for money in position.commissions()),
                position.realized_pnl.as_double(),
            ]
        )


def make_instrument(fee: Decimal) -> CryptoPerpetual:
    """A perpetual with a tick of 0.01 and whole units."""
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol("X-PERP"), _VENUE),
        raw_symbol=Symbol("X-PERP"),
        base_currency=BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=_DIGITS,
        price_increment=Price(0.01, _DIGITS),
        size_precision=0,
        size_increment=Quantity.from_int(1),
        margin_init=Decimal("0.1"),
        margin_maint=Decimal("0.05"),
        maker_fee=fee,
        taker_fee=fee,
        ts_event=0,
        ts_init=0,
    )


def run(asked: dict[str, Any]) -> list[list[float]]:
    """Trade the wishes over the quotes."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(_VENUE, OmsType.NETTING, AccountType.MARGIN, [Money(10_000_000, USDT)], base_currency=USDT)
    instrument = make_instrument(Decimal(asked["fee"]))
    engine.add_instrument(instrument)
    depth = Quantity.from_int(1_000_000)
    engine.add_data(
        [
            QuoteTick(
                instrument.id,
                Price.from_str(price),
                Price.from_str(price),
                depth,
                depth,
                ms * _NS_PER_MS,
                ms * _NS_PER_MS,
            )
            for ms, price in zip(asked["ts_ms"], asked["open"], strict=True)
        ]
    )
    strategy = Wishing(instrument, asked)
    engine.add_strategy(strategy)
    engine.run()
    engine.dispose()
    return strategy.closed


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
