"""Random well-formed expressions and strategies, drawn from the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from edgeproof.domain.time import Timeframe
from edgeproof.strategies.expressions import (
    Binary,
    Call,
    Expression,
    Kind,
    Name,
    Number,
    Text,
    Unary,
    format_expression,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = (Timeframe(1), Timeframe(5), Timeframe(15))
SYMBOLS = ("BTC-USDT", "ETH-USDT")
COLUMNS = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume")
# Features with the number of window arguments to draw; some need inputs that may be absent.
FEATURES = {
    "sma": 1,
    "ema": 1,
    "rsi": 1,
    "atr": 1,
    "vwap": 1,
    "relative_volume": 1,
    "taker_imbalance": 1,
    "bulk_imbalance": 1,
    "supertrend_side": 1,
    "beta": 1,
    "session_return": 0,
    "funding_rate": 0,
    "candle_engulfing": 0,
}
_WINDOWS = ("highest", "lowest", "mean", "stdev", "zscore", "rank")
_NUMBERS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 100.0, 1e-9])


class Grammar:
    """Draws expressions.

    Args:
        draw: Hypothesis's.
        exact: Only operators whose result does not depend on the order of rounding, and no features.
    """

    def __init__(self, draw: st.DrawFn, *, exact: bool = False) -> None:
        self._draw = draw
        self._exact = exact

    def number(self, depth: int, frame: Timeframe) -> Expression:
        """A number of at most this depth, to be computed on this timeframe."""
        kinds: list[Callable[[int, Timeframe], Expression]] = [self._column, self._literal]
        if depth > 0:
            kinds += [self._arithmetic, self._negation, self._lag, self._window, self._plain, self._elsewhere]
            kinds += [] if self._exact else [self._feature, self._feature]
        return self._draw(st.sampled_from(kinds))(depth - 1, frame)

    def condition(self, depth: int, frame: Timeframe) -> Expression:
        """A condition of at most this depth."""
        choice = self._draw(st.integers(0, 7 if depth > 1 else 2))
        if choice <= 2:
            sign = self._draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
            return Binary(sign, self.number(depth - 1, frame), self.number(depth - 1, frame))
        if choice == 3:
            return Unary("not", self.condition(depth - 1, frame))
        if choice == 4:
            name = self._draw(st.sampled_from(["crosses_above", "crosses_below"]))
            return Call(name, (self.number(depth - 1, frame), self.number(depth - 1, frame)))
        if choice == 5:
            return Call("lag", (self.condition(depth - 1, frame), self._count(0)))
        if choice == 6:
            return self._move(frame, self.condition, depth - 1)
        word = self._draw(st.sampled_from(["and", "or"]))
        return Binary(word, self.condition(depth - 1, frame), self.condition(depth - 1, frame))

    def _column(self, _depth: int, _frame: Timeframe) -> Expression:
        return Name(self._draw(st.sampled_from(COLUMNS)))

    def _literal(self, _depth: int, _frame: Timeframe) -> Expression:
        return Number(self._draw(_NUMBERS))

    def _arithmetic(self, depth: int, frame: Timeframe) -> Expression:
        sign = self._draw(st.sampled_from(["+", "-", "*", "/"]))
        return Binary(sign, self.number(depth, frame), self.number(depth, frame))

    def _negation(self, depth: int, frame: Timeframe) -> Expression:
        return Unary("-", self.number(depth, frame))

    def _lag(self, depth: int, frame: Timeframe) -> Expression:
        return Call("lag", (self.number(depth, frame), self._count(0)))

    def _window(self, depth: int, frame: Timeframe) -> Expression:
        name = self._draw(st.sampled_from(_WINDOWS[:2] if self._exact else _WINDOWS))
        return Call(name, (self.number(depth, frame), self._count(2)))

    def _plain(self, depth: int, frame: Timeframe) -> Expression:
        name = self._draw(st.sampled_from(["abs", "min", "max", *([] if self._exact else ["log"])]))
        count = 1 if name in ("abs", "log") else self._draw(st.integers(2, 3))
        return Call(name, tuple(self.number(depth, frame) for _ in range(count)))

    def _feature(self, _depth: int, _frame: Timeframe) -> Expression:
        name = self._draw(st.sampled_from(sorted(FEATURES)))
        return Call(name, tuple(self._count(3) for _ in range(FEATURES[name])))

    def _elsewhere(self, depth: int, frame: Timeframe) -> Expression:
        return self._move(frame, self.number, depth)

    def _move(self, frame: Timeframe, make: Callable[[int, Timeframe], Expression], depth: int) -> Expression:
        if self._draw(st.booleans()):
            return Call("of", (Text(self._draw(st.sampled_from(SYMBOLS))), make(depth, frame)))
        longer = self._draw(st.sampled_from([f for f in FRAMES if f >= frame]))
        return Call("on", (Text(longer.name), make(depth, longer)))

    def _count(self, fewest: int) -> Expression:
        return Number(float(self._draw(st.integers(fewest, 9))))


@st.composite
def expressions(draw: st.DrawFn, *, kind: Kind = Kind.NUMBER, depth: int = 4, exact: bool = False) -> Expression:
    """A random expression on one-minute bars."""
    grammar = Grammar(draw, exact=exact)
    return (grammar.number if kind is Kind.NUMBER else grammar.condition)(depth, FRAMES[0])


@st.composite
def strategy_texts(draw: st.DrawFn) -> str:
    """A random strategy as YAML: rules, distances, a size, and a ``let`` name and a param in use."""
    grammar = Grammar(draw)
    frame = draw(st.sampled_from(FRAMES[:2]))
    lines = ["name: drawn", "thesis: Drawn at random.", f"timeframe: {frame}"]
    lines += ["params: {n: {default: 3, low: 2, high: 9}}", "let:", f"  base: {_spell(grammar.number(2, frame))}"]
    lines += [f"long: lag(base, n) > mean(base, n) or ({_spell(grammar.condition(3, frame))})"]
    for key in ("short", "exit_long", "exit_short"):
        if draw(st.booleans()) and (key != "exit_short" or any(line.startswith("short") for line in lines)):
            lines.append(f"{key}: {_spell(grammar.condition(3, frame))}")
    for key in ("stop", "take", "trail"):
        if draw(st.booleans()):
            lines.append(f"{key}: abs({_spell(grammar.number(2, frame))})")
    if any(line.startswith("take") for line in lines) and draw(st.booleans()):
        lines.append("take_share: n / 10")
    for key in ("max_hold", "cool_down"):
        if draw(st.booleans()):
            lines.append(f"{key}: {draw(st.sampled_from(['n', '4']))}")
    if draw(st.booleans()):
        lines.append(f"entry: {{kind: limit, offset: 'abs({_spell(grammar.number(2, frame))})', wait: n}}")
    if draw(st.booleans()):
        lines.append("size: {kind: volatility_target, annual: 0.3, max_leverage: 3}")
    return "\n".join(lines) + "\n"


def _spell(expression: Expression) -> str:
    return format_expression(expression)
