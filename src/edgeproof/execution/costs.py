"""What trading costs: fees, slippage, latency, and the luck of orders that rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_number, read_whole
from edgeproof.execution.regimes import Regime, order_regimes

HOURS: Final = 24
_MOST_LATENCY_MS: Final = 86_400_000
_MOST_SEED: Final = 2**32 - 1
_USUAL_FILL_PROBABILITY: Final = 0.67


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySlippage:
    """Slippage by UTC hour and side, as a calibration finds it; shares of the price, 0.001 = 0.1 %.

    Attributes:
        buy: Of purchases, by hour from 0 to 23.
        sell: Of sales.

    Raises:
        InvalidValue: Not 24 numbers a side, or one outside 0 up to 1.
    """

    buy: tuple[float, ...]
    sell: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("buy", "sell"):
            shares = getattr(self, name)
            if not isinstance(shares, tuple) or len(shares) != HOURS:
                raise InvalidValue(f"hourly slippage to {name}", shares, f"a tuple of {HOURS} shares, one an hour")
            read = tuple(_read_share(f"slippage to {name} at {hour}:00", share) for hour, share in enumerate(shares))
            object.__setattr__(self, name, read)

    def doubled(self) -> HourlySlippage:
        """Twice as high."""
        return HourlySlippage(buy=tuple(2 * share for share in self.buy), sell=tuple(2 * share for share in self.sell))


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of one account; shares of notional, 0.001 = 0.1 %.

    Attributes:
        maker: Fee of a limit order that rested, on the notional at its fill.
        taker: Fee of an order that takes.
        slippage: How much worse than the price aimed at a fill is, on each side.
        latency_ms: Time from a decision to its order at the venue, milliseconds.
        fill_probability: Of a limit order whose price the market touches, before it has gone through.
        seed: Of the luck of limit orders; the same seed has the same luck at the same decision.
        hourly: Slippage by hour and side, instead of ``slippage``.
        regimes: What either is multiplied with while a condition holds, kept in the order of their conditions.

    Raises:
        InvalidValue: A share outside 0 up to 1, a probability outside 0 to 1, a latency outside 0 to one day, one
            regime twice, or regimes that together make slippage the whole price.
    """

    maker: float = 0.0002
    taker: float = 0.0006
    slippage: float = 0.00052
    latency_ms: int = 250
    fill_probability: float = _USUAL_FILL_PROBABILITY
    seed: int = 0
    hourly: HourlySlippage | None = None
    regimes: tuple[Regime, ...] = ()

    def __post_init__(self) -> None:
        # Plain numbers, whoever's they were: kernels are compiled for those, and names are made of them.
        for name in ("maker", "taker", "slippage"):
            object.__setattr__(self, name, _read_share(name, getattr(self, name)))
        latency_ms = _read_whole("latency_ms", self.latency_ms, _MOST_LATENCY_MS, "whole milliseconds")
        object.__setattr__(self, "latency_ms", latency_ms)
        object.__setattr__(self, "seed", _read_whole("seed", self.seed, _MOST_SEED, "a whole number"))
        chance = read_number(self.fill_probability)
        if chance is None or not 0.0 <= chance <= 1.0:
            raise InvalidValue("fill_probability", self.fill_probability, "a probability from 0 to 1, such as 0.67")
        object.__setattr__(self, "fill_probability", float(chance))
        if self.hourly is not None and not isinstance(self.hourly, HourlySlippage):
            raise InvalidValue("hourly", self.hourly, "ep.HourlySlippage(buy=..., sell=...), or None")
        object.__setattr__(self, "regimes", order_regimes(self.regimes))
        if not self.highest_factor * self.highest_slippage < 1.0:
            told = f"{self.highest_factor:g} times a slippage of {self.highest_slippage:g}"
            raise InvalidValue("regimes", told, "factors that leave less than the whole price")

    @property
    def highest_slippage(self) -> float:
        """The most that a side pays in any hour, regimes aside."""
        return self.slippage if self.hourly is None else max(*self.hourly.buy, *self.hourly.sell)

    @property
    def highest_factor(self) -> float:
        """What regimes multiply slippage with at most: all that make fills dearer at once."""
        return prod(regime.unknown_factor for regime in self.regimes)

    def doubled(self) -> Costs:
        """Fees and slippage twice as high, all else as it is: the *costs doubled* gate."""
        return replace(
            self,
            maker=self.maker * 2,
            taker=self.taker * 2,
            # Beside hours it is charged to nobody, and may be what could not be doubled.
            slippage=self.slippage * 2 if self.hourly is None else self.slippage,
            hourly=None if self.hourly is None else self.hourly.doubled(),
        )

    def to_dict(self) -> dict[str, float]:
        """What is paid, JSON-ready and by name: costs that charge the same tell the same, however they were written.

        Of ``slippage`` and ``hourly`` there is the one that is charged, hours that are all alike as ``slippage``;
        regimes are those that change anything. What was added later is told only where it is not as usual, so that a
        question keeps the name it always had.
        """
        told: dict[str, float] = {"maker": self.maker, "taker": self.taker}
        told |= self._tell_slippage()
        told["latency_ms"] = self.latency_ms
        if self.fill_probability != _USUAL_FILL_PROBABILITY:
            told["fill_probability"] = self.fill_probability
        if self.seed:
            told["seed"] = self.seed
        regimes = self.regimes if self.highest_slippage > 0.0 else ()
        return told | {f"slippage where {one.when}": one.factor for one in regimes if one.factor != 1.0}

    def _tell_slippage(self) -> dict[str, float]:
        if self.hourly is None:
            return {"slippage": self.slippage}
        buy, sell = self.hourly.buy, self.hourly.sell
        if len({*buy, *sell}) == 1:
            return {"slippage": buy[0]}
        by_hour = {f"slippage_buy_{hour:02}": share for hour, share in enumerate(buy)}
        return by_hour | {f"slippage_sell_{hour:02}": share for hour, share in enumerate(sell)}


def _read_share(name: str, share: object) -> float:
    read = read_number(share)
    if read is None or not 0.0 <= read < 1.0:
        raise InvalidValue(name, share, "a share of notional from 0 up to 1, such as 0.0006 for 0.06 %")
    return float(read)


def _read_whole(name: str, value: object, most: int, expected: str) -> int:
    read = read_whole(value)
    if read is None or not 0 <= read <= most:
        raise InvalidValue(name, value, f"{expected} from 0 to {most}")
    return read
