from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import RequestError
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.series import VALUE_COLUMNS, BarSeries
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe
from edgeproof.strategies import MarketData, evaluate, library_names, load_strategy, parse_strategy
from edgeproof.strategies.computing import Computation
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
from edgeproof.strategies.market_data import View
from edgeproof.strategies.parsing import parse_expression
from fakes.strategy_grammar import SYMBOLS, expressions, strategy_texts
from fakes.strategy_texts import START_MS, draw_series, write_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgeproof.domain.signals import Signals

BARS = 320
SIGNAL_ARRAYS = ("long", "short", "exit_long", "exit_short", "stop", "take", "trail", "leverage")


def draw_market(seed: int) -> dict[str, BarSeries]:
    """Two symbols with different gaps, the first with a hole in which values grow stale; the second begins late."""
    first, second = (draw_series(BARS, seed=seed + i, missing=0.06 * i, start=11 * i) for i in range(len(SYMBOLS)))
    kept = np.r_[0:24, 33 : len(first)]
    columns = {name: getattr(first, name)[kept] for name in ("ts", *VALUE_COLUMNS)}
    return {SYMBOLS[0]: BarSeries(timeframe=first.timeframe, **columns), SYMBOLS[1]: second}


def draw_funding() -> dict[str, pl.DataFrame]:
    ts = START_MS + np.arange(6, dtype=np.int64) * 60 * MS_PER_MINUTE
    frame = pl.DataFrame({"ts": pl.Series(ts).cast(UTC_MS), "rate": [1e-4, -2e-4, 0.0, 3e-4, 1e-4, -1e-4]})
    return {SYMBOLS[1]: frame}


def cut(series: BarSeries, end_ms: int) -> BarSeries:
    """What was known of a series by a moment."""
    return series.slice(0, int(np.searchsorted(series.known_at, end_ms, side="right")))


@given(text=strategy_texts(), seed=st.integers(0, 50), share=st.floats(0.02, 0.98), symbol=st.sampled_from(SYMBOLS))
@settings(deadline=None, max_examples=150)
def test_no_strategy_can_see_the_future(text: str, seed: int, share: float, symbol: str) -> None:
    strategy = parse_strategy(text)
    market, funding = draw_market(seed), draw_funding()
    end_ms = START_MS + int(share * BARS) * MS_PER_MINUTE
    past = {name: cut(series, end_ms) for name, series in market.items()}
    paid = {name: frame.filter(pl.col("ts").dt.epoch("ms") <= end_ms) for name, frame in funding.items()}
    whole = evaluate(strategy, MarketData(market, funding), symbol)
    then = evaluate(strategy, MarketData(past, paid), symbol)
    assert_begins_with(whole, then)


def assert_begins_with(whole: Signals, then: Signals) -> None:
    count = len(then.bars)
    np.testing.assert_array_equal(whole.bars.ts[:count], then.bars.ts)
    for name in SIGNAL_ARRAYS:
        np.testing.assert_array_equal(getattr(whole, name)[:count], getattr(then, name), err_msg=name)


@given(text=strategy_texts(), seed=st.integers(0, 50))
@settings(deadline=None, max_examples=40)
def test_what_was_computed_before_changes_nothing(text: str, seed: int) -> None:
    strategy = parse_strategy(text)
    market, funding = draw_market(seed), draw_funding()
    shared = MarketData(market, funding)
    # Other strategies, other params, a tiny memory and another symbol may have come first.
    evaluate(strategy, shared, SYMBOLS[1], params={"n": 7})
    evaluate(strategy, shared, SYMBOLS[0])
    fresh = evaluate(strategy, MarketData(market, funding), SYMBOLS[1])
    forgetful = evaluate(strategy, MarketData(market, funding, cache_bytes=0), SYMBOLS[1])
    assert_begins_with(fresh, evaluate(strategy, shared, SYMBOLS[1]))
    assert_begins_with(fresh, forgetful)


