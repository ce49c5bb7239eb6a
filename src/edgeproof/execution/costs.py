"""What trading costs: fees, slippage, latency."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from edgeproof.domain.errors import InvalidValue

_MOST_LATENCY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of one account; shares of notional, 0.001 = 0.1 %.

    Attributes:
        maker: Fee of a limit order that rests. No order of a replay rests yet, so none pays it.
        taker: Fee of an order that takes, on the notional at its fill.
        slippage: How much worse than the price aimed at a fill is, on each side.
        latency_ms: Time from a decision to its order at the venue, milliseconds.

    Raises:
        InvalidValue: A share outside 0 up to 1, or a latency outside 0 to one day.
    """

    maker: float = 0.0002
    taker: float = 0.0006
    slippage: float = 0.00052
    latency_ms: int = 250

    def __post_init__(self) -> None:
        for name in ("maker", "taker", "slippage"):
            share = getattr(self, name)
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0.0 <= share < 1.0:
                raise InvalidValue(name, share, "a share of notional from 0 up to 1, such as 0.0006 for 0.06 %")
        latency = self.latency_ms
        if not isinstance(latency, int) or isinstance(latency, bool) or not 0 <= latency <= _MOST_LATENCY_MS:
            raise InvalidValue("latency_ms", latency, f"whole milliseconds from 0 to {_MOST_LATENCY_MS}")

    def doubled(self) -> Costs:
        """Fees and slippage twice as high, latency as it is: the *costs doubled* gate."""
        return replace(self, maker=self.maker * 2, taker=self.taker * 2, slippage=self.slippage * 2)

    def to_dict(self) -> dict[str, float]:
        """JSON-ready, by name."""
        return asdict(self)
