"""A replay as the ledger remembers it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from edgeproof.domain.hashing import hash_json
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.records import Trial
from edgeproof.domain.results import Metrics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Timeframe, Window
    from edgeproof.execution import Costs
    from edgeproof.kernels.replay import TradeRecords

# Raised whenever the same question may get another answer: a trial of an earlier engine is another trial.
ENGINE: Final = 1

_HASH_LENGTH: Final = 16
_MEASURES: Final = tuple(measure.name for measure in fields(Metrics))


class Traded(Protocol):
    """What a trial remembers of an account, whether one strategy traded it or many; all as `Replay` has them."""

    @property
    def records(self) -> TradeRecords:
        """Closed trades."""
        ...

    @property
    def entry_ts(self) -> IntArray:
        """When each was entered."""
        ...

    @property
    def exit_ts(self) -> IntArray:
        """When each was left."""
        ...

    @property
    def daily_returns(self) -> FloatArray:
        """One for each UTC day."""
        ...

    @property
    def first_day(self) -> date:
        """The first of them."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Every measure."""
        ...


def make_trial(  # noqa: PLR0913 - one keyword for each thing the question depends on
    replay: Traded,
    *,
    strategy_hash: str,
    strategy: str,
    params: Mapping[str, float],
    instrument: Instrument,
    timeframe: Timeframe,
    window: Window,
    data_hash: str,
    costs: Costs,
    origin: str,
    created_ms: int,
    rules: InstrumentRules | None = None,
    owners: IntArray | None = None,
) -> Trial:
    """Remember a replay as a trial.

    Args:
        replay: What was found.
        strategy_hash: The version that ran.
        strategy: Its name.
        params: Every parameter's value, defaults included, so that one question has one key.
        instrument: What it traded.
        timeframe: The decision bars.
        window: What was asked for, not the first and last bar there were.
        data_hash: Names the bars and funding used, other symbols' included.
        costs: As the replay had them; they stand in ``Trial.costs`` with the rules and the initial equity.
        origin: Who asked: cycle, cli, ...
        created_ms: When, UTC milliseconds; in neither hash.
        rules: As the replay had them.
        owners: The leg of each trade where several trade one account; part of the answer.
    """
    conditions = describe_conditions(costs, rules, replay.metrics.initial_equity)
    values = {name: float(value) for name, value in params.items()}
    return Trial(
        key=name_trial(
            strategy_hash=strategy_hash,
            params=values,
            instrument=instrument,
            timeframe=timeframe,
            window=window,
            data_hash=data_hash,
            conditions=conditions,
        ),
        strategy_hash=strategy_hash,
        strategy=strategy,
        params=values,
        instrument=instrument,
        timeframe=timeframe.name,
        window=window,
        data_hash=data_hash,
        costs=conditions,
        trades=len(replay.records),
        metrics=describe_metrics(replay.metrics),
        first_day=replay.first_day.isoformat(),
        daily_returns=tuple(replay.daily_returns.tolist()),
        result_hash=hash_result(replay, owners),
        origin=origin,
        created_ms=created_ms,
    )


def name_trial(  # noqa: PLR0913 - one keyword for each part of the question
    *,
    strategy_hash: str,
    params: Mapping[str, float],
    instrument: Instrument,
    timeframe: Timeframe,
    window: Window,
    data_hash: str,
    conditions: Mapping[str, float],
) -> str:
    """The key a trial will have, known before it is made; ``conditions`` as `describe_conditions` gives them."""
    return hash_json(
        {
            "engine": ENGINE,
            "strategy": strategy_hash,
            "params": {name: float(value) for name, value in params.items()},
            "instrument": str(instrument),
            "timeframe": timeframe.name,
            "window": [window.start_ms, window.end_ms],
            "data": data_hash,
            "costs": dict(conditions),
        }
    )


def describe_conditions(costs: Costs, rules: InstrumentRules | None, initial_equity: float) -> dict[str, float]:
    """Everything besides data and strategy that a result depends on, JSON-ready."""
    numbers = {**costs.to_dict(), **_describe_rules(rules or InstrumentRules()), "initial_equity": initial_equity}
    return {name: float(value) for name, value in numbers.items()}


def _describe_rules(rules: InstrumentRules) -> dict[str, float]:
    numbers = asdict(replace(rules, tiers=()))
    del numbers["tiers"]
    for at, tier in enumerate(rules.tiers, start=1):
        numbers |= {f"tier{at}_{name}": value for name, value in asdict(tier).items() if math.isfinite(value)}
    return numbers


def describe_metrics(metrics: Metrics) -> dict[str, Any]:
    """Metrics as a JSON object; the Sharpe interval is an object of its own, what is unknown is null."""
    # Field by field: `asdict` copies every number deeply, a tenth of a short replay.
    told = {name: getattr(metrics, name) for name in _MEASURES}
    return told | {"sharpe": None if metrics.sharpe is None else asdict(metrics.sharpe)}


def hash_result(replay: Traded, owners: IntArray | None = None) -> str:
    """Name an answer: every trade, with its leg where there are several, and every daily return, to the bit."""
    digest = hashlib.sha256(f"{len(replay.records)}:{len(replay.daily_returns)}".encode())
    for name in replay.records.dtype.names or ():
        digest.update(np.ascontiguousarray(replay.records[name]).tobytes())
    legs = () if owners is None else (owners,)
    for column in (*legs, replay.entry_ts, replay.exit_ts, replay.daily_returns):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:_HASH_LENGTH]
