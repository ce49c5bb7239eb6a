"""What a cycle is asked to do, and which markets and window that means on a given lake."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.errors import InvalidValue, RequestError, offer_names
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import MS_PER_DAY, ONE_MINUTE, Timeframe, Window, format_ms
from edgeproof.execution import Costs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Holding

_HOUR: Final = Timeframe(60)
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
    """

    length_ms: int = 30 * MS_PER_DAY
    symbols: tuple[str, ...] | None = None
    timeframes: tuple[Timeframe, ...] = DECISION_TIMEFRAMES
    costs: Costs = field(default_factory=Costs)
    initial_equity: float = 10_000.0
    workers: int = 1
    seed: int = 7

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
            "costs": asdict(self.costs),
            "initial_equity": self.initial_equity,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One instrument and the finest bars the lake has of it.

    Attributes:
        instrument: The instrument.
        timeframe: Length of those bars.
        end_ms: When the newest of them closed.
    """

    instrument: Instrument
    timeframe: Timeframe
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The markets of a cycle, in order, and its window."""

    markets: tuple[Market, ...]
    window: Window


def choose_universe(request: CycleRequest, holdings: Sequence[Holding]) -> Universe:
    """Choose markets and window: the last ``length_ms`` up to the end of the newest bar.

    Raises:
        NothingToTest: The lake has no bars, or none of a symbol that was asked for in the window.
        UnknownName: A symbol the lake does not hold.
    """
    finest = find_finest(holdings)
    if not finest:
        raise NothingToTest("the lake holds no bars; import some with `edgeproof data import`")
    chosen = set(finest) if request.symbols is None else _find_asked(request.symbols, set(finest))
    end = max(finest[i].end_ms for i in chosen)
    window = Window(start_ms=end - request.length_ms, end_ms=end)
    inside = {i for i in chosen if finest[i].end_ms > window.start_ms}
    if request.symbols is not None and inside != chosen:
        late = min(chosen - inside)
        raise NothingToTest(
            f"{late} has no bars after {format_ms(window.start_ms)} (they end at {format_ms(finest[late].end_ms)});"
            " leave it out or ask for a longer window"
        )
    return Universe(markets=tuple(finest[instrument] for instrument in sorted(inside)), window=window)


def find_finest(holdings: Sequence[Holding]) -> Mapping[Instrument, Market]:
    """Each instrument with its shortest bars."""
    finest: dict[Instrument, Market] = {}
    for holding in holdings:
        if holding.table != "bars" or holding.timeframe is None:
            continue
        timeframe = Timeframe.parse(holding.timeframe)
        known = finest.get(holding.instrument)
        if known is None or timeframe < known.timeframe:
            finest[holding.instrument] = Market(
                instrument=holding.instrument, timeframe=timeframe, end_ms=holding.last_ms + timeframe.ms
            )
    return finest


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
