"""An intake whose streams are read by the real ccxt, as those of venues without a reader of our own are."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.lake import DeltaLake
from edgeproof.adapters.streams import CcxtFeed
from edgeproof.simulator.exchange import Fault, FaultKind
from fakes.intake_desk import QUICK, VENUE, admit, open_exchange, take_in
from fakes.intake_truth import Comparison, compare_with_truth
from fakes.loopback_clients import make_client
from fakes.memory_journal import MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgeproof.domain.venues import Market
    from edgeproof.ops.intake.service import Intake
    from edgeproof.simulator.exchange import BackgroundExchange


def read_by_ccxt(exchange: BackgroundExchange, markets: Sequence[Market]) -> CcxtFeed:
    named = {market.instrument.symbol.replace("-USDT", "/USDT:USDT"): market for market in markets}
    return CcxtFeed(
        make_client(exchange.server),
        {name: Decimal(repr(market.contract_size)) for name, market in named.items()},
        {name: market.instrument.symbol for name, market in named.items()},
        admit=admit,
        rules=QUICK,
        seed=1,
    )


@pytest.mark.parametrize(
    "fault",
    [None, Fault(kind=FaultKind.DROP), Fault(kind=FaultKind.GAP, count=20), Fault(kind=FaultKind.DUPLICATE, count=20)],
    ids=lambda fault: "no fault" if fault is None else fault.kind.value,
)
def test_every_trade_is_in_the_lake_once(tmp_path: Path, fault: Fault | None) -> None:
    exchange, clock = open_exchange(trades_per_second=45)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    injected = list[int]()

    def compare() -> Comparison:
        return compare_with_truth(lake, journal, exchange.trades(), VENUE)

    def until(intake: Intake) -> bool:
        taken = intake.collector.counts["trades"]
        if taken >= 240 and not injected:
            if fault is not None:
                exchange.inject(fault)
            injected.append(taken)
        if not injected or taken < injected[0] + 60:
            return False
        found = compare()
        return found.made == found.held

    with exchange:
        intake = asyncio.run(
            take_in(exchange, tmp_path, lake, clock, until, journal=journal, make_feed=read_by_ccxt, within_s=60.0)
        )
        found = compare()
    assert (found.made, found.doubled, found.invented) == (found.held, 0, 0)
    assert intake.collector.counts["streams opened"] >= (6 if fault and fault.kind is FaultKind.DROP else 3)


def test_a_stream_that_answers_and_brings_nothing_is_opened_anew(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=60)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    injected = list[int]()

    def until(intake: Intake) -> bool:
        if intake.collector.counts["trades"] >= 60 and not injected:
            exchange.inject(Fault(kind=FaultKind.STALL, seconds=60.0))
            injected.append(1)
        return intake.collector.counts["streams opened"] >= 6

    with exchange:
        intake = asyncio.run(
            take_in(exchange, tmp_path, lake, clock, until, journal=journal, make_feed=read_by_ccxt, within_s=60.0)
        )
    assert intake.collector.counts["hints: silence"] >= 1
