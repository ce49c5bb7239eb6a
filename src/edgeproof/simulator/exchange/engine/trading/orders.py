"""Orders, orders that wait for a price, and fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final


class OrderKind(StrEnum):
    """How an order is executed."""

    MARKET = "market"
    LIMIT = "limit"
    POST_ONLY = "post_only"
    IOC = "ioc"
    FOK = "fok"


class OrderState(StrEnum):
    """Where an order, or a waiting one, is in its life."""

    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EFFECTIVE = "effective"
    FAILED = "order_failed"


OPEN_STATES: Final = frozenset({OrderState.LIVE, OrderState.PARTIALLY_FILLED})
NORMAL: Final = "normal"
TAKE_PROFIT: Final = "tp"
STOP_LOSS: Final = "sl"
LIQUIDATION: Final = "full_liquidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A price to wait for and what to do there: ``order_ticks`` None means at market."""

    trigger_ticks: int
    order_ticks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Take profit and stop loss, either or both."""

    take: Exit | None = None
    stop: Exit | None = None

    def __bool__(self) -> bool:
        return self.take is not None or self.stop is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as it is asked for, checked for form.

    Attributes:
        lots: Size; None means the whole position.
        ticks: Limit price; None at market.
        position_side: ``net``, or ``long`` and ``short`` in hedge mode.
        protection: Waits for the order to fill, then for prices.
        category: Why it exists.
    """

    symbol: str
    side: str
    kind: OrderKind
    margin_mode: str
    position_side: str
    lots: int | None
    ticks: int | None = None
    reduce_only: bool = False
    client_id: str = ""
    broker_id: str = ""
    protection: Protection = field(default_factory=Protection)
    category: str = NORMAL

    @property
    def sign(self) -> int:
        """1 to buy, -1 to sell."""
        return 1 if self.side == "buy" else -1


@dataclass(slots=True, kw_only=True)
class Order:
    """An order in its life; only the trading desk changes it."""

    order_id: int
    user: str
    request: OrderRequest
    lots: int
    leverage: int
    created_ms: int
    updated_ms: int
    state: OrderState = OrderState.LIVE
    filled: int = 0
    filled_steps: int = 0  # sum of ticks times lots
    fee: Decimal = Decimal(0)
    pnl: Decimal = Decimal(0)
    queue_ahead: int = 0
    cancel_source: str = "not_canceled"
    cancel_reason: str | None = None
    protection_id: int | None = None

    @property
    def left(self) -> int:
        """Lots that are not filled."""
        return self.lots - self.filled

    @property
    def open(self) -> bool:
        """Whether it may still fill."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One price that a waiting order waits for: ``direction`` 1 when the last price rises to it, -1 when it falls."""

    direction: int
    exit: Exit
    category: str = NORMAL

    def is_met(self, ticks: int) -> bool:
        """Whether a price has reached it."""
        return (ticks - self.exit.trigger_ticks) * self.direction >= 0


@dataclass(slots=True, kw_only=True)
class Waiting:
    """An order that waits for a price: a trigger order, or take profit and stop loss of which one cancels the other."""

    waiting_id: int
    user: str
    request: OrderRequest
    legs: tuple[Leg, ...]
    trigger: bool
    leverage: int
    created_ms: int
    updated_ms: int
    state: OrderState = OrderState.LIVE
    actual_lots: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution of an order. A fee above 0 was paid."""

    trade_id: int
    order_id: int
    user: str
    symbol: str
    side: str
    position_side: str
    ticks: int
    lots: int
    fee: Decimal
    pnl: Decimal
    maker: bool
    ts: int
