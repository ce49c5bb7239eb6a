"""What is traded: symbols as everybody spells them, and the rules a venue sets for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longest first, so that BTCUSDT ends in USDT. Retired BUSD and TUSD are left out: with them, BNBUSD would be BN-BUSD.
_QUOTES: Final = ("FDUSD", "USDT", "USDC", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH", "BNB")
_ASSET: Final = r"[A-Z0-9]{1,20}"
_SEPARATED: Final = re.compile(rf"(?P<base>{_ASSET})[-/_](?P<quote>{_ASSET})(?:[:_](?P<settle>{_ASSET})|-SWAP|-PERP)?")
_RENAMED: Final = {"XBT": "BTC"}
_MOST: Final = 1e15


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Instrument:
    """One market: a venue and a symbol."""

    venue: str
    symbol: str

    def __str__(self) -> str:
        return f"{self.venue}:{self.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTier:
    """What a venue asks of a position up to some size; larger positions need more margin and get less leverage.

    Attributes:
        max_notional: Up to this much, quote units, included; infinite for the last tier.
        maintenance: Share of the notional below which the margin may not fall.
        max_leverage: Greatest leverage of such a position.
    """

    max_notional: float
    maintenance: float
    max_leverage: float

    def __post_init__(self) -> None:
        notional = self.max_notional
        if not (_is_number(notional) and (0.0 < notional <= _MOST or notional == float("inf"))):
            raise InvalidValue("max_notional", notional, f"quote units above 0 up to {_MOST:g}, or infinity")
        if not (_is_number(self.maintenance) and 0.0 <= self.maintenance < 1.0):
            raise InvalidValue("maintenance", self.maintenance, "a share from 0 up to 1")
        if not (_is_number(self.max_leverage) and 1.0 <= self.max_leverage <= _MOST):
            raise InvalidValue("max_leverage", self.max_leverage, f"a number from 1 to {_MOST:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRules:
    """What a venue accepts for one instrument, in base units and quote prices; 0 means no such rule.

    Attributes:
        lot: Step of sizes.
        tick: Step of prices.
        min_size: Least size of an order.
        max_leverage: Greatest leverage of any position.
        maintenance_margin: Share of the notional below which the margin may not fall; of every size, without tiers.
        tiers: What larger positions are asked, smallest first; none where one share and one leverage hold for all.

    Raises:
        InvalidValue: Not a number, negative, or larger than anything that is traded; tiers that cannot be.
    """

    lot: float = 0.0
    tick: float = 0.0
    min_size: float = 0.0
    max_leverage: float = 150.0
    maintenance_margin: float = 0.005
    tiers: tuple[MarginTier, ...] = ()

    def __post_init__(self) -> None:
        for name in ("lot", "tick", "min_size"):
            if not (_is_number(getattr(self, name)) and 0.0 <= getattr(self, name) <= _MOST):
                raise InvalidValue(name, getattr(self, name), f"a number from 0 to {_MOST:g}")
        if not (_is_number(self.max_leverage) and 1.0 <= self.max_leverage <= _MOST):
            raise InvalidValue("max_leverage", self.max_leverage, f"a number from 1 to {_MOST:g}")
        if not (_is_number(self.maintenance_margin) and 0.0 <= self.maintenance_margin < 1.0):
            raise InvalidValue("maintenance_margin", self.maintenance_margin, "a share from 0 up to 1")
        if not isinstance(self.tiers, tuple) or any(not isinstance(tier, MarginTier) for tier in self.tiers):
            raise InvalidValue("margin tiers", self.tiers, "a tuple of MarginTier, the smallest first")
        if self.tiers:
            check_tiers(self.tiers)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def check_tiers(tiers: Sequence[MarginTier]) -> tuple[MarginTier, ...]:
    """The tiers of one instrument, smallest first, as they may be used.

    Raises:
        InvalidValue: There are none, bounds do not rise, the last one is finite, or a larger position is asked less
            margin or given more leverage than a smaller one.
    """
    bounds = [tier.max_notional for tier in tiers]
    rising = all(low < high for low, high in pairwise(bounds)) and bounds[-1:] == [float("inf")]
    stricter = all(a.maintenance <= b.maintenance and a.max_leverage >= b.max_leverage for a, b in pairwise(tiers))
    if not (rising and stricter):
        raise InvalidValue(
            "margin tiers", bounds, "rising bounds, the last infinite, each tier no easier than the last"
        )
    return tuple(tiers)


def parse_symbol(text: str) -> str:
    """Bring any of the usual spellings to ``BTC-USDT``.

    Understood are ``BTC-USDT``, ``BTC/USDT``, ``BTC/USDT:USDT``, ``BTC_USDT``, ``BTC_USDT_USDT``, ``BTC-USDT-SWAP``,
    ``BTCUSDT``, in any case; BitMEX's ``XBT`` is ``BTC``.

    Raises:
        InvalidValue: The text names no base and quote asset.
    """
    upper = text.strip().upper()
    separated = _SEPARATED.fullmatch(upper)
    if separated:
        return _join(separated["base"], separated["quote"])
    if re.fullmatch(_ASSET, upper):
        for quote in _QUOTES:
            if upper.endswith(quote) and len(upper) > len(quote):
                return _join(upper.removesuffix(quote), quote)
    raise InvalidValue("symbol", text, "a pair such as BTC-USDT, BTC/USDT:USDT, BTC_USDT_USDT or BTCUSDT")


def _join(base: str, quote: str) -> str:
    return f"{_RENAMED.get(base, base)}-{quote}"
