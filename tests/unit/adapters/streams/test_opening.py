from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.clock import SystemClock
from edgeproof.adapters.exchange import PROFILES, ExchangeConfig
from edgeproof.adapters.streams import CcxtFeed, describe_stream, open_feed
from edgeproof.domain.errors import InvalidValue
from edgeproof.ops.intake import Collector

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("config", "url"),
    [
        (ExchangeConfig(), "wss://openapi.blofin.com/ws/public"),
        (ExchangeConfig(host="demo"), "wss://demo-trading-openapi.blofin.com/ws/public"),
        (ExchangeConfig(host="http://127.0.0.1:80/"), "ws://127.0.0.1:80/ws/public"),
        (ExchangeConfig(host="https://relay.example"), "wss://relay.example/ws/public"),
        (ExchangeConfig(stream_url="wss://relay.example/streams"), "wss://relay.example/streams"),
    ],
)
def test_streams_are_found_beside_the_requests_unless_said_otherwise(config: ExchangeConfig, url: str) -> None:
    assert describe_stream(config) == url


def test_an_address_for_streams_that_ccxt_finds_itself_is_refused(tmp_path: Path) -> None:
    config = ExchangeConfig(venue="bybit", stream_url="wss://relay.example/streams")
    with pytest.raises(InvalidValue, match="bybit's streams are found by ccxt"):
        open_feed(config, [], tmp_path / "budget.sqlite")


@pytest.mark.parametrize("venue", [profile.name for profile in PROFILES if profile.name != "blofin"])
def test_streams_of_other_venues_are_read_by_ccxt(venue: str, tmp_path: Path) -> None:
    async def open_and_close() -> None:
        feed = open_feed(ExchangeConfig(venue=venue), [], tmp_path / "budget.sqlite")
        assert isinstance(feed, CcxtFeed)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(feed.run(Collector(venue, [], SystemClock())), 0.05)

    asyncio.run(open_and_close())
