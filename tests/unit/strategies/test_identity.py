from __future__ import annotations

import pytest

from edgeproof.strategies import Strategy, parse_strategy
from fakes.strategy_texts import write_strategy


def read(**keys: str) -> Strategy:
    return parse_strategy(write_strategy(**keys))


BASE = {
    "timeframe": "1h",
    "params": "{n: {default: 20, low: 5, high: 60}, s: {default: 2, low: 1, high: 4}}",
    "let": "{z: zscore(close, n)}",
    "long": "z < -s and atr(14) > 1",
    "exit_long": "z > 0",
    "stop": "2 * atr(14)",
    "size": "{kind: fixed, leverage: 1}",
}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"thesis": "Something else."},
        {"source": "A book."},
        {"tags": "[trend]"},
        {"timeframe": "60m"},
        {"long": "((z)<-(s)) and (atr( 14.0 ) > 1.0)   # why not"},
        {"long": "z < -s and atr() > 1"},
        {"long": '"z < -s and atr(14) > 1"'},
        {"let": "{band: zscore(close, n)}", "long": "band < -s and atr(14) > 1", "exit_long": "band > 0"},
        {"let": "", "long": "zscore(close, n) < -s and atr(14) > 1", "exit_long": "zscore(close, n) > 0"},
        {"params": "{s: {high: 4.0, low: 1.00, default: 2e0}, n: {low: 5, default: 20, high: 60}}"},
        {"stop": "2.0*atr(14)"},
        {"size": ""},
        {"size": "{leverage: 1.0, kind: fixed}"},
    ],
)
def test_two_spellings_of_one_strategy_have_one_hash(change: dict[str, str]) -> None:
    assert read(**BASE | change).hash == read(**BASE).hash


@pytest.mark.parametrize(
    "change",
    [
        {"timeframe": "4h"},
        {"long": "z < -s and atr(15) > 1"},
        {"long": "z <= -s and atr(14) > 1"},
        {"long": "z < -s or atr(14) > 1"},
        {"params": "{n: {default: 21, low: 5, high: 60}, s: {default: 2, low: 1, high: 4}}"},
        {"params": "{n: {default: 20, low: 5, high: 61}, s: {default: 2, low: 1, high: 4}}"},
        {"exit_long": ""},
        {"stop": "", "take": "2 * atr(14)"},
        {"size": "{kind: fixed, leverage: 2}"},
        {"size": "{kind: volatility_target, annual: 1, max_leverage: 1}"},
        {"max_hold": "5"},
        {"cool_down": "5"},
        {"entry": "{kind: limit, offset: 1}"},
        {"take": "2 * atr(14)", "take_share": "0.5"},
    ],
)
def test_what_does_something_else_has_another_hash(change: dict[str, str]) -> None:
    assert read(**BASE | change).hash != read(**BASE).hash


def test_the_sides_of_an_operator_are_not_interchangeable() -> None:
    assert read(long="close - open > 1").hash != read(long="open - close > 1").hash
    assert (
        read(long="of('ETH-USDT', on('1h', close)) > 1").hash != read(long="on('1h', of('ETH-USDT', close)) > 1").hash
    )


def test_symbols_and_timeframes_inside_expressions_have_one_spelling() -> None:
    one = read(long="of('btcusdt', on('60m', close)) > 1")
    other = read(long='of("BTC/USDT:USDT", on("1h", close)) > 1')
    assert one.hash == other.hash
    assert one == other


def test_the_hash_of_a_strategy_stays_what_it_was_in_earlier_versions() -> None:
    # The ledger names trials by it: a change here forgets which trials belong together.
    assert read(**BASE).hash == "b1727a10f92d516e"
