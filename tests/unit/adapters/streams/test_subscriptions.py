from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.adapters.streams._subscriptions import split_symbols, write_subscription
from edgeproof.domain.errors import InvalidValue

CHANNELS = ("trades", "candle1m")


@settings(deadline=None, max_examples=40)
@given(count=st.integers(0, 300), most=st.integers(200, 5_000))
def test_every_symbol_is_listened_to_once_and_every_text_fits(count: int, most: int) -> None:
    symbols = [f"COIN{number}-USDT" for number in range(count)]
    shares = split_symbols(symbols, CHANNELS, most_bytes=most)
    assert sorted(symbol for share in shares for symbol in share) == sorted(symbols)
    for share in shares:
        assert len(write_subscription([(c, s) for s in share for c in CHANNELS])) <= most


def test_thirty_six_symbols_with_two_channels_fit_one_connection() -> None:
    symbols = [f"ABCDE{number}-USDT" for number in range(36)]
    assert len(split_symbols(symbols, CHANNELS, most_bytes=4_096)) == 1


def test_a_symbol_that_fits_nowhere_is_told() -> None:
    with pytest.raises(InvalidValue, match="subscription"):
        split_symbols(["BTC-USDT"], CHANNELS, most_bytes=20)
