"""Listings for markets that are not BloFin's: contracts made up so that every size is a whole number of lots."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.simulator.exchange.engine.listing import Listing

if TYPE_CHECKING:
    from edgeproof.simulator.market import SymbolProfile

# A contract of eight lots keeps powers of two, so contracts times contract value is exact in floats too.
_CONTRACT_LOTS: Final = 8
_LEADER_LEVERAGE: Final = 150


def list_profile(symbol: str, profile: SymbolProfile) -> Listing:
    """The listing of a generated symbol: its own tick, and contracts of eight of its lots."""
    lot = Decimal(1) / _CONTRACT_LOTS
    return Listing(
        symbol=symbol,
        contract_value=Decimal(profile.lot) * _CONTRACT_LOTS,
        tick=Decimal(profile.tick),
        lot=lot,
        min_size=lot,
        max_leverage=_LEADER_LEVERAGE if symbol.startswith(("BTC-", "ETH-")) else 75,
    )
