"""The way in for frames: strategies over the bars of several symbols, on one account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edgeproof.backtest.arguments import read_costs, read_equity, read_rules, read_timeframe
from edgeproof.backtest.frames import split_bars, split_factors, split_funding, split_trades
from edgeproof.backtest.portfolio.legs import Leg, keep_priority
from edgeproof.backtest.portfolio.limits import Limits
from edgeproof.backtest.portfolio.replaying import replay_legs
from edgeproof.backtest.portfolio.sizing import Sizing, check_sizing
from edgeproof.backtest.regimes import charge_regimes
from edgeproof.backtest.tape import prepare_tape
from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.hashing import hash_json
from edgeproof.strategies import MarketData, Strategy, evaluate, load_strategy

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from edgeproof.backtest.portfolio.result import PortfolioResult
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One strategy of a portfolio and what it trades.

    Attributes:
        strategy: A strategy, the name of one in the library, a path, or YAML text.
        symbols: What it trades; by default every symbol there is.
        params: Values other than the defaults.
        timeframe: Decide on these bars instead of the strategy's own.
        priority: Lower ones are served first where capital or room is short.
        sizing: How large its entries are; by default as the portfolio says.

    Raises:
        InvalidValue: One of them is of another kind; strategy and params themselves are looked at when it decides.
    """

    strategy: Strategy | str | Path
    symbols: Sequence[str] | None = None
    params: Mapping[str, float] | None = None
    timeframe: Timeframe | str | None = None
    priority: int = 0
    sizing: Sizing | None = None

    def __post_init__(self) -> None:
        if self.symbols is not None and not _are_names(self.symbols):
            raise InvalidValue("symbols", self.symbols, 'a list of symbols, such as ["BTC-USDT"], or None for all')
        if self.params is not None and not isinstance(self.params, Mapping):
            raise InvalidValue("params", self.params, 'values by name, such as {"fast": 9}')
        read_timeframe(self.timeframe)
        keep_priority(self)
        check_sizing(self.sizing)


Members: TypeAlias = "Iterable[Member | Strategy | str | Path]"


def backtest_portfolio(  # noqa: PLR0913 - one keyword for each thing a result depends on
    bars: pl.DataFrame,
    strategies: Members,
    *,
    sizing: Sizing | None = None,
    limits: Limits | None = None,
    costs: Costs | None = None,
    funding: pl.DataFrame | None = None,
    trades: pl.DataFrame | None = None,
    rules: InstrumentRules | Mapping[str, InstrumentRules] | None = None,
    initial_equity: float = 10_000.0,
) -> PortfolioResult:
    """Trade several strategies on several symbols of one account, by the rules of `docs/assumptions.md`.

    Args:
        bars: ``ts, open, high, low, close, volume, symbol`` [, ``timeframe``, ...], the finest there are, of one length
            for all symbols. A column ``slippage_factor`` is what slippage is multiplied with in each bar.
        strategies: Strategies that trade every symbol, or :class:`Member` for those that do not; in any order.
        sizing: Of the members that do not bring their own; by default what each strategy says, on equal parts.
        limits: What the account allows; by default everything.
        costs: Fees, slippage, latency, and what they are in which regime; by default ``Costs()``.
        funding: ``ts, rate, symbol``.
        trades: Trades of the markets, ``ts, price, symbol``: they settle what came first in a bar.
        rules: The venue's rules, of all symbols or by symbol.
        initial_equity: Quote units.

    Raises:
        RequestError: Bars, strategies or limits that cannot be used; says what was expected.
    """
    paid, equity = read_costs(costs), read_equity(initial_equity)
    check_sizing(sizing)
    if limits is not None and not isinstance(limits, Limits):
        raise InvalidValue("limits", limits, "Limits(max_positions=5, ...), or None")
    series = split_bars(bars)
    rates, factors = split_funding(funding, tuple(series)), split_factors(bars)
    prints = split_trades(trades, tuple(series))
    members = read_members(strategies)
    data = MarketData(series, rates)
    legs = [leg for member in members for leg in decide(member, data)]
    return replay_legs(
        {
            symbol: charge_regimes(
                prepare_tape(one, rates.get(symbol), trades=prints.get(symbol), slippage_factor=factors.get(symbol)),
                paid,
                data,
                symbol,
            )
            for symbol, one in series.items()
        },
        legs,
        costs=paid,
        sizing=sizing,
        limits=limits,
        rules=_read_rules(rules, series),
        initial_equity=equity,
    )


def read_members(strategies: Members) -> tuple[Member, ...]:
    """Members as given, a bare strategy as one that trades everything.

    Raises:
        RequestError: No such strategy, or one text where several were expected.
    """
    expected = "a list of strategies or members"
    if isinstance(strategies, (str, bytes, Strategy, Member)):
        raise InvalidValue("strategies", type(strategies).__name__, expected)
    try:
        given = iter(strategies)
    except TypeError:
        raise InvalidValue("strategies", strategies, expected) from None
    return tuple(one if isinstance(one, Member) else Member(strategy=one) for one in given)


def decide(member: Member, data: MarketData) -> list[Leg]:
    """The legs of one member: its decisions on each of its symbols.

    Raises:
        UnknownName: No bars of a symbol, or no such strategy or param.
        NotRunnable: The bars cannot serve the strategy.
    """
    given = member.strategy
    strategy = given if isinstance(given, Strategy) else load_strategy(given)
    params = strategy.resolve_params(member.params)
    timeframe = read_timeframe(member.timeframe) or strategy.timeframe
    for symbol in member.symbols or ():
        if symbol not in data.symbols:
            raise UnknownName("bars of", symbol, data.symbols)
    return [
        Leg(
            name=_name_leg(strategy, member.params or {}, timeframe),
            symbol=symbol,
            signals=evaluate(strategy, data, symbol, params=params, timeframe=timeframe),
            priority=member.priority,
            sizing=member.sizing,
            identity=hash_json({"strategy": strategy.hash, "params": params, "timeframe": timeframe.name}),
        )
        for symbol in member.symbols or data.symbols
    ]


def _name_leg(strategy: Strategy, params: Mapping[str, float], timeframe: Timeframe) -> str:
    told = ", ".join(f"{name}={value:g}" for name, value in sorted(params.items()))
    at = "" if timeframe == strategy.timeframe else f"@{timeframe}"
    return f"{strategy.name}{at}{f'({told})' if told else ''}"


def _are_names(given: object) -> bool:
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        return False
    return len(given) > 0 and all(isinstance(name, str) for name in given)


def _read_rules(
    rules: InstrumentRules | Mapping[str, InstrumentRules] | None, symbols: Collection[str]
) -> dict[str, InstrumentRules]:
    """The rules of each symbol that has any.

    Raises:
        UnknownName: Rules of a symbol without bars.
    """
    given = rules if isinstance(rules, Mapping) else dict.fromkeys(symbols, rules)
    for symbol in given:
        if symbol not in symbols:
            raise UnknownName("bars for the rules of", str(symbol), symbols)
    return {symbol: found for symbol, one in given.items() if (found := read_rules(one)) is not None}
