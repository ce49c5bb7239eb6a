"""What a file's name and folder claim about its content; the content itself is looked at later.

Understood are freqtrade's names (``ADA_USDT_USDT-1m-futures.feather``), Binance Vision's
(``BTCUSDT-aggTrades-2024-01-01.zip``), captures (``usdm_btcusdt_20240808.gz``), and otherwise whatever words of a name
are a symbol or a timeframe (``bitmex_xbtusd_perp_1m_2018.parquet``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import Timeframe, Window, to_ms
from edgeproof.market.archives.venues import Market, find_market, find_venue

if TYPE_CHECKING:
    from pathlib import PurePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a path says of its file; None where it says nothing.

    Attributes:
        source: ``freqtrade``, ``binance_vision`` or ``table``: whose names and columns these are.
        kind: ``bars``, ``trades``, ``aggregate_trades`` or ``funding``.
        symbol, timeframe, venue, market: As named.
        complete: The days or the month that the file holds whole.
        set_aside: Why the file holds nothing to import, such as mark prices; empty where it may.
    """

    source: str = "table"
    kind: str | None = None
    symbol: str | None = None
    timeframe: Timeframe | None = None
    venue: str | None = None
    market: Market | None = None
    complete: Window | None = None
    set_aside: str = ""


_FREQTRADE: Final = re.compile(
    r"(?P<pair>[A-Za-z0-9]+_[A-Za-z0-9]+(?:_[A-Za-z0-9]+)?)"
    r"-(?:trades|(?P<length>\d+[A-Za-z]+)(?:-(?P<candle>[A-Za-z_]+))?)"
    r"\.(?:feather|parquet|json|json\.gz)"
)
_VISION: Final = re.compile(
    r"(?P<symbol>[A-Z0-9]+)(?:_(?P<contract>[A-Z0-9]+))?-(?P<content>\d+[a-z]+|[A-Za-z]+)"
    r"-(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?"
    r"\.(?:zip|csv|csv\.gz)"
)
_CAPTURE: Final = re.compile(r"(?:spot|usdm|coinm)_(?P<symbol>[A-Za-z0-9]+)_\d{8}(?:\.\w+)*")
_WORD_SYMBOL: Final = re.compile(
    r"(?<![A-Z0-9])(?P<base>[A-Z0-9]{0,15}[A-Z][A-Z0-9]{0,15}?)[-_/]?(?P<quote>FDUSD|USDT|USDC|BUSD|USD|EUR)(?![A-Z0-9])"
)
_WORD_TIMEFRAME: Final = re.compile(r"(?<![A-Za-z0-9])(\d{1,3}(?:m|min|h|hour|d|day))(?![A-Za-z0-9])", re.IGNORECASE)

_NO_TRADED_PRICES: Final = {
    "mark": "mark prices, which nobody traded at",
    "index": "index prices, which nobody traded at",
    "premiumindex": "premium index values, not prices",
    "markpriceklines": "mark prices, which nobody traded at",
    "indexpriceklines": "index prices, which nobody traded at",
    "premiumindexklines": "premium index values, not prices",
    "bookdepth": "order book depth, not bars, trades or funding",
    "bookticker": "best quotes, not bars, trades or funding",
    "metrics": "open interest and ratios, not bars, trades or funding",
    "liquidationsnapshot": "liquidations, not bars, trades or funding",
    "eohsummary": "option summaries, not bars, trades or funding",
    "bvolindex": "volatility index values, not prices",
}
_VISION_ASIDE: Final = frozenset(_NO_TRADED_PRICES) - {"mark", "index", "premiumindex"}
_VISION_KINDS: Final = {"trades": "trades", "aggtrades": "aggregate_trades", "fundingrate": "funding"}


def read_name(path: PurePath) -> Claim:
    """Say what a path claims; never fails, as a name may say nothing at all."""
    venue, market = find_venue(path), find_market(path)
    if found := _FREQTRADE.fullmatch(path.name):
        return _read_freqtrade(found, venue, market)
    if found := _VISION.fullmatch(path.name):
        return _read_vision(found, path, venue or "binance", market)
    if found := _CAPTURE.fullmatch(path.name):
        return Claim(symbol=_symbol_or_none(found["symbol"]), venue=venue or "binance", market=market)
    return Claim(symbol=_find_symbol(path), timeframe=_find_timeframe(path), venue=venue, market=market)


