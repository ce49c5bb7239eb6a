from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters.exchange import PROFILES, EmptySpansFile, ExchangeConfig
from edgeproof.adapters.exchange._client import point_urls
from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName, WorkError
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import ONE_MINUTE, Timeframe, Window
from edgeproof.ops.backfill import Series

if TYPE_CHECKING:
    from pathlib import Path

SERIES = Series(instrument=Instrument(venue="blofin", symbol="BTC-USDT"), timeframe=ONE_MINUTE)


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        ({}, "blofin"),
        ({"host": "demo"}, "blofin-demo"),
        ({"host": "http://127.0.0.1:8080"}, "blofin-simulated"),
        ({"venue": "okx"}, "okx"),
        ({"host": "demo", "name": "mine"}, "mine"),
        ({"host": "https://relay.example"}, "blofin"),
        ({"host": "http://localhost:8080", "stream_url": "ws://localhost:8081/ws"}, "blofin-simulated"),
    ],
)
def test_rows_of_another_market_carry_another_name(chosen: dict[str, Any], name: str) -> None:
    assert ExchangeConfig(**chosen).shown_name == name


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "http://openapi.blofin.com"},
        {"host": "https://relay.example/a?b"},
        {"stream_url": "http://127.0.0.1:80"},
        {"stream_url": "ws://relay.example/ws"},
        {"stream_url": "ws://127.0.0.1:80/ws"},
        {"host": "http://127.0.0.1:80", "stream_url": "wss://relay.example/ws"},
        {"budget_share": 0.0},
        {"budget_share": 1.5},
        {"host": "http://10.0.0.1:80"},
        {"proxy": "somewhere"},
        {"name": "Blo Fin"},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"attempts": 0},
    ],
)
def test_a_configuration_that_could_not_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        ExchangeConfig(**wrong)


@pytest.mark.parametrize("what", ["proxy", "host", "stream_url"])
@pytest.mark.parametrize("address", ["socks5://user:hunter2@10.0.0.1:1080", "user:hunter2@10.0.0.1"])
def test_no_error_shows_the_password_of_an_address(what: str, address: str) -> None:
    with pytest.raises(InvalidValue, match=r"\*\*\*@10\.0\.0\.1") as caught:
        ExchangeConfig(**{what: address})  # type: ignore[arg-type] # one of the texts
    assert "hunter2" not in f"{caught.value} {caught.value.value}"


@pytest.mark.parametrize(
    "hosts",
    [
        ("live", "https://openapi.blofin.com", "https://openapi.blofin.com/", "https://OpenAPI.blofin.com.:443"),
        ("demo", "https://demo-trading-openapi.blofin.com"),
        ("http://127.0.0.1:80", "http://localhost:80/", "http://[::1]:80"),
        ("http://127.0.0.1:8989", "http://localhost:8989", "http://[::1]:8989/"),
        ("https://relay.example", "https://relay.example:443/"),
    ],
)
def test_a_host_has_one_budget_however_it_is_written(hosts: tuple[str, ...]) -> None:
    keys = {ExchangeConfig(host=host).budget_key for host in hosts}
    assert len(keys) == 1


def test_other_hosts_have_other_budgets() -> None:
    hosts = ("live", "demo", "http://127.0.0.1:8989", "http://127.0.0.1:8990", "https://relay.example")
    assert len({ExchangeConfig(host=host).budget_key for host in hosts}) == len(hosts)
    assert ExchangeConfig(venue="okx").budget_key != ExchangeConfig().budget_key


def test_an_unknown_venue_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'blofin'") as caught:
        ExchangeConfig(venue="bloffin")
    assert isinstance(caught.value, RequestError)


def test_every_profile_leaves_room_for_requests() -> None:
    assert {"blofin", "binance", "okx", "bybit"} <= set(PROFILES.names)
    assert all(profile.limits and profile.candles_per_request >= 100 for profile in PROFILES)


def test_addresses_are_pointed_at_this_machine_with_their_paths() -> None:
    urls = {"rest": "https://openapi.blofin.com", "ws": {"public": "wss://openapi.blofin.com/ws/public", "none": None}}
    assert point_urls(urls, "http://127.0.0.1:9") == {
        "rest": "http://127.0.0.1:9",
        "ws": {"public": "ws://127.0.0.1:9/ws/public", "none": None},
    }
    assert point_urls(urls, "https://relay.example")["ws"]["public"] == "wss://relay.example/ws/public"


def test_empty_spans_are_remembered_by_series(tmp_path: Path) -> None:
    spans = [Window(start_ms=0, end_ms=10), Window(start_ms=20, end_ms=30)]
    EmptySpansFile(tmp_path / "e.sqlite").remember(SERIES, spans, now_ms=1)
    EmptySpansFile(tmp_path / "e.sqlite").remember(SERIES, spans[:1], now_ms=2)
    again = EmptySpansFile(tmp_path / "e.sqlite")
    assert list(again.find(SERIES)) == spans
    for other in (None, Timeframe.parse("1h")):
        assert not again.find(Series(instrument=SERIES.instrument, timeframe=other))


def test_empty_spans_that_cannot_be_kept_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "e.sqlite").write_bytes(b"no database at all, but long enough to look at" * 50)
    with pytest.raises(WorkError, match="cannot keep what the venue has answered") as caught:
        EmptySpansFile(tmp_path / "e.sqlite").find(SERIES)
    assert "\n" not in str(caught.value)
