from __future__ import annotations

import pytest
import yaml

from edgeproof.strategies import parse_strategy
from fakes.strategy_texts import write_strategy

CANONICAL = """\
name: sample
thesis: Prices that rose go on rising.
source: A book, chapter 3
tags: [mean, trend]
timeframe: 1h
params:
  n: {default: 20, low: 5, high: 60}
  s: {default: -0.5, low: -1, high: 0}
let:
  base: mean(close, n)
  above: (close - base) / base
long: above > s and not close < open
exit_long: above < 0 or on("4h", close > open)
stop: 2 * atr(14)
max_hold: n
size:
  kind: fixed
  leverage: 1
"""


def test_the_canonical_spelling_is_the_one_shown_in_the_documentation() -> None:
    messy = write_strategy(
        size="{leverage: 1.00, kind: fixed}",
        max_hold="( n )",
        tags="[trend, mean, trend]",
        source="'A book,  chapter 3'",
        timeframe="60m",
        stop="2.0*(atr())",
        let="{above: ((close-base)/base), base: mean(close,n)}",
        params="{s: {high: -0.0, low: -1, default: -5e-1}, n: {default: 20, low: 5, high: 60}}",
        long="(above>s) and (not (close<open))",
        exit_long="\"(above<0) or on('240m',close>open)\"",
    )
    assert parse_strategy(messy).to_yaml() == CANONICAL


def test_formatting_what_is_formatted_changes_nothing() -> None:
    assert parse_strategy(CANONICAL).to_yaml() == CANONICAL


@pytest.mark.parametrize(
    "thesis",
    [
        "word " * 60 + "end",
        "a: b # c",
        "'quoted' and \"quoted\"",
        "- begins like a list",
        "> begins like a block",
        "{not a map}, [not a list] & *not an alias*",
        "100 % of it, yes",
        "ends with a colon:",
        "---",
        "x" * 300,
        "Überraschung für alle, 日本語",
    ],
)
def test_any_thesis_survives_formatting(thesis: str) -> None:
    strategy = parse_strategy(write_strategy(thesis=f"|\n  {thesis}"))
    assert strategy.thesis == thesis
    again = strategy.to_yaml()
    assert parse_strategy(again) == strategy
    assert yaml.safe_load(again)["thesis"] == thesis


def test_long_expressions_are_folded_and_read_back() -> None:
    rule = " and ".join(f"lag(close, {i}) < lag(close, {i + 1})" for i in range(12))
    strategy = parse_strategy(write_strategy(long=rule))
    text = strategy.to_yaml()
    assert max(len(line) for line in text.splitlines()) <= 100
    assert parse_strategy(text) == strategy
    assert yaml.safe_load(text)["long"] == rule


def test_the_canonical_spelling_is_yaml_to_any_reader() -> None:
    plain = yaml.safe_load(CANONICAL)
    assert plain["let"]["base"] == "mean(close, n)"
    assert plain["params"]["n"] == {"default": 20, "low": 5, "high": 60}
