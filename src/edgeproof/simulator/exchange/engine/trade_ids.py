"""From an instrument's trade numbers to the ids that the wire shows, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from edgeproof.domain.arrays import IntArray

_STRIDE: Final = 7
_SCATTER: Final = 2_654_435_761  # Knuth's multiplicative hash


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeIds:
    """Ids that ascend with the trade's number.

    Attributes:
        dense: Whether ids are consecutive. BloFin does not document whether they are, so both can be asked for.
        first: Id of trade number 0 where ids are dense.
    """

    dense: bool = True
    first: int = 100_000_000

    def of_number(self, number: int) -> int:
        """The id of a trade."""
        if self.dense:
            return self.first + number
        return self.first + _STRIDE * number + (number * _SCATTER >> 8) % _STRIDE

    def of_numbers(self, numbers: IntArray) -> IntArray:
        """The ids of trades, shape (n,)."""
        if self.dense:
            return self.first + numbers
        return self.first + _STRIDE * numbers + (numbers * _SCATTER >> 8) % _STRIDE

    def to_number(self, trade_id: int) -> int:
        """The number of the trade with this id.

        Raises:
            InvalidValue: No trade has, or will ever have, this id.
        """
        number = trade_id - self.first if self.dense else (trade_id - self.first) // _STRIDE
        if number < 0 or self.of_number(number) != trade_id:
            raise InvalidValue("trade id", trade_id, "an id of this exchange")
        return number
