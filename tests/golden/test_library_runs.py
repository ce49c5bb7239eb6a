"""What the library trades on a fixed generated market does not change by accident."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.strategies import library_names
from golden.library_runs import (
    COMMAND,
    VARIANTS,
    Run,
    describe_birth,
    find_changes,
    generate_golden_market,
    hash_market,
    read_golden,
    run_library,
    run_variants,
)

if TYPE_CHECKING:
    from edgeproof.simulator.market import GeneratedMarket

RENEW = f"if that is wanted, run `{COMMAND}` and say why in the commit"


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return read_golden()


@pytest.fixture(scope="module")
def market() -> GeneratedMarket:
    return generate_golden_market()


@pytest.fixture(scope="module")
def runs(market: GeneratedMarket) -> dict[str, tuple[Run, list[str]]]:
    return run_library(market)


def test_the_market_is_the_one_the_runs_were_made_on(market: GeneratedMarket, golden: dict[str, Any]) -> None:
    assert hash_market(market) == golden["birth"]["market_hash"], f"the generated market itself moved; {RENEW}"


@pytest.mark.parametrize("name", library_names())
def test_a_strategy_trades_as_it_did(name: str, runs: dict[str, tuple[Run, list[str]]], golden: dict[str, Any]) -> None:
    changes = find_changes(golden["strategies"].get(name), *runs[name])
    assert not changes, "\n  ".join([f"{name} moved; {RENEW}", *changes])


@pytest.fixture(scope="module")
def variants(market: GeneratedMarket) -> dict[str, tuple[Run, list[str]]]:
    return run_variants(market)


@pytest.mark.parametrize("name", VARIANTS)
def test_what_no_strategy_of_the_library_does_is_done_as_it_was(
    name: str, variants: dict[str, tuple[Run, list[str]]], golden: dict[str, Any]
) -> None:
    changes = find_changes(golden["variants"].get(name), *variants[name])
    assert not changes, "\n  ".join([f"{name} moved; {RENEW}", *changes])


def test_every_variant_is_kept_and_is_another_run(golden: dict[str, Any]) -> None:
    kept = golden["variants"]
    assert sorted(kept) == sorted(VARIANTS)
    assert len({run["hash"] for run in kept.values()}) == len(VARIANTS)
    assert all(run["trades"] > 100 for run in kept.values())


def test_every_strategy_is_kept_trades_and_nothing_else_is(golden: dict[str, Any]) -> None:
    assert sorted(golden["strategies"]) == sorted(library_names())
    assert all(run["trades"] >= 1 for run in golden["strategies"].values())


def test_the_birth_certificate_says_how_the_runs_are_made(market: GeneratedMarket, golden: dict[str, Any]) -> None:
    changes_with_each_release = {"made_by"}
    told = {key: value for key, value in golden["birth"].items() if key not in changes_with_each_release}
    assert told == {k: v for k, v in describe_birth(market).items() if k not in changes_with_each_release}


def test_a_change_of_one_trade_is_found_and_shown(runs: dict[str, tuple[Run, list[str]]]) -> None:
    run, lines = runs["ema_crossover"]
    third = slice(8, 12)
    moved = {**asdict(run), "hash": "other", "marks": run.marks[: third.start] + "zzzz" + run.marks[third.stop :]}
    assert find_changes(moved, run, lines) == [f"first trade that moved, number 3, is now: {lines[2]}"]


def test_lost_trades_and_a_sum_that_moved_by_a_millionth_are_found(runs: dict[str, tuple[Run, list[str]]]) -> None:
    run, lines = runs["ema_crossover"]
    longer = {**asdict(run), "hash": "other", "marks": run.marks + "zzzz", "trades": run.trades + 1}
    assert find_changes(longer, run, lines)[-1] == f"trades after number {run.trades} are gone"
    (sum_moved,) = find_changes(asdict(replace(run, pnl=run.pnl * (1 + 1e-6))), run, lines)
    assert sum_moved.startswith("sum of pnl")


def test_the_last_bits_of_a_sum_may_differ(runs: dict[str, tuple[Run, list[str]]]) -> None:
    run, lines = runs["ema_crossover"]
    assert find_changes(asdict(replace(run, pnl=run.pnl * (1 + 1e-12))), run, lines) == []