class Twin:
    """The language as its documentation tells it, one bar at a time, slow and plain; None is unknown."""

    def __init__(self, market: Mapping[str, BarSeries]) -> None:
        self._data = MarketData(market)

    def bars(self, view: View) -> BarSeries:
        return self._data.bars(*view)

    def number(self, node: Expression, at: int, view: View) -> float | None:
        if at < 0:
            return None
        match node:
            case Number():
                value: float | None = node.value
            case Name():
                value = float(getattr(self.bars(view), node.name)[at])
            case Unary():
                inside = self.number(node.operand, at, view)
                value = None if inside is None else -inside
            case Binary():
                value = self._arithmetic(node, at, view)
            case Call(name="lag", arguments=(inside, Number() as count)):
                value = self.number(inside, at - int(count.value), view)
            case Call(name="highest" | "lowest", arguments=(inside, Number() as count)):
                value = self._extreme(node.name, inside, int(count.value), at, view)
            case Call(name="on" | "of"):
                source, there = self._move(node, at, view)
                value = self.number(node.arguments[1], there, source)
            case Call():
                given = [self.number(argument, at, view) for argument in node.arguments]
                known = [v for v in given if v is not None]
                plain = {"abs": lambda: abs(known[0]), "min": lambda: min(known), "max": lambda: max(known)}
                value = plain[node.name]() if len(known) == len(given) else None
            case _:
                raise AssertionError(node)
        return value if value is not None and math.isfinite(value) else None

    def condition(self, node: Expression, at: int, view: View) -> bool | None:  # noqa: PLR0911 - one per operator
        if at < 0:
            return None
        match node:
            case Unary():
                inside = self.condition(node.operand, at, view)
                return None if inside is None else not inside
            case Binary(operator="and" | "or"):
                sides = [self.condition(side, at, view) for side in (node.left, node.right)]
                decisive = node.operator == "or"
                return decisive if decisive in sides else None if None in sides else not decisive
            case Binary():
                left, right = self.number(node.left, at, view), self.number(node.right, at, view)
                return None if left is None or right is None else COMPARE[node.operator](left, right)
            case Call(name="lag", arguments=(inside_lag, Number() as count)):
                return self.condition(inside_lag, at - int(count.value), view)
            case Call(name="crosses_above" | "crosses_below", arguments=(a, b)):
                sign = ">" if node.name == "crosses_above" else "<"
                now, before = (self.condition(Binary(sign, a, b), i, view) for i in (at, at - 1))
                if now is False or before is True:
                    return False
                return None if now is None or before is None else True
            case Call(name="on" | "of"):
                source, there = self._move(node, at, view)
                return self.condition(node.arguments[1], there, source)
        raise AssertionError(node)

    def _arithmetic(self, node: Binary, at: int, view: View) -> float | None:
        left, right = self.number(node.left, at, view), self.number(node.right, at, view)
        if left is None or right is None or (node.operator == "/" and right == 0):
            return None
        return {"+": left + right, "-": left - right, "*": left * right}.get(node.operator, left / (right or 1.0))

    def _extreme(self, name: str, node: Expression, count: int, at: int, view: View) -> float | None:
        if at - count + 1 < 0:
            return None
        given = [self.number(node, i, view) for i in range(at - count + 1, at + 1)]
        known = [v for v in given if v is not None]
        return (max(known) if name == "highest" else min(known)) if len(known) == count else None

    def _move(self, node: Call, at: int, view: View) -> tuple[View, int]:
        word = node.arguments[0]
        assert isinstance(word, Text)
        source = (
            View(word.value, view.timeframe) if node.name == "of" else View(view.symbol, Timeframe.parse(word.value))
        )
        if source == view:
            return source, at
        now = int(self.bars(view).known_at[at])
        closed = [i for i, known in enumerate(self.bars(source).known_at) if known <= now]
        if not closed or now - int(self.bars(source).known_at[closed[-1]]) > 3 * source.timeframe.ms:
            return source, -1
        return source, closed[-1]


COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@given(node=expressions(exact=True), seed=st.integers(0, 20))
@settings(deadline=None, max_examples=120)
def test_numbers_agree_with_a_plain_twin(node: Expression, seed: int) -> None:
    market = {symbol: cut(series, START_MS + 45 * MS_PER_MINUTE) for symbol, series in draw_market(seed).items()}
    view = View(SYMBOLS[1], ONE_MINUTE)
    found = Computation(parse_strategy(write_strategy()), MarketData(market), {}).numbers(node, view)
    spread = np.broadcast_to(found, len(market[SYMBOLS[1]]))
    twin = Twin(market)
    expected = [twin.number(node, at, view) for at in range(len(spread))]
    np.testing.assert_array_equal(spread, [math.nan if value is None else value for value in expected])


@given(node=expressions(kind=Kind.CONDITION, exact=True), seed=st.integers(0, 20))
@settings(deadline=None, max_examples=120)
def test_conditions_agree_with_a_plain_twin(node: Expression, seed: int) -> None:
    market = {symbol: cut(series, START_MS + 45 * MS_PER_MINUTE) for symbol, series in draw_market(seed).items()}
    view = View(SYMBOLS[1], ONE_MINUTE)
    found = Computation(parse_strategy(write_strategy()), MarketData(market), {}).truths(node, view)
    spread = np.broadcast_to(found, len(market[SYMBOLS[1]]))
    twin = Twin(market)
    names = {None: 0, True: 1, False: -1}
    assert spread.tolist() == [names[twin.condition(node, at, view)] for at in range(len(spread))]


@given(node=st.one_of(expressions(), expressions(kind=Kind.CONDITION)))
@settings(deadline=None, max_examples=200)
def test_an_expression_survives_its_own_spelling(node: Expression) -> None:
    spelled = format_expression(node)
    assert parse_expression(spelled) == node
    assert format_expression(parse_expression(spelled)) == spelled


@given(text=strategy_texts())
@settings(deadline=None, max_examples=60)
def test_a_strategy_survives_its_own_spelling(text: str) -> None:
    strategy = parse_strategy(text)
    spelled = strategy.to_yaml()
    again = parse_strategy(spelled)
    assert again == strategy
    assert again.hash == strategy.hash
    assert again.to_yaml() == spelled


def read_or_refuse(text: str) -> None:
    """Reading ends in a strategy that survives its spelling, or in an error of ours on one line."""
    try:
        strategy = load_strategy(text + "\n")
    except RequestError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, each in its way
    else:
        assert parse_strategy(strategy.to_yaml()) == strategy


SYNTAX = st.text(st.sampled_from("()+-*/<>=!\"',.:#&|[]{}%@`~\n\t 0123456789azn_eE\\\r"), max_size=12)


@given(text=st.one_of(st.text(max_size=400), SYNTAX))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_strategy_or_a_typed_error(text: str) -> None:
    read_or_refuse(text)
    read_or_refuse(write_strategy(long="|\n  " + text.replace("\n", " ")))


@given(raw=st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_a_strategy_or_a_typed_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = broken_file(tmp_path_factory)
    file.write_bytes(raw)
    with pytest.raises(RequestError):
        load_strategy(file)


def broken_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "any.yaml"


@given(
    name=st.sampled_from(library_names()),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), SYNTAX), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=250)
def test_a_library_file_with_random_edits_is_a_strategy_or_a_typed_error(
    name: str, edits: list[tuple[float, int, str]]
) -> None:
    text = load_strategy(name).to_yaml()
    for where, removed, added in edits:
        at = int(where * len(text))
        text = text[:at] + added + text[at + removed :]
    read_or_refuse(text)
