"""A trial's data hash names every row that its strategy may read, and no others."""

from __future__ import annotations

from typing import Final

import polars as pl

from edgeproof.domain.frames import BARS, FUNDING
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.research.desk import Desk, load_desk
from edgeproof.research.request import CycleRequest, choose_universe
from edgeproof.strategies import evaluate, load_strategy
from fakes.memory_lake import MemoryLake
from fakes.small_markets import make_bars, make_funding

MINUTES: Final = 1_440
ETH: Final = Instrument(venue="demo", symbol="ETH-USDT")
LENDERS = load_strategy("""
name: lenders
thesis: While those who are long the leader pay, the others go on rising.
timeframe: 5m
long: of("BTC-USDT", funding_rate()) > 0
exit_long: of("BTC-USDT", funding_rate()) <= 0
""")
ALONE = load_strategy("""
name: alone
thesis: Up goes on.
timeframe: 5m
long: close > lag(close, 1)
max_hold: 3
""")


def open_desk(*, leader_rate: float = 1e-4, leader_seed: int = 1) -> Desk:
    lake = MemoryLake()
    lake.append(BARS, make_bars("BTC-USDT", minutes=MINUTES, seed=leader_seed))
    lake.append(BARS, make_bars("ETH-USDT", minutes=MINUTES, seed=2))
    lake.append(FUNDING, make_funding("BTC-USDT", minutes=MINUTES).with_columns(rate=pl.lit(leader_rate)))
    lake.append(FUNDING, make_funding("ETH-USDT", minutes=MINUTES))
    universe = choose_universe(CycleRequest(length_ms=MINUTES * MS_PER_MINUTE), lake.holdings())
    return load_desk(lake, universe, [LENDERS, ALONE], workers=1)


def test_other_funding_of_a_named_symbol_is_another_trial() -> None:
    paid, received = open_desk(), open_desk(leader_rate=-1e-4)
    wishes = [evaluate(LENDERS, desk.venues["demo"], "ETH-USDT") for desk in (paid, received)]
    assert wishes[0].long.any()
    assert not wishes[1].long.any()
    assert paid.hash_for(LENDERS, ETH) != received.hash_for(LENDERS, ETH)


def test_funding_of_the_reference_that_no_strategy_names_is_not_part_of_the_trial() -> None:
    assert open_desk().hash_for(ALONE, ETH) == open_desk(leader_rate=-1e-4).hash_for(ALONE, ETH)


def test_other_bars_of_the_reference_are_another_trial() -> None:
    assert open_desk().hash_for(ALONE, ETH) != open_desk(leader_seed=5).hash_for(ALONE, ETH)
