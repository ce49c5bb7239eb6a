"""What is asked of a generated market: symbols, span, seed and the edges planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, Window, parse_instant
from edgeproof.simulator.market._profiles import LEADER

_LAST_HOUR: Final = 23
_MOST_DAYS: Final = 3_660


class EdgeKind(StrEnum):
    """The forms in which an edge can be planted; what ``PlantedEdge.strength_bps`` means for each."""

    MEAN_REVERSION = "mean_reversion"
    """Price = fair value + a deviation that decays by half in ``horizon_minutes`` (Ornstein-Uhlenbeck). Strength is the
    deviation's standard deviation: what a trade entered one such deviation away earns by the time it is gone."""
    MOMENTUM = "momentum"
    """A drift that keeps its sign for ``horizon_minutes`` on average, then turns. Strength is what a trade held through
    one regime of that length earns."""
    HOUR_OF_DAY = "hour_of_day"
    """A drift up over the ``horizon_minutes`` from ``hour`` (UTC) each day, given back evenly over the rest of the day.
    Strength is what a trade held through those minutes earns."""
    LEAD_LAG = "lead_lag"
    """An echo of the leader's move of the last ``horizon_minutes``. Strength is what a trade held that long earns after
    a leader's move of one standard deviation."""


_HORIZONS: Final = {
    EdgeKind.MEAN_REVERSION: 120,
    EdgeKind.MOMENTUM: 720,
    EdgeKind.HOUR_OF_DAY: 60,
    EdgeKind.LEAD_LAG: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedEdge:
    """An edge that exists because it was put there.

    Attributes:
        kind: Its form.
        symbol: Where it is planted.
        strength_bps: Expected gross gain, in basis points of price, of the kind's reference trade (see ``EdgeKind``);
            0 plants nothing.
        horizon_minutes: The kind's span of time (see ``EdgeKind``); 0 takes the kind's default.
        hour: First hour, UTC, of an ``hour_of_day`` edge; other kinds ignore it.
    """

    kind: EdgeKind
    symbol: str
    strength_bps: float
    horizon_minutes: int = 0
    hour: int = 14

    def __post_init__(self) -> None:
        if self.kind not in set(EdgeKind):
            raise UnknownName("kind of edge", str(self.kind), EdgeKind)
        object.__setattr__(self, "kind", EdgeKind(self.kind))
        object.__setattr__(self, "symbol", parse_symbol(self.symbol))
        object.__setattr__(self, "horizon_minutes", self.horizon_minutes or _HORIZONS[self.kind])
        if not 0.0 <= self.strength_bps <= 1_000.0:  # noqa: PLR2004 - the bound is in the message
            raise InvalidValue("strength_bps", self.strength_bps, "basis points from 0 to 1000")
        if not 1 <= self.horizon_minutes <= MS_PER_DAY // MS_PER_MINUTE - 1:
            raise InvalidValue("horizon_minutes", self.horizon_minutes, "minutes from 1 to 1439")
        if not 0 <= self.hour <= _LAST_HOUR:
            raise InvalidValue("hour", self.hour, "an hour of the day, 0 to 23")
        if self.kind is EdgeKind.LEAD_LAG and self.symbol == LEADER:
            raise InvalidValue("symbol of a lead_lag edge", self.symbol, f"a symbol that can follow {LEADER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSpec:
    """A market to generate; equal specs give equal markets, to the bit.

    Attributes:
        symbols: Names such as ``BTC-USDT``; those the generator does not know get a character drawn from their name.
        start_ms: Open of the first minute, UTC.
        days: Length in days.
        seed: Names one of the possible markets.
        edges: What is planted; at most one edge of a kind in a symbol.
    """

    symbols: tuple[str, ...]
    start_ms: int
    days: int
    seed: int
    edges: tuple[PlantedEdge, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", tuple(parse_symbol(symbol) for symbol in self.symbols))
        object.__setattr__(self, "edges", tuple(self.edges))
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise InvalidValue("symbols", self.symbols, "one name or more, none twice")
        if self.start_ms % MS_PER_MINUTE:
            raise InvalidValue("start_ms", self.start_ms, "the open of a minute")
        if not 1 <= self.days <= _MOST_DAYS:
            raise InvalidValue("days", self.days, f"whole days from 1 to {_MOST_DAYS}")
        if self.seed < 0:
            raise InvalidValue("seed", self.seed, "a whole number, 0 or more")
        for edge in self.edges:
            if edge.symbol not in self.symbols:
                raise UnknownName("symbol of the market", edge.symbol, self.symbols)
        if len({(edge.kind, edge.symbol) for edge in self.edges}) != len(self.edges):
            raise InvalidValue("edges", [(e.kind.value, e.symbol) for e in self.edges], "one of a kind in a symbol")

    @property
    def minutes(self) -> int:
        """Length in minutes."""
        return self.days * MS_PER_DAY // MS_PER_MINUTE

    @property
    def window(self) -> Window:
        """The span that the market covers."""
        return Window(start_ms=self.start_ms, end_ms=self.start_ms + self.days * MS_PER_DAY)


def demo_spec(*, days: int = 30, seed: int = 17) -> MarketSpec:
    """The market of ``make demo``: twelve symbols, an edge in two of them and nothing in the other ten."""
    return MarketSpec(
        symbols=(
            "BTC-USDT",
            "ETH-USDT",
            "SOL-USDT",
            "XRP-USDT",
            "DOGE-USDT",
            "BNB-USDT",
            "ADA-USDT",
            "AVAX-USDT",
            "LINK-USDT",
            "LTC-USDT",
            "SUI-USDT",
            "TRX-USDT",
        ),
        start_ms=parse_instant("2026-01-05"),
        days=days,
        seed=seed,
        edges=(
            PlantedEdge(kind=EdgeKind.MEAN_REVERSION, symbol="TRX-USDT", strength_bps=100.0, horizon_minutes=90),
            PlantedEdge(kind=EdgeKind.MOMENTUM, symbol="SUI-USDT", strength_bps=400.0, horizon_minutes=480),
        ),
    )
