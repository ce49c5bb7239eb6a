"""Margin tiers: venues bound them by contracts, the house by quote units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgeproof.adapters.exchange._units import read_decimal
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import MarginTier, check_tiers
from edgeproof.domain.venues import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from edgeproof.domain.instruments import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTier:
    """One tier as a venue wrote it; ``most`` is in contracts, numbers may be text."""

    most: object
    maintenance: object
    leverage: object


def read_tiers(rows: Sequence[RawTier], instrument: Instrument, contract_notional: Decimal) -> tuple[MarginTier, ...]:
    """The tiers of one instrument, smallest first.

    One row that cannot be read spoils the table: without it, positions would be asked too little.

    Args:
        rows: In any order.
        instrument: Whose they are.
        contract_notional: Quote units in one contract, at the price of the moment.

    Raises:
        BadAnswer: They are no table of tiers.
    """
    tiers = list[MarginTier]()
    for row in rows:
        most, maintenance, leverage = map(read_decimal, (row.most, row.maintenance, row.leverage))
        if most is None or maintenance is None or leverage is None:
            raise BadAnswer(instrument.venue, f"a margin tier of {instrument.symbol} lacks a number")
        try:
            notional = float(most * contract_notional)
            tiers.append(
                MarginTier(max_notional=notional, maintenance=float(maintenance), max_leverage=float(leverage))
            )
        except InvalidValue as error:
            raise BadAnswer(instrument.venue, f"a margin tier of {instrument.symbol}: {error}") from None
    if len({tier.max_notional for tier in tiers}) < len(tiers):
        raise BadAnswer(instrument.venue, f"two margin tiers of {instrument.symbol} end at one size")
    tiers.sort(key=lambda tier: tier.max_notional)
    # A larger position than the last bound is not to be had; whoever holds one all the same is asked as much.
    tiers[-1:] = [replace(tier, max_notional=float("inf")) for tier in tiers[-1:]]
    try:
        return check_tiers(tiers)
    except InvalidValue as error:
        raise BadAnswer(instrument.venue, f"{instrument.symbol}: {error}") from None
