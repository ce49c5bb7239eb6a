"""What the exchange lists: an instrument, its contract and its grid.

Inside the exchange a price is a whole number of ticks and a size a whole number of lots; text appears at the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from edgeproof.domain.errors import InvalidValue

LIVE: Final = "live"
SUSPENDED: Final = "suspend"
_MOST_TEXTS: Final = 100_000


class GridText:
    """Whole numbers of a step, written as decimal text; texts are remembered, for prices and sizes come again."""

    __slots__ = ("_digits", "_known", "_units")

    def __init__(self, step: Decimal) -> None:
        exponent = step.as_tuple().exponent
        self._digits = max(0, -exponent) if isinstance(exponent, int) else 0
        self._units = int(step.scaleb(self._digits))
        self._known: dict[int, str] = {}

    def __call__(self, count: int) -> str:
        """The text of ``count`` steps, without trailing zeros."""
        known = self._known.get(count)
        if known is not None:
            return known
        if len(self._known) >= _MOST_TEXTS:
            self._known.clear()
        text = self._known[count] = self._write(int(count))
        return text

    def _write(self, count: int) -> str:
        sign = "-" if count < 0 else ""
        whole, part = divmod(abs(count) * self._units, 10**self._digits)
        fraction = f"{part:0{self._digits}d}".rstrip("0") if self._digits else ""
        return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listed perpetual, linear and settled in its quote currency.

    Attributes:
        symbol: The instrument's id, such as ``BTC-USDT``.
        contract_value: Base units in one contract.
        tick: Price step, quote units.
        lot: Size step, contracts.
        min_size: Least size of an order, contracts.
        max_leverage: Most leverage it may be traded with.
        max_limit_size, max_market_size: Most contracts of one order.
        maintenance_rate: Share of a position's value that must stay as margin, first tier.
        price_band: Share by which an order's price may lie beyond the last price.
        listed_ms: When it was listed.
        state: ``live`` or ``suspend``.
    """

    symbol: str
    contract_value: Decimal
    tick: Decimal
    lot: Decimal
    min_size: Decimal
    max_leverage: int = 50
    max_limit_size: Decimal = Decimal(1_000_000_000)
    max_market_size: Decimal = Decimal(100_000_000)
    maintenance_rate: Decimal = Decimal("0.005")
    price_band: Decimal = Decimal("0.1")
    listed_ms: int = 1_669_869_031_395
    state: str = LIVE
    price_text: GridText = field(init=False, repr=False, compare=False)
    size_text: GridText = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("contract_value", "tick", "lot", "min_size"):
            if not getattr(self, name) > 0:
                raise InvalidValue(name, getattr(self, name), "a number above 0")
        if self.state not in {LIVE, SUSPENDED}:
            raise InvalidValue("state", self.state, "live or suspend")
        object.__setattr__(self, "price_text", GridText(self.tick))
        object.__setattr__(self, "size_text", GridText(self.lot))

    @property
    def base(self) -> str:
        """The currency that is traded."""
        return self.symbol.split("-", maxsplit=1)[0]

    @property
    def quote(self) -> str:
        """The currency that prices are in, and that pays."""
        return self.symbol.rsplit("-", maxsplit=1)[1]

    @property
    def base_per_lot(self) -> Decimal:
        """Base units in one lot."""
        return self.contract_value * self.lot

    @property
    def quote_per_step(self) -> Decimal:
        """Quote units of one lot at a price of one tick."""
        return self.base_per_lot * self.tick
