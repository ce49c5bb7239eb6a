"""What a cycle is asked to do, and which markets and window that means on a given lake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.errors import InvalidValue, RequestError, offer_names
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import MS_PER_DAY, ONE_MINUTE, Timeframe, Window, format_ms, from_ms
from edgeproof.execution import Costs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.instruments import Instrument, InstrumentRules
    from edgeproof.domain.stores import Holding

_HOUR: Final = Timeframe(60)
_ENOUGH: Final = 0.5
_MOST_NAMED: Final = 12
_HOURS_A_DAY: Final = 24
_MINUTES_AN_HOUR: Final = 60
_FEW: Final = 2
DECISION_TIMEFRAMES: Final = (ONE_MINUTE, Timeframe(5), _HOUR)


class NothingToTest(RequestError):  # noqa: N818 - reads as what happened
    """A request that leaves no bars or no strategy to work on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRequest:
    """One cycle's request.

    Attributes:
        length_ms: Length of the window; it ends with the newest bar of the universe.
        symbols: Symbols in any spelling, ``venue:symbol`` to mean one venue; None for all with bars in the window.
        timeframes: Decision timeframes.
        costs: What trading costs.
        initial_equity: Quote units every trial starts with.
        workers: Threads; they change how long it takes, never what is found.
        seed: Seed of everything drawn at random.
        rules: What venues accept, by instrument, where they told it; none of any other.
    """

    length_ms: int = 30 * MS_PER_DAY
    symbols: tuple[str, ...] | None = None
    timeframes: tuple[Timeframe, ...] = DECISION_TIMEFRAMES
    costs: Costs = field(default_factory=Costs)
    initial_equity: float = 10_000.0
    workers: int = 1
    seed: int = 7
    rules: Mapping[Instrument, InstrumentRules] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.length_ms <= 0:
            raise InvalidValue("window", f"{self.length_ms} ms", "a length above zero")
        if not self.timeframes:
            raise InvalidValue("timeframes", "none", "at least one, such as 5m")
        if self.symbols is not None and not self.symbols:
            raise InvalidValue("symbols", "none", "at least one, such as BTC-USDT")
        if not 0.0 < self.initial_equity < float("inf"):
            raise InvalidValue("initial_equity", self.initial_equity, "a finite amount above zero")
        if self.workers < 1:
            raise InvalidValue("workers", self.workers, "1 or more")
        object.__setattr__(self, "timeframes", tuple(sorted(set(self.timeframes))))

    def describe(self) -> dict[str, Any]:
        """The request as JSON: all that decides what is found, so not the number of workers."""
        return {
            "window_days": self.length_ms / MS_PER_DAY,
            "symbols": None if self.symbols is None else sorted(self.symbols),
            "timeframes": [timeframe.name for timeframe in self.timeframes],
            "costs": self.costs.to_dict(),
            "initial_equity": self.initial_equity,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One instrument and the bars it is traded on.

    Attributes:
        instrument: The instrument.
        timeframe: Length of those bars.
        end_ms: When the newest of them closed.
        first_ms: When the oldest of them opened.
        left_out: Names of finer timeframes that have bars in the window, but too few to stand for it.
    """

    instrument: Instrument
    timeframe: Timeframe
    end_ms: int
    first_ms: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A market without a bar in the window, and when its newest bar opened."""

    instrument: Instrument
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The markets of a cycle, in order, and its window.

    Attributes:
        markets: Those with bars in the window.
        window: The window; it begins no sooner than the first bar of these markets.
        absent: Those that were meant too and have no bar in the window.
        asked_ms: Length of the window that was asked for, where it is longer than the bars; None where it is not.
    """

    markets: tuple[Market, ...]
    window: Window
    absent: tuple[Absent, ...] = ()
    asked_ms: int | None = None


def choose_universe(request: CycleRequest, holdings: Sequence[Holding]) -> Universe:
    """Choose markets and window: the last ``length_ms`` up to the end of the newest bar.

    Raises:
        NothingToTest: The lake has no bars, or none of a symbol that was asked for in the window.
        UnknownName: A symbol the lake does not hold.
    """
    series = _find_series(holdings, request.symbols)
    newest = _last(max(one.end_ms for found in series.values() for one in found), request.length_ms)
    # A day's bar may end long after the newest minute: the window ends with the bars that are traded on.
    inside = [market for market in choose_markets(holdings, newest).values() if market.instrument in series]
    window = _last(max(market.end_ms for market in inside), request.length_ms)
    markets = choose_markets(holdings, window)
    for instrument in sorted(series) if request.symbols is not None else ():
        if instrument not in markets:
            end = max(one.end_ms for one in series[instrument])
            meant = next((f", name {other} alone" for other in markets if other.symbol == instrument.symbol), "")
            raise NothingToTest(
                f"{instrument} has no bars after {format_ms(window.start_ms)} (they end at {format_ms(end)});"
                f" leave it out{meant} or ask for a longer window"
            )
    return _settle(series, markets, window, asked_ms=request.length_ms)


def choose_span(
    symbols: Sequence[str] | None, holdings: Sequence[Holding], *, start_ms: int | None, end_ms: int | None
) -> Universe:
    """Choose markets and window between two moments, as far as there are bars; None is where the bars begin or end.

    Raises:
        NothingToTest: The lake has no bars, or none between the two.
        InvalidValue: The window ends before it starts.
        UnknownName: A symbol the lake does not hold.
    """
    series = _find_series(holdings, symbols)
    first = min(one.first_ms for found in series.values() for one in found)
    last = max(one.end_ms for found in series.values() for one in found)
    asked = Window(start_ms=first if start_ms is None else start_ms, end_ms=last if end_ms is None else end_ms)
    if asked.start_ms >= last or asked.end_ms <= first:
        told = f"{format_ms(asked.start_ms)} to {format_ms(asked.end_ms)}"
        raise NothingToTest(f"no bars from {told}; `edgeproof data status` shows what there is")
    window = Window(start_ms=max(asked.start_ms, first), end_ms=min(asked.end_ms, last))
    return _settle(series, choose_markets(holdings, window), window)


def choose_markets(holdings: Sequence[Holding], window: Window) -> Mapping[Instrument, Market]:
    """Each instrument with bars in the window, and of its bars the finest that cover at least half of what any do.

    A handful of minutes must not hide years of hours. Covered is what of the window lies between a series' first and
    last bar, lessened by the share of bars missing between them.
    """
    chosen: dict[Instrument, Market] = {}
    for instrument, series in _group_series(holdings).items():
        covering = [one for one in series if one.measure_cover(window) > 0.0]
        if covering:
            enough = _ENOUGH * max(one.measure_cover(window) for one in covering)
            place = next(i for i, one in enumerate(covering) if one.measure_cover(window) >= enough)
            chosen[instrument] = Market(
                instrument=instrument,
                timeframe=covering[place].timeframe,
                end_ms=covering[place].end_ms,
                first_ms=covering[place].first_ms,
                left_out=tuple(one.timeframe.name for one in covering[:place]),
            )
    return chosen


def describe_left_out(markets: Sequence[Market]) -> str:
    """Say which finer bars were left out, in two sentences; empty where none were."""
    left = [f"{market.instrument} {name} (used: {market.timeframe})" for market in markets for name in market.left_out]
    if not left:
        return ""
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    return (
        "Finer bars were left out because they cover less than half of what longer ones cover of the window:"
        f" {', '.join(left[:_MOST_NAMED])}{more}. Decisions finer than the bars used were not tried."
    )


def describe_absent(universe: Universe) -> str:
    """Say which markets have no bar in the window, in one sentence; empty where all have some."""
    absent = universe.absent
    if not absent:
        return ""
    total = len(absent) + len(universe.markets)
    days = sorted(f"{from_ms(one.last_ms):%Y-%m-%d}" for one in absent)
    told = f"on {days[0]}" if days[0] == days[-1] else f"between {days[0]} and {days[-1]}"
    more = f" and {len(absent) - _MOST_NAMED} more" if len(absent) > _MOST_NAMED else ""
    names = ", ".join(str(one.instrument) for one in absent[:_MOST_NAMED])
    return (
        f"{len(absent)} of {total} markets {'has' if len(absent) == 1 else 'have'} no bar in the window:"
        f" {names}{more}. {'Its' if len(absent) == 1 else 'Their'} last bars are {told}."
    )


def describe_shorter_window(universe: Universe) -> str:
    """Say that the window is shorter than was asked for, in one sentence; empty where it is not."""
    if universe.asked_ms is None:
        return ""
    asked, found = say_length(universe.asked_ms / MS_PER_DAY), say_length(universe.window.days)
    if asked == found:
        return ""
    return (
        f"The window that was asked for, {asked}, is longer than the bars: it begins with the first of them,"
        f" {format_ms(universe.window.start_ms)}, and is {found} long."
    )


def say_length(days: float) -> str:
    """A length of time in whole days; in hours below two days, in minutes below two hours."""
    hours = days * _HOURS_A_DAY
    if days >= _FEW:
        return f"{round(days):,} days"
    return f"{round(hours)} hours" if hours >= _FEW else f"{round(hours * _MINUTES_AN_HOUR)} minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """One instrument's bars of one timeframe."""

    timeframe: Timeframe
    bars: int
    first_ms: int
    end_ms: int

    def measure_cover(self, window: Window) -> float:
        """Milliseconds of the window that its bars cover, if those missing are spread evenly."""
        overlap = min(self.end_ms, window.end_ms) - max(self.first_ms, window.start_ms)
        density = self.bars * self.timeframe.ms / (self.end_ms - self.first_ms)
        return max(0, overlap) * min(1.0, density)


def _group_series(holdings: Sequence[Holding]) -> dict[Instrument, list[_Series]]:
    """Each instrument's bars, shortest first."""
    groups: dict[Instrument, list[_Series]] = {}
    for held in holdings:
        if held.table == "bars" and held.timeframe is not None:
            timeframe = Timeframe.parse(held.timeframe)
            groups.setdefault(held.instrument, []).append(
                _Series(timeframe=timeframe, bars=held.rows, first_ms=held.first_ms, end_ms=held.last_ms + timeframe.ms)
            )
    return {instrument: sorted(series, key=lambda one: one.timeframe) for instrument, series in groups.items()}


def _find_series(holdings: Sequence[Holding], symbols: Sequence[str] | None) -> dict[Instrument, list[_Series]]:
    groups = _group_series(holdings)
    if not groups:
        raise NothingToTest("the lake holds no bars; import some with `edgeproof data import`")
    asked = set(groups) if symbols is None else _find_asked(symbols, set(groups))
    return {instrument: groups[instrument] for instrument in asked}


def _settle(
    series: Mapping[Instrument, Sequence[_Series]],
    markets: Mapping[Instrument, Market],
    window: Window,
    *,
    asked_ms: int | None = None,
) -> Universe:
    """The universe of the markets that were meant; its window holds nothing from before their first bar."""
    chosen = tuple(markets[instrument] for instrument in sorted(markets) if instrument in series)
    first_ms = min((market.first_ms for market in chosen), default=window.start_ms)
    start_ms = min(max(window.start_ms, first_ms), window.end_ms - 1)
    return Universe(
        markets=chosen,
        window=Window(start_ms=start_ms, end_ms=window.end_ms),
        absent=tuple(
            Absent(instrument=instrument, last_ms=max(one.end_ms - one.timeframe.ms for one in series[instrument]))
            for instrument in sorted(series)
            if instrument not in markets
        ),
        asked_ms=asked_ms if start_ms > window.start_ms else None,
    )


def _last(end_ms: int, length_ms: int) -> Window:
    return Window(start_ms=end_ms - length_ms, end_ms=end_ms)


def _find_asked(symbols: Sequence[str], known: set[Instrument]) -> set[Instrument]:
    return {instrument for text in symbols for instrument in _match(text, known)}


def _match(text: str, known: set[Instrument]) -> set[Instrument]:
    exact = {i for i in known if str(i) == text.strip()}
    if exact:
        return exact
    symbol = parse_symbol(text)
    found = {i for i in known if i.symbol == symbol}
    if not found:
        raise NothingToTest(f"no bars of {symbol} in the lake; {offer_names(symbol, {i.symbol for i in known})}")
    return found
