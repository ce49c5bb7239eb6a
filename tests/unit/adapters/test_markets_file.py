from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.markets_file import MarketsFile
from edgeproof.domain.errors import Unreadable, WorkError
from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier
from edgeproof.domain.venues import Market, MarketState
from fakes.venue import FakeVenue, HandClock

if TYPE_CHECKING:
    from pathlib import Path

BTC = Instrument(venue="fake", symbol="BTC-USDT")
NOON_MS = 1_760_000_040_000
TIERS = (
    MarginTier(max_notional=50_000.0, maintenance=0.004, max_leverage=100.0),
    MarginTier(max_notional=float("inf"), maintenance=0.01, max_leverage=50.0),
)


def ask_markets() -> list[Market]:
    return list(asyncio.run(FakeVenue(clock=HandClock(NOON_MS)).markets()))


def test_nothing_is_known_before_a_venue_was_asked(tmp_path: Path) -> None:
    assert MarketsFile(tmp_path / "markets.json").read() == {}


def test_what_was_told_is_known_to_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "markets.json"
    assert MarketsFile(file).remember(ask_markets(), seen_ms=NOON_MS, tiers={BTC: TIERS}) == 2
    known = MarketsFile(file).read()[BTC]
    assert known.rules == InstrumentRules(lot=0.001, tick=0.01, min_size=0.001, maintenance_margin=0.004, tiers=TIERS)
    assert (known.seen_ms, known.state) == (NOON_MS, MarketState.LIVE)


def test_the_newest_word_counts_and_tiers_not_asked_for_stay(tmp_path: Path) -> None:
    markets, file = ask_markets(), MarketsFile(tmp_path / "markets.json")
    file.remember(markets, seen_ms=NOON_MS, tiers={BTC: TIERS})
    changed = replace(markets[0], rules=InstrumentRules(lot=0.01), state=MarketState.SUSPENDED)
    file.remember([changed], seen_ms=NOON_MS + 1)
    known = file.read()
    assert (known[BTC].rules.lot, known[BTC].rules.maintenance_margin) == (0.01, 0.004)
    assert (known[BTC].rules.tiers, known[BTC].state) == (TIERS, MarketState.SUSPENDED)
    assert known[Instrument(venue="fake", symbol="ETH-USDT")].seen_ms == NOON_MS


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    file, market = tmp_path / "markets.json", ask_markets()[0]

    def remember_one(number: int) -> int:
        named = replace(market, instrument=Instrument(venue="fake", symbol=f"COIN{number}-USDT"))
        return MarketsFile(file).remember([named], seen_ms=NOON_MS)

    with ThreadPoolExecutor(8) as writers:
        assert sum(writers.map(remember_one, range(40))) == 40
    assert len(MarketsFile(file).read()) == 40


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"markets": 7}', '{"markets": {"fake:BTC-USDT": {}}}', '{"markets": {"x": null}}', "[" * 9_999],
)
def test_a_file_that_is_something_else_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "markets.json"
    file.write_text(text)
    for attempt in (lambda: MarketsFile(file).read(), lambda: MarketsFile(file).remember(ask_markets(), seen_ms=1)):
        with pytest.raises(Unreadable, match="edgeproof data markets") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_a_folder_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("a file")
    with pytest.raises(WorkError, match="make its folder writable"):
        MarketsFile(tmp_path / "gone" / "markets.json").remember(ask_markets(), seen_ms=1)
