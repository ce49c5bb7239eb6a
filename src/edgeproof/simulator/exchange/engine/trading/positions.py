"""Positions: what fills make of them, what they are worth, what margin they need."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.listing import Listing


@dataclass(frozen=True, slots=True, order=True)
class PositionKey:
    """What tells two positions of a user apart."""

    symbol: str
    margin_mode: str
    position_side: str


@dataclass(slots=True, kw_only=True)
class Position:
    """An open position; only the trading desk changes it.

    Attributes:
        lots: Size, below 0 for a short one.
        average: Mean entry price, quote units.
        margin: Margin set aside for it alone; 0 under cross margin.
        opened: Lots ever opened, and their cost, for the history.
    """

    position_id: int
    key: PositionKey
    listing: Listing
    leverage: int
    created_ms: int
    updated_ms: int
    lots: int = 0
    average: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    largest: int = 0
    closed: int = 0
    closed_value: Decimal = Decimal(0)
    liquidated: int = 0
    realised: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    opened_long: bool = True

    def value_at(self, ticks: int) -> Decimal:
        """Notional value at a price, quote units, 0 or more."""
        return abs(self.lots) * ticks * self.listing.quote_per_step

    def profit_at(self, ticks: int) -> Decimal:
        """Unrealised profit at a price."""
        return self.lots * self.listing.base_per_lot * (ticks * self.listing.tick - self.average)

    def initial_margin_at(self, ticks: int) -> Decimal:
        """Margin that holding it needs at a price."""
        return self.value_at(ticks) / self.leverage

    def maintenance_at(self, ticks: int) -> Decimal:
        """Margin below which it is liquidated."""
        return self.value_at(ticks) * self.listing.maintenance_rate

    def liquidation_price(self, cushion: Decimal) -> Decimal | None:
        """The price at which ``cushion`` (money that may be lost on it) falls to the maintenance margin."""
        base = self.lots * self.listing.base_per_lot
        slope = base - abs(base) * self.listing.maintenance_rate
        price = (base * self.average - cushion) / slope if slope else Decimal(0)
        return price if price > 0 else None

    def fill(self, signed_lots: int, ticks: int) -> Decimal:
        """Take a fill in; the profit it realises. What opens beyond a reversal enters at the fill's price.

        Isolated margin shrinks with what is closed, and grows by what opening at the leverage needs.
        """
        price = ticks * self.listing.tick
        closing = _closing_part(self.lots, signed_lots)
        profit = -closing * self.listing.base_per_lot * (price - self.average)
        held = abs(self.lots)
        if closing:
            self.margin -= self.margin * abs(closing) / held
            self.closed += abs(closing)
            self.closed_value += abs(closing) * price
        opening = signed_lots - closing
        kept = self.lots + closing
        if opening:
            self.average = (abs(kept) * self.average + abs(opening) * price) / (abs(kept) + abs(opening))
            self.opened_long = opening > 0
            if self.key.margin_mode == "isolated":
                self.margin += abs(opening) * ticks * self.listing.quote_per_step / self.leverage
        self.lots = kept + opening
        self.largest = max(self.largest, abs(self.lots))
        self.realised += profit
        return profit


def _closing_part(lots: int, signed_lots: int) -> int:
    """The part of a fill that closes what is held."""
    if lots * signed_lots >= 0:
        return 0
    return signed_lots if abs(signed_lots) <= abs(lots) else -lots
