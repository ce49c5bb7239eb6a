"""What a portfolio from the command line does: load, decide, trade, record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeproof.backtest import prepare_tape
from edgeproof.backtest.portfolio import (
    Member,
    decide,
    describe_portfolio,
    make_portfolio_trial,
    name_portfolio,
    replay_legs,
)
from edgeproof.cli._door import open_progress
from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.hashing import combine_hashes
from edgeproof.domain.records import StrategyVersion
from edgeproof.domain.time import format_ms, parse_span
from edgeproof.research import NothingToTest
from edgeproof.research.coverage import describe_missing_funding
from edgeproof.research.desk import load_desk
from edgeproof.research.request import (
    CycleRequest,
    choose_universe,
    describe_absent,
    describe_left_out,
    describe_shorter_window,
)
from edgeproof.strategies import load_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest.portfolio import Leg, Limits, PortfolioResult, Sizing
    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.strategies import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: strategies with their params and priorities by name, and one account."""

    strategies: tuple[Strategy, ...]
    params: Mapping[str, Mapping[str, float]]
    priorities: Mapping[str, int]
    timeframe: Timeframe | None
    symbols: tuple[str, ...] | None
    window: str | None
    sizing: Sizing
    limits: Limits
    costs: Costs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """A finished portfolio.

    Attributes:
        result: What became of the account.
        trial: As it was recorded.
        desk: What it ran on.
        new: Whether it was not known before.
        trials_total: Distinct trials ever recorded.
        rules_known: Of how many markets the venue's rules are known.
        remarks: What the data lacks.
    """

    result: PortfolioResult
    trial: Trial
    desk: Desk
    new: bool
    trials_total: int
    rules_known: int
    remarks: tuple[str, ...]


def find_strategies(house: Workspace, names: Sequence[str]) -> list[Strategy]:
    """Strategies by name or path.

    Raises:
        UnknownName: No such strategy.
        InvalidValue: One of them twice.
    """
    found = {strategy.name: strategy for strategy in house.strategies()[0]}
    chosen: dict[str, Strategy] = {}
    for name in names:
        is_file = "/" in name or name.endswith((".yaml", ".yml"))
        if name not in found and not is_file:
            raise UnknownName("strategy", name, found)
        strategy = found[name] if name in found else load_strategy(Path(name).expanduser())
        if strategy.name in chosen:
            raise InvalidValue("strategies", f"{strategy.name} twice", "each strategy once")
        chosen[strategy.name] = strategy
    return list(chosen.values())


def compute_portfolio(house: Workspace, question: Question) -> Run:
    """Load the markets of one venue, trade, and record the whole as one trial.

    Raises:
        RequestError: No bars in the window, markets of several venues, or bars the strategies cannot use.
    """
    request = CycleRequest(
        symbols=question.symbols,
        length_ms=parse_span(question.window or house.settings.research.window),
        costs=question.costs,
        initial_equity=house.settings.research.initial_equity,
    )
    universe = choose_universe(request, house.lake.holdings())
    desk = load_desk(house.lake, universe, question.strategies, workers=1)
    traded = _find_traded(desk)
    legs = _decide(desk, traded, question)
    known = house.rules()
    rules = {instrument.symbol: known[instrument] for instrument in traded if instrument in known}
    result = replay_legs(
        {i.symbol: prepare_tape(desk.loaded[i].bars, desk.loaded[i].funding) for i in traded},
        legs,
        costs=question.costs,
        sizing=question.sizing,
        limits=question.limits,
        rules=rules,
        initial_equity=request.initial_equity,
    )
    composition = describe_portfolio(legs, sizing=question.sizing, limits=question.limits, rules=rules)
    trial = make_portfolio_trial(
        result,
        composition=composition,
        venue=traded[0].venue,
        timeframe=desk.loaded[traded[0]].bars.timeframe,
        window=desk.window,
        data_hash=combine_hashes(desk.hash_for(s, i) for s in question.strategies for i in traded),
        costs=question.costs,
        origin="portfolio",
        created_ms=house.clock.now_ms(),
    )
    told = (
        describe_absent(universe),
        describe_shorter_window(universe),
        describe_missing_funding(desk.coverages),
        describe_left_out(universe.markets),
    )
    return Run(
        result=result,
        trial=trial,
        desk=desk,
        new=_record(house, question, composition, trial),
        trials_total=house.ledger.count_trials(),
        rules_known=len(rules),
        remarks=tuple(remark for remark in told if remark),
    )


def _find_traded(desk: Desk) -> list[Instrument]:
    traded = [coverage.instrument for coverage in desk.coverages]
    if not traded:
        told = f"{format_ms(desk.window.start_ms)} to {format_ms(desk.window.end_ms)}"
        raise NothingToTest(f"no bars from {told}; `edgeproof data status` shows what there is")
    venues = sorted({instrument.venue for instrument in traded})
    if len(venues) > 1:
        raise InvalidValue("symbols", f"markets of {', '.join(venues)}", f"those of one venue, such as {traded[0]}")
    return traded


def _decide(desk: Desk, traded: Sequence[Instrument], question: Question) -> list[Leg]:
    legs: list[Leg] = []
    with open_progress() as progress:
        for strategy in progress.track(question.strategies, description="decide"):
            member = Member(
                strategy=strategy,
                symbols=tuple(instrument.symbol for instrument in traded),
                params=question.params[strategy.name],
                timeframe=question.timeframe,
                priority=question.priorities[strategy.name],
            )
            legs += decide(member, desk.venues[traded[0].venue])
    return legs


def _record(house: Workspace, question: Question, composition: Mapping[str, Any], trial: Trial) -> bool:
    import json

    now_ms = house.clock.now_ms()
    texts = [(strategy.hash, strategy.name, strategy.to_yaml()) for strategy in question.strategies]
    texts.append((name_portfolio(composition), trial.strategy, json.dumps(composition, indent=1, sort_keys=True)))
    house.ledger.record_strategies(
        StrategyVersion(strategy_hash=name, name=called, text=text, origin="portfolio", first_seen_ms=now_ms)
        for name, called, text in texts
    )
    return bool(house.ledger.record_trials([trial]))
