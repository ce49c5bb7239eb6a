"""Candle patterns, as TA-Lib recognises them: 1 where a bullish one is complete, -1 a bearish one, 0 none.

TA-Lib calls a body long, short or a doji by comparing it with the mean of the bars before, so a pattern means the same
at any price level. All follow Nison 1991 unless they say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgeproof.features._registry import MINUS_ONE_TO_ONE, OHLC, Unit, register
from edgeproof.features._talib import count_lookback, mark_pattern

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_PATTERNS: Final = {
    "candle_doji": ("CDLDOJI", "Doji: open and close all but equal; indecision, marked 1."),
    "candle_dragonfly": ("CDLDRAGONFLYDOJI", "Dragonfly doji: open, close and high together, a long wick below."),
    "candle_gravestone": ("CDLGRAVESTONEDOJI", "Gravestone doji: open, close and low together, a long wick above."),
    "candle_spinning_top": (
        "CDLSPINNINGTOP",
        "Spinning top: a small body between two longer wicks, signed by its body.",
    ),
    "candle_marubozu": ("CDLMARUBOZU", "Marubozu: a long body without wicks, signed by its body."),
    "candle_belt_hold": ("CDLBELTHOLD", "Belt hold: a long body that opened at its extreme, signed by its body."),
    "candle_hammer": ("CDLHAMMER", "Hammer: after a fall, a small body above a long lower wick."),
    "candle_inverted_hammer": ("CDLINVERTEDHAMMER", "Inverted hammer: after a fall, a small body below a long wick."),
    "candle_hanging_man": ("CDLHANGINGMAN", "Hanging man: after a rise, a small body above a long lower wick."),
    "candle_shooting_star": ("CDLSHOOTINGSTAR", "Shooting star: after a rise, a small body below a long upper wick."),
    "candle_engulfing": ("CDLENGULFING", "Engulfing: a body that wraps the opposite body before it."),
    "candle_harami": ("CDLHARAMI", "Harami: a small body inside the long body before it."),
    "candle_piercing": ("CDLPIERCING", "Piercing line: a rise from a new low to beyond the middle of the fall before."),
    "candle_dark_cloud": ("CDLDARKCLOUDCOVER", "Dark cloud cover: a fall from a new high deep into the rise before."),
    "candle_morning_star": ("CDLMORNINGSTAR", "Morning star: a fall, a small body below it, and a rise back into it."),
    "candle_evening_star": ("CDLEVENINGSTAR", "Evening star: a rise, a small body above it, and a fall back into it."),
    "candle_three_soldiers": ("CDL3WHITESOLDIERS", "Three white soldiers: three long rises, each closing higher."),
    "candle_three_crows": ("CDL3BLACKCROWS", "Three black crows: three long falls, each closing lower."),
    "candle_three_inside": ("CDL3INSIDE", "Three inside: a harami confirmed by the third bar."),
    "candle_three_outside": ("CDL3OUTSIDE", "Three outside: an engulfing confirmed by the third bar."),
}


def _register_pattern(name: str, pattern: str, meaning: str) -> None:
    def mark(data: FeatureInput) -> FloatArray:
        return mark_pattern(pattern, data.bars)

    mark.__name__ = name
    mark.__doc__ = meaning
    lookback = count_lookback(pattern)
    register(
        family="candles",
        unit=Unit.FLAG,
        inputs=OHLC,
        warm_up=lambda: lookback,
        bounds=MINUS_ONE_TO_ONE,
        source=f"TA-Lib {pattern}",
    )(mark)


for _name, (_pattern, _meaning) in _PATTERNS.items():
    _register_pattern(_name, _pattern, _meaning)
