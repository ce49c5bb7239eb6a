"""A few symbols of a few bars on one account; bars and letters as in `tiny_market`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeproof.backtest import prepare_tape
from edgeproof.backtest.portfolio import FixedLeverage, Leg, replay_legs
from fakes.tiny_market import FREE, START_MS, make_funding, make_prints, make_signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest.portfolio import PortfolioResult, Sizing
    from edgeproof.domain.series import BarSeries

MINUTE_MS = 60_000
WHOLE = FixedLeverage(leverage=1.0)
HALF = FixedLeverage(leverage=0.5)


def make_leg(  # noqa: PLR0913 - one keyword for each thing a test may vary
    bars: BarSeries,
    letters: str,
    *,
    symbol: str = "A",
    name: str = "leg",
    priority: int = 0,
    sizing: Sizing | None = None,
    max_hold: int = 0,
    **levels: Any,  # noqa: ANN401 - of make_signals
) -> Leg:
    """One leg that says these letters."""
    signals = make_signals(bars, letters, max_hold=max_hold, **levels)
    return Leg(name=name, symbol=symbol, signals=signals, priority=priority, sizing=sizing)


def trade_together(
    bars: Mapping[str, BarSeries],
    *legs: Leg,
    funding: Mapping[str, Mapping[float, float]] | None = None,
    prints: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    sizing: Sizing = HALF,
    **terms: Any,  # noqa: ANN401 - of replay_legs
) -> PortfolioResult:
    """Trade legs on one account of 10,000, without costs unless told."""
    rates = {symbol: make_funding(of_one) for symbol, of_one in (funding or {}).items()}
    printed = {symbol: make_prints(of_one) for symbol, of_one in (prints or {}).items()}
    tapes = {symbol: prepare_tape(one, rates.get(symbol), trades=printed.get(symbol)) for symbol, one in bars.items()}
    return replay_legs(tapes, legs, sizing=sizing, **{"costs": FREE, **terms})


def tell(result: PortfolioResult) -> list[tuple[str, str, int, int, float, str]]:
    """The trades in short: leg, symbol, minutes of entry and exit, size to the ninth place, reason."""
    return [
        (
            row["leg"],
            row["symbol"],
            (int(row["entry_ts"].timestamp() * 1_000) - START_MS) // MINUTE_MS,
            (int(row["exit_ts"].timestamp() * 1_000) - START_MS) // MINUTE_MS,
            round(row["size"], 9),
            row["exit_reason"],
        )
        for row in result.trades.iter_rows(named=True)
    ]


def count_skipped(result: PortfolioResult) -> dict[str, int]:
    """Skipped entries by reason, of all legs."""
    counts: dict[str, int] = {}
    for leg in result.legs:
        for reason, count in leg.skipped.items():
            counts[reason] = counts.get(reason, 0) + count
    return counts
