"""What a feature is, and the registry in which every one stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.registry import Registry
from edgeproof.domain.scalars import read_number
from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.domain.time import ONE_MINUTE, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.series import BarSeries

INPUT_NAMES: Final = ("ts", *VALUE_COLUMNS, "funding_rate", "reference")
OHLC: Final = ("open", "high", "low", "close")
HLC: Final = ("high", "low", "close")
HL: Final = ("high", "low")
CLOSE: Final = ("close",)
NOT_NEGATIVE: Final = (0.0, float("inf"))
ZERO_TO_ONE: Final = (0.0, 1.0)
MINUS_ONE_TO_ONE: Final = (-1.0, 1.0)
ZERO_TO_HUNDRED: Final = (0.0, 100.0)
_MINUTES_PER_DAY: Final = 1_440

Compute: TypeAlias = "Callable[..., FloatArray]"
WarmUpRule: TypeAlias = Callable[..., int]


class Unit(StrEnum):
    """What one step of a feature's value means."""

    PRICE = "price"
    RATIO = "ratio"  # 0.01 = 1 %
    PERCENT = "percent"  # 1.0 = 1 %
    STDEVS = "standard deviations"
    BASE = "base units"
    QUOTE = "quote units"
    RETURN_PER_QUOTE = "return per quote unit"
    PRICE_PER_BASE = "price per base unit"
    POINTS = "points"  # of an index that has no unit
    FLAG = "flag"  # -1, 0 or 1
    CODE = "code"  # a number that stands for a name
    BARS = "bars"
    DAYS = "days"
    MINUTES = "minutes"

    @property
    def powers(self) -> tuple[int, int]:
        """How the value answers when prices, or base volumes, double: the powers of price and of volume in it."""
        return _POWERS.get(self, (0, 0))


_POWERS: Final = {
    Unit.PRICE: (1, 0),
    Unit.BASE: (0, 1),
    Unit.QUOTE: (1, 1),
    Unit.RETURN_PER_QUOTE: (-1, -1),
    Unit.PRICE_PER_BASE: (1, -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument of a feature: its default, and the range that makes sense (and that a tuner may search)."""

    name: str
    default: float
    low: float
    high: float
    integer: bool = True

    def check(self, feature: str, value: float) -> float:
        """The value as the feature takes it, a whole number as ``int``.

        Raises:
            InvalidValue: Not a number, outside the range, or not whole where it must be.
        """
        kind = "a whole number" if self.integer else "a number"
        number = read_number(value)
        if number is None or not self.low <= number <= self.high or (self.integer and number != int(number)):
            raise InvalidValue(f"{self.name} of {feature}", value, f"{kind} from {self.low:g} to {self.high:g}")
        return int(number) if self.integer else float(number)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureInput:
    """Everything a feature may look at, of one instrument.

    Attributes:
        bars: Shape (n,) columns.
        funding_rate: Shape (n,), the rate last known at each bar's close, NaN before the first; None without funding.
        reference: The reference market's bars at the same times, NaN where it has none; None without a reference.
        shared: Where features keep what they have in common, computed from these bars alone; None to keep nothing.
    """

    bars: BarSeries
    funding_rate: FloatArray | None = None
    reference: BarSeries | None = None
    shared: dict[Any, Any] | None = None

    def __post_init__(self) -> None:
        expected = f"{len(self.bars)} values, one for each bar"
        if self.funding_rate is not None and len(self.funding_rate) != len(self.bars):
            raise InvalidValue("funding_rate", f"{len(self.funding_rate)} values", expected)
        if self.reference is not None and len(self.reference) != len(self.bars):
            raise InvalidValue("reference", f"{len(self.reference)} bars", expected)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feature:
    """One registered feature: a function of one instrument's past, and what is known about it.

    Attributes:
        name: How the strategy language calls it.
        family: The group it is listed under.
        parameters: Its arguments, in order.
        inputs: Columns it reads, of the bars or ``funding_rate`` and ``reference``; all NaN where one is absent.
        unit: What one step of the value means.
        meaning: One line.
        source: Author, paper or formula.
        bounds: Lowest and highest value it can take.
        recursive: Its memory of older bars fades instead of ending; see ``warm_up``.
        compute: The function itself; call it through ``compute_feature``.
        warm_up_bars, warm_up_days: Bars, and whole days, of history a value needs, as functions of the arguments.
    """

    name: str
    family: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    unit: Unit
    meaning: str
    source: str
    bounds: tuple[float, float]
    recursive: bool
    compute: Compute
    warm_up_bars: WarmUpRule
    warm_up_days: WarmUpRule

    @property
    def example(self) -> str:
        """A call with the default arguments, as a strategy would write it."""
        arguments = ", ".join(f"{p.default:g}" for p in self.parameters)
        return f"{self.name}({arguments})" if arguments else self.name

    def check_arguments(self, arguments: Sequence[float] = ()) -> tuple[float, ...]:
        """The arguments as the function takes them; those left out at the end take their defaults.

        Raises:
            InvalidValue: Too many, out of range, or not whole where it must be.
        """
        if len(arguments) > len(self.parameters):
            names = ", ".join(p.name for p in self.parameters)
            expected = f"at most {len(self.parameters)} ({names})" if names else "none"
            raise InvalidValue(f"number of arguments of {self.name}", len(arguments), expected)
        defaults = [p.default for p in self.parameters[len(arguments) :]]
        given = (*arguments, *defaults)
        return tuple(p.check(self.name, value) for p, value in zip(self.parameters, given, strict=True))

    def warm_up(self, arguments: Sequence[float] = (), timeframe: Timeframe = ONE_MINUTE) -> int:
        """How many earlier bars make a value final: with that many before it, starting earlier changes nothing.

        For features over a window, a value is null before and equal to rounding after. A recursive feature (an
        exponential mean) shows values as soon as they are defined; after this many bars what came before weighs under
        one part in a million. Features of the UTC day need whole days, hence the timeframe.
        """
        checked = self.check_arguments(arguments)
        bars_a_day = max(1, _MINUTES_PER_DAY // timeframe.minutes)
        return self.warm_up_bars(*checked) + self.warm_up_days(*checked) * bars_a_day


FEATURES: Final[Registry[Feature]] = Registry("feature")


def need_nothing(*_: float) -> int:
    """No earlier bar."""
    return 0


def register(  # noqa: PLR0913 - one keyword for each fact about a feature
    *,
    family: str,
    unit: Unit,
    inputs: tuple[str, ...],
    source: str,
    parameters: tuple[Parameter, ...] = (),
    warm_up: WarmUpRule = need_nothing,
    warm_up_days: WarmUpRule = need_nothing,
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
    recursive: bool = False,
) -> Callable[[Compute], Compute]:
    """Register the decorated function under its own name; its docstring is the feature's one-line meaning."""
    unknown = set(inputs) - set(INPUT_NAMES)
    if unknown:
        raise ValueError(f"inputs {sorted(unknown)} are none of {INPUT_NAMES}")

    def add(compute: Compute) -> Compute:
        name = compute.__name__
        FEATURES.register(
            name,
            Feature(
                name=name,
                family=family,
                parameters=parameters,
                inputs=inputs,
                unit=unit,
                meaning=(compute.__doc__ or "").strip().splitlines()[0],
                source=source,
                bounds=bounds,
                recursive=recursive,
                compute=compute,
                warm_up_bars=warm_up,
                warm_up_days=warm_up_days,
            ),
        )
        return compute

    return add
