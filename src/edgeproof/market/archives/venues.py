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


def find_venue(path: PurePath) -> str | None:
    """The venue named nearest to the file: in its own name first, then in its folder, and so on upwards."""
    return next((_NAMES[word] for word in _words_nearest_first(path) if word in _NAMES), None)


def find_market(path: PurePath) -> Market | None:
    """The market named nearest to the file, as in ``futures/um`` or ``spot_btcusdt``."""
    return next((_MARKETS[word] for word in _words_nearest_first(path) if word in _MARKETS), None)


def name_venue(venue: str, market: Market | None) -> str:
    """The name under which a market's rows are kept."""
    return f"{venue}-spot" if market is Market.SPOT else venue


def _words_nearest_first(path: PurePath) -> Iterator[str]:
    for part in reversed(path.parts):
        # In `futures/cm` and `perp_inverse` the last word is the more precise one.
        yield from reversed(re.findall(r"[a-z0-9]+", part.lower()))
