from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier, check_tiers, parse_symbol


@pytest.mark.parametrize(
    "text",
    ["BTC-USDT", "btc/usdt", "BTC/USDT:USDT", "BTC_USDT", "BTC_USDT_USDT", "BTCUSDT", "BTC-USDT-SWAP", " btc-usdt "],
)
def test_every_usual_spelling_is_one_symbol(text: str) -> None:
    assert parse_symbol(text) == "BTC-USDT"


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("XBTUSD", "BTC-USD"),
        ("BNBUSD", "BNB-USD"),
        ("1000PEPEUSDT", "1000PEPE-USDT"),
        ("USDCUSDT", "USDC-USDT"),
        ("ETHBTC", "ETH-BTC"),
    ],
)
def test_joined_symbols_split_before_their_quote(text: str, symbol: str) -> None:
    assert parse_symbol(text) == symbol


@pytest.mark.parametrize(
    "text", ["", "USDT", "BTC", "BTC-", "-USDT", "BTC USDT", "BTC/USDT/ETH", "../../etc", "BTC-USDT\n/x"]
)
def test_what_names_no_pair_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="symbol cannot be"):
        parse_symbol(text)


@given(st.text(max_size=30))
def test_any_text_gives_a_canonical_symbol_or_a_refusal(text: str) -> None:
    try:
        symbol = parse_symbol(text)
    except InvalidValue:
        return
    assert parse_symbol(symbol) == symbol


def test_an_instrument_names_its_venue() -> None:
    assert str(Instrument(venue="blofin", symbol="BTC-USDT")) == "blofin:BTC-USDT"


@pytest.mark.parametrize(
    "rules", [{"lot": -1.0}, {"tick": float("nan")}, {"max_leverage": 0.5}, {"maintenance_margin": 1.0}]
)
def test_rules_that_no_venue_could_have_are_refused(rules: dict[str, float]) -> None:
    with pytest.raises(InvalidValue):
        InstrumentRules(**rules)  # type: ignore[arg-type] # wrong kinds on purpose


@pytest.mark.parametrize(
    "tier",
    [
        {"max_notional": 0.0, "maintenance": 0.01, "max_leverage": 50.0},
        {"max_notional": float("nan"), "maintenance": 0.01, "max_leverage": 50.0},
        {"max_notional": 1e6, "maintenance": 1.0, "max_leverage": 50.0},
        {"max_notional": 1e6, "maintenance": 0.01, "max_leverage": 0.0},
        {"max_notional": None, "maintenance": 0.01, "max_leverage": 10.0},
        {"max_notional": 10**400, "maintenance": 0.01, "max_leverage": 10.0},
        {"max_notional": 1e6, "maintenance": True, "max_leverage": 10.0},
        {"max_notional": 1e6, "maintenance": 0.01, "max_leverage": "10"},
    ],
)
def test_a_margin_tier_that_no_venue_could_have_is_refused(tier: dict[str, float]) -> None:
    with pytest.raises(InvalidValue):
        MarginTier(**tier)


def _tiers(*rows: tuple[float, float, float]) -> list[MarginTier]:
    return [MarginTier(max_notional=n, maintenance=m, max_leverage=x) for n, m, x in rows]


INF = float("inf")


def test_larger_positions_are_asked_more_and_lent_less() -> None:
    table = _tiers((50_000.0, 0.004, 125.0), (600_000.0, 0.005, 100.0), (INF, 0.5, 1.0))
    assert check_tiers(table) == tuple(table)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(50_000.0, 0.004, 125.0)],
        [(INF, 0.004, 125.0), (INF, 0.01, 50.0)],
        [(60_000.0, 0.004, 125.0), (50_000.0, 0.01, 50.0), (INF, 0.02, 20.0)],
        [(50_000.0, 0.01, 125.0), (INF, 0.004, 50.0)],
        [(50_000.0, 0.004, 50.0), (INF, 0.01, 125.0)],
    ],
    ids=["none", "a finite end", "two ends", "bounds that fall", "margin that falls", "leverage that rises"],
)
def test_a_table_of_tiers_that_cannot_be_is_refused(rows: list[tuple[float, float, float]]) -> None:
    with pytest.raises(InvalidValue, match="margin tiers"):
        check_tiers(_tiers(*rows))


@pytest.mark.parametrize("tiers", [None, [], (1.0,), tuple(_tiers((50_000.0, 0.004, 125.0)))])
def test_rules_refuse_tiers_that_cannot_be(tiers: tuple[MarginTier, ...]) -> None:
    with pytest.raises(InvalidValue, match="margin tiers"):
        InstrumentRules(tiers=tiers)
