"""What is measured, in which unit, against which target and which peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OURS: Final = "edgeproof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the table.

    Attributes:
        name: Function of each engine's module that does the work; what ``--only`` takes.
        work: What is done, for people.
        unit: What a reading counts.
        target: What edgeproof should reach, in that unit; None where none is set.
        more_is_better: Whether a larger reading is a better one.
        peers: Engines measured beside edgeproof, modules of ``bench.engines``.
    """

    name: str
    work: str
    unit: str
    target: float | None
    more_is_better: bool = False
    peers: tuple[str, ...] = ()

    @property
    def engines(self) -> tuple[str, ...]:
        """edgeproof, then its peers."""
        return (OURS, *self.peers)


CASES: Final = (
    Case(
        name="replay_sparse",
        work="bar replay with stops, fees, slippage; signals on 0.1 % of bars",
        unit="ns/bar",
        target=1.0,
        peers=("vectorbt", "backtesting", "plain"),
    ),
    Case(
        name="replay_dense",
        work="the same, signals on 10 % of bars",
        unit="ns/bar",
        target=5.0,
        peers=("vectorbt", "backtesting", "plain"),
    ),
    Case(
        name="orders_sparse",
        work="the same at 0.1 %, trades alone: no equity, no metrics",
        unit="ns/bar",
        target=None,
        peers=("vectorbt",),
    ),
    Case(
        name="orders_dense",
        work="the same at 10 %, trades alone",
        unit="ns/bar",
        target=None,
        peers=("vectorbt",),
    ),
    Case(
        name="strategy",
        work="one strategy from bars to metrics",
        unit="ms/1M bars",
        target=60.0,
        peers=("vectorbt", "plain"),
    ),
    Case(
        name="sweep",
        work="sweep of 1,000 combinations x 1M bars, two workers",
        unit="s/1,000x1M",
        target=20.0,
        peers=("plain",),
    ),
    Case(
        name="portfolio",
        work="two strategies on four symbols of one account, from bars to metrics",
        unit="ms/1M bars",
        target=None,
    ),
    Case(name="features", work="features, all of them", unit="ns/value", target=10.0, peers=("ta", "talib")),
    Case(
        name="trades_to_bars",
        work="trades to 1m bars",
        unit="M trades/s",
        target=30.0,
        more_is_better=True,
        peers=("polars",),
    ),
    Case(name="import_trades", work="trades into the lake", unit="M trades/s", target=3.0, more_is_better=True),
    Case(name="cycle", work="full cycle, 18 symbols x 30 days of 1m", unit="s", target=60.0),
    Case(name="market", work="generate a market of 12 symbols x 30 days", unit="s", target=None),
    Case(name="help", work="edgeproof --help", unit="s", target=0.5),
)
