"""Levels: prices that the whole market sees, from the UTC day and the day before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import divide
from edgeproof.features._registry import HLC, Unit, register
from edgeproof.features._sessions import Sessions
from edgeproof.features._sharing import shared

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="price")


@shared
def _find_sessions(data: FeatureInput) -> Sessions:
    return Sessions.of(data.bars)


def _highs(sessions: Sessions, high: FloatArray) -> FloatArray:
    return np.maximum.reduceat(high, sessions.first) if len(sessions.first) else high[:0]


def _lows(sessions: Sessions, low: FloatArray) -> FloatArray:
    return np.minimum.reduceat(low, sessions.first) if len(sessions.first) else low[:0]


def _closes(sessions: Sessions, close: FloatArray) -> FloatArray:
    return close[np.append(sessions.first[1:], len(close)) - 1] if len(sessions.first) else close[:0]


@_add(unit=Unit.PRICE, inputs=("ts", "open"), warm_up_days=lambda: 1, source="Open of the first bar since 00:00 UTC")
@shared
def session_open(data: FeatureInput) -> FloatArray:
    """Opening price of the UTC day."""
    sessions = _find_sessions(data)
    return sessions.spread(data.bars.open[sessions.first])


@_add(
    unit=Unit.RATIO,
    inputs=("ts", "open", "close"),
    warm_up_days=lambda: 1,
    source="close / open of the UTC day - 1",
)
def session_return(data: FeatureInput) -> FloatArray:
    """Cumulative return since the UTC day opened."""
    return divide(data.bars.close, session_open(data)) - 1.0


@_add(unit=Unit.PRICE, inputs=("ts", "high"), warm_up_days=lambda: 2, source="Highest high of the UTC day before")
def previous_session_high(data: FeatureInput) -> FloatArray:
    """High of the UTC day before."""
    sessions = _find_sessions(data)
    return sessions.spread(_highs(sessions, data.bars.high), ago=1)


@_add(unit=Unit.PRICE, inputs=("ts", "low"), warm_up_days=lambda: 2, source="Lowest low of the UTC day before")
def previous_session_low(data: FeatureInput) -> FloatArray:
    """Low of the UTC day before."""
    sessions = _find_sessions(data)
    return sessions.spread(_lows(sessions, data.bars.low), ago=1)


@_add(unit=Unit.PRICE, inputs=("ts", "close"), warm_up_days=lambda: 2, source="Last close of the UTC day before")
def previous_session_close(data: FeatureInput) -> FloatArray:
    """Close of the UTC day before."""
    sessions = _find_sessions(data)
    return sessions.spread(_closes(sessions, data.bars.close), ago=1)


@_add(
    unit=Unit.PRICE,
    inputs=("ts", *HLC),
    warm_up_days=lambda: 2,
    source="Floor traders' pivot: (high + low + close) / 3 of the UTC day before",
)
def pivot_point(data: FeatureInput) -> FloatArray:
    """Pivot of the UTC day before: above it buyers are ahead."""
    sessions = _find_sessions(data)
    bars = data.bars
    pivots = (_highs(sessions, bars.high) + _lows(sessions, bars.low) + _closes(sessions, bars.close)) / 3.0
    return sessions.spread(pivots, ago=1)
