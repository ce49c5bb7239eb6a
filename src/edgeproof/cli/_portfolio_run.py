"""What a portfolio from the command line does: load, decide, trade, record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeproof.backtest.portfolio import (
    Member,
    decide,
    describe_portfolio,
    make_portfolio_trial,
    name_portfolio,
    replay_legs,
)
from edgeproof.cli._backtest_prints import load_prints
from edgeproof.cli._desk_markets import list_remarks, list_traded_together
from edgeproof.cli._door import open_progress
from edgeproof.domain.hashing import combine_hashes
from edgeproof.domain.records import StrategyVersion
from edgeproof.research.desk import load_desk
from edgeproof.research.evaluation import open_tape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest.portfolio import Leg, Limits, PortfolioResult, Sizing
    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.research.request import Universe
    from edgeproof.strategies import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: strategies with their params and priorities by name, and one account.

    With ``use_trades`` those of the lake settle what a bar leaves open.
    """

    strategies: tuple[Strategy, ...]
    params: Mapping[str, Mapping[str, float]]
    priorities: Mapping[str, int]
    timeframe: Timeframe | None
    universe: Universe
    sizing: Sizing
    limits: Limits
    costs: Costs
    use_trades: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portfolio:
    """A portfolio that was traded.

    Attributes:
        result: What became of the account.
        composition: What it was, as its trial is named.
        trial: As it is going to be recorded.
        desk: What it ran on.
        traded: Its markets.
        rules_known: Of how many of them the venue's rules are known.
        trades_used: How many trades of each market settled what bars leave open; none where they were not asked for.
        remarks: What the data lacks.
    """

    result: PortfolioResult
    composition: Mapping[str, Any]
    trial: Trial
    desk: Desk
    traded: tuple[Instrument, ...]
    rules_known: int
    trades_used: Mapping[str, int]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the ledger said to a trial: 1 where it is new, and how many distinct ones it holds now."""

    new: int
    in_ledger: int


def trade_portfolio(house: Workspace, question: Question) -> Portfolio:
    """Load the markets of one venue, decide, and trade them on one account.

    Raises:
        RequestError: No bars in the window, markets of several venues, or bars the strategies cannot use.
    """
    desk = load_desk(house.lake, question.universe, question.strategies, workers=1)
    traded = list_traded_together(desk)
    legs = _decide(desk, traded, question)
    known = house.rules()
    rules = {instrument.symbol: known[instrument] for instrument in traded if instrument in known}
    prints = {i: load_prints(house.lake, i, desk.window) for i in traded} if question.use_trades else {}
    result = replay_legs(
        {i.symbol: open_tape(desk, i, question.costs, prints[i].frame if i in prints else None) for i in traded},
        legs,
        costs=question.costs,
        sizing=question.sizing,
        limits=question.limits,
        rules=rules,
        initial_equity=house.settings.research.initial_equity,
    )
    composition = describe_portfolio(legs, sizing=question.sizing, limits=question.limits, rules=rules)
    trial = make_portfolio_trial(
        result,
        composition=composition,
        venue=traded[0].venue,
        timeframe=desk.loaded[traded[0]].bars.timeframe,
        window=desk.window,
        data_hash=combine_hashes(
            [
                *(desk.hash_for(s, i) for s in question.strategies for i in traded),
                *(f"trades:{found.hash}" for found in prints.values() if found.hash),
            ]
        ),
        costs=question.costs,
        origin="portfolio",
        created_ms=house.clock.now_ms(),
    )
    return Portfolio(
        result=result,
        composition=composition,
        trial=trial,
        desk=desk,
        traded=tuple(traded),
        rules_known=len(rules),
        trades_used={str(instrument): found.frame.height for instrument, found in prints.items()},
        remarks=tuple(list_remarks(question.universe, desk, question.costs)),
    )


def record_portfolio(house: Workspace, question: Question, done: Portfolio) -> Recorded:
    """Record the whole as one trial, and what it was made of."""
    now_ms = house.clock.now_ms()
    texts = [(strategy.hash, strategy.name, strategy.to_yaml()) for strategy in question.strategies]
    text = json.dumps(done.composition, indent=1, sort_keys=True)
    texts.append((name_portfolio(done.composition), done.trial.strategy, text))
    house.ledger.record_strategies(
        StrategyVersion(strategy_hash=name, name=called, text=text, origin="portfolio", first_seen_ms=now_ms)
        for name, called, text in texts
    )
    return Recorded(new=house.ledger.record_trials([done.trial]), in_ledger=house.ledger.count_trials())


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
