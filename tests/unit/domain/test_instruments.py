from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import Instrument, InstrumentRules, parse_symbol


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
        InstrumentRules(**rules)