def read_timeframe(text: str) -> Timeframe | None:
    """Read a timeframe as files spell it: ``5m``, ``5min``, ``1hour``, or minutes as a bare number; else None."""
    spelled = re.fullmatch(r"(\d+)\s*(m|min|mins|minutes?|h|hr|hours?|d|days?|w|weeks?|)", text.strip(), re.IGNORECASE)
    if spelled is None or text.strip().endswith("M"):
        return None
    try:
        return Timeframe.parse(f"{int(spelled[1])}{(spelled[2] or 'm')[0].lower()}")
    except InvalidValue:
        return None


def _read_freqtrade(found: re.Match[str], venue: str | None, market: Market | None) -> Claim:
    candle = (found["candle"] or "").lower()
    settled = found["pair"].count("_") == 2  # noqa: PLR2004 - base, quote and settlement: a derivative
    bars = found["length"] is not None
    return Claim(
        source="freqtrade",
        kind="funding" if candle == "funding_rate" else "bars" if bars else "trades",
        symbol=_symbol_or_none(found["pair"]),
        timeframe=read_timeframe(found["length"]) if bars else None,
        venue=venue,
        market=Market.PERPETUAL if settled or candle in {"futures", "funding_rate"} else (market or Market.SPOT),
        set_aside=_NO_TRADED_PRICES.get(candle.replace("_", ""), ""),
    )


def _read_vision(found: re.Match[str], path: PurePath, venue: str, market: Market | None) -> Claim:
    content = found["content"].lower()
    if found["contract"] == "PERP":
        market = Market.COIN_MARGINED
    return Claim(
        source="binance_vision",
        kind=_VISION_KINDS.get(content, "bars" if content[0].isdigit() else None),
        symbol=_symbol_or_none(found["symbol"]),
        timeframe=read_timeframe(content) if content[0].isdigit() else None,
        venue=venue,
        market=Market.PERPETUAL if content == "fundingrate" else market,
        complete=_read_period(found),
        set_aside=_say_why_vision_is_set_aside(found, path, content, market),
    )


def _say_why_vision_is_set_aside(found: re.Match[str], path: PurePath, content: str, market: Market | None) -> str:
    for word in (content, *(part.lower() for part in path.parts[:-1])):
        if word in _VISION_ASIDE:
            return _NO_TRADED_PRICES[word]
    if content[0].isdigit() and read_timeframe(content) is None:
        return f"bars of {content}; kept are whole minutes that divide a day, or whole days"
    if market is Market.COIN_MARGINED:
        return "coin-margined contracts, whose sizes are not in base units"
    if found["contract"]:
        return "a future with a delivery date, which is not the perpetual of that symbol"
    return ""


def _read_period(found: re.Match[str]) -> Window | None:
    year, month = int(found["year"]), int(found["month"])
    try:
        start = datetime(year, month, int(found["day"] or 1), tzinfo=UTC)
        if found["day"]:
            return Window(start_ms=to_ms(start), end_ms=to_ms(start) + 86_400_000)
        following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return Window(start_ms=to_ms(start), end_ms=to_ms(following))
    except ValueError:
        return None


def _symbol_or_none(text: str) -> str | None:
    try:
        return parse_symbol(text)
    except InvalidValue:
        return None


def _find_symbol(path: PurePath) -> str | None:
    stem = path.name.split(".")[0].upper()
    found = {f"{word['base']}-{word['quote']}" for word in _WORD_SYMBOL.finditer(stem)}
    return _symbol_or_none(found.pop()) if len(found) == 1 else None


def _find_timeframe(path: PurePath) -> Timeframe | None:
    found = {word.lower() for word in _WORD_TIMEFRAME.findall(path.name.split(".")[0].replace("_", "-"))}
    return read_timeframe(found.pop()) if len(found) == 1 else None
