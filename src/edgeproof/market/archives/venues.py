"""Which venue and which of its markets a file is from, by the words in its path.

A venue's perpetuals carry its plain name, ``binance``; its spot market is a venue of its own, ``binance-spot``, so
that two markets which share a symbol never share a series (docs/decisions/0021-venue-names.md).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePath

_NAMES: Final = {
    **{
        name: name
        for name in (
            "binance",
            "bitfinex",
            "bitget",
            "bitmex",
            "bitstamp",
            "blofin",
            "bybit",
            "coinbase",
            "deribit",
            "dydx",
            "gate",
            "gemini",
            "htx",
            "hyperliquid",
            "kraken",
            "kucoin",
            "mexc",
            "okx",
            "phemex",
            "poloniex",
        )
    },
    "binanceusdm": "binance",
    "gateio": "gate",
    "huobi": "htx",
    "krakenfutures": "kraken",
    "kucoinfutures": "kucoin",
    "okex": "okx",
}


class Market(StrEnum):
    """The part of a venue a file is from."""

    SPOT = "spot"
    PERPETUAL = "perpetual"
    COIN_MARGINED = "coin-margined"


_MARKETS: Final = {
    "spot": Market.SPOT,
    **dict.fromkeys(("futures", "linear", "perp", "perpetual", "perpetuals", "swap", "um", "usdm"), Market.PERPETUAL),
    **dict.fromkeys(("cm", "coinm", "inverse"), Market.COIN_MARGINED),
}


# Words a folder may have beside a venue or a market; with any other word it is somebody's own name for something else.
_PLAIN_WORDS: Final = frozenset(
    {
        *("archive", "bars", "candles", "csv", "daily", "data", "download", "downloads", "feather", "funding"),
        *("historical", "history", "hourly", "klines", "market", "minute", "monthly", "ohlcv", "parquet", "raw"),
        *("trades", "usdt", "vision"),
    }
)


def find_venue(path: PurePath) -> str | None:
    """The venue named nearest to the file: by a word of its own name first, then by its folder, and so on upwards.

    A folder counts where all its words are known, as in ``binance``, ``kraken_futures`` or ``okx-data``.
    """
    return next((_NAMES[word] for word in _words_nearest_first(path) if word in _NAMES), None)


def find_market(path: PurePath) -> Market | None:
    """The market named nearest to the file, as in ``futures/um`` or ``spot_btcusdt``; folders as for venues."""
    return next((_MARKETS[word] for word in _words_nearest_first(path) if word in _MARKETS), None)


def name_venue(venue: str, market: Market | None) -> str:
    """The name under which a market's rows are kept."""
    return f"{venue}-spot" if market is Market.SPOT else venue


def _words_nearest_first(path: PurePath) -> Iterator[str]:
    # In `futures/cm` and `perp_inverse` the last word is the more precise one.
    yield from reversed(_split_words(path.name))
    for part in reversed(path.parts[:-1]):
        words = _split_words(part)
        if all(word in _NAMES or word in _MARKETS or word in _PLAIN_WORDS for word in words):
            yield from reversed(words)


def _split_words(part: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", part.lower())
