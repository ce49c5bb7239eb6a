from __future__ import annotations

import pytest

from edgeproof.adapters.exchange import ExchangeConfig
from edgeproof.adapters.streams import find_stream_url
from edgeproof.domain.errors import UnknownName


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
    assert find_stream_url(config) == url


def test_a_venue_without_streams_is_refused() -> None:
    with pytest.raises(UnknownName, match="known are blofin"):
        find_stream_url(ExchangeConfig(venue="bybit"))
