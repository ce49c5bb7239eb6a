"""Which column of a table means what, by the names that venues, libraries and spreadsheets give them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Compared without case, spaces and punctuation; earlier names win over later ones.
_COMMON: Final = {
    "symbol": ("symbol", "pair", "instid", "instrument", "instrumentname", "market", "ticker", "coin", "contract", "s"),
    "venue": ("venue", "exchange"),
}
_TIMES: Final = (
    *("ts", "tsms", "tsus", "tsns", "timestamp", "timestampms", "timestampus", "timestampns", "opentime", "opentimems"),
    *("starttime", "starttimems", "startms", "start", "unix", "unixtime", "unixtimestamp", "epoch", "epochms", "time"),
    *("timems", "datetime", "dateutc", "datetimeutc", "date", "mts", "t"),
    *("index", "indexlevel0", "column1"),  # where a data frame's index was written without a name
)
_BARS: Final = {
    **_COMMON,
    "ts": _TIMES,
    "timeframe": ("timeframe", "tf", "interval", "granularity", "resolution", "bar", "period"),
    "open": ("open", "o", "openprice", "priceopen"),
    "high": ("high", "h", "highprice", "pricehigh", "max"),
    "low": ("low", "l", "lowprice", "pricelow", "min"),
    "close": ("close", "c", "closeprice", "priceclose"),
    "volume": (
        "homenotional",
        "volcurrency",
        "volccy",
        "volume",
        "vol",
        "v",
        "basevolume",
        "volumebase",
        "baseassetvolume",
        "volbase",
        "amount",
        "qty",
    ),
    "quote_volume": (
        "foreignnotional",
        "quotevolume",
        "volumequote",
        "quoteassetvolume",
        "quotevol",
        "volcurrencyquote",
        "volccyquote",
        "volquote",
        "turnover",
        "qv",
        "q",
    ),
    "trades": ("trades", "count", "numberoftrades", "numtrades", "tradecount", "tradescount", "nooftrades", "n"),
    "taker_buy_volume": ("takerbuyvolume", "takerbuybaseassetvolume", "takerbuybasevolume", "takerbuybase", "tbv"),
    "vwap": ("vwap", "weightedaverage", "wap"),
    "confirm": ("confirm", "confirmed", "isclosed"),
}
_TRADES: Final = {
    **_COMMON,
    "ts": (
        *("ts", "tsms", "timestamp", "timestampms", "transacttime", "tradetime", "exectime", "time", "timems"),
        *("datetime", "dateutc", "date", "unix", "epoch", "t"),
    ),
    "seen_at": ("seenat", "receivedat", "receivetime", "receivetimestamp", "recvtime", "localtimestamp", "localts"),
    "price": ("price", "p", "px", "tradeprice", "rate"),
    "size": ("homenotional", "size", "qty", "quantity", "amount", "baseqty", "volume", "vol", "sz", "q", "v"),
    "side": ("side", "takerside", "aggressorside", "direction"),
    "is_buyer_maker": ("isbuyermaker", "buyermaker", "m"),
    "trade_id": ("tradeid", "id", "aggtradeid", "aggregatetradeid", "aggid", "execid", "trdmatchid", "tid", "a"),
}
_FUNDING: Final = {
    **_COMMON,
    "ts": (
        "ts",
        "tsms",
        "fundingtime",
        "fundingratetimestamp",
        "calctime",
        "timestamp",
        "timestampms",
        "time",
        "datetime",
        "dateutc",
        "date",
        "t",
    ),
    "rate": ("rate", "fundingrate", "lastfundingrate", "funding", "realizedrate"),
}
_ROLES: Final = {"bars": _BARS, "trades": _TRADES, "funding": _FUNDING}
_REQUIRED: Final = {
    "bars": ("ts", "open", "high", "low", "close", "volume"),
    "trades": ("ts", "price", "size"),
    "funding": ("ts", "rate"),
}
KINDS: Final = tuple(_ROLES)
KNOWN_ROLES: Final = frozenset(role for roles in _ROLES.values() for role in roles)


def choose_kind(names: Sequence[str], wished: Mapping[str, str], *, file: str) -> str:
    """Tell by its columns what a table holds.

    Raises:
        Unreadable: The columns are those of no kind, and which are missing of the nearest.
    """
    missing = {kind: _find_missing(names, kind, wished, file=file) for kind in KINDS}
    whole = [kind for kind in KINDS if not missing[kind]]
    if whole:
        return whole[0]
    nearest = min(KINDS, key=lambda kind: len(missing[kind]) / len(_REQUIRED[kind]))
    told = ", ".join(missing[nearest])
    raise Unreadable(
        file,
        f"no bars, trades or funding rates by its columns ({_list_names(names)}); for {nearest} it lacks {told}: "
        f"name them with --map {missing[nearest][0]}=COLUMN",
    )


def _find_missing(names: Sequence[str], kind: str, wished: Mapping[str, str], *, file: str) -> list[str]:
    matched = match_columns(names, kind, wished, file=file)
    # `Volume BTC` is known for what it is only once the symbol is.
    by_asset = any(fold_name(name).startswith("volume") for name in names)
    return [role for role in _REQUIRED[kind] if role not in matched and not (role == "volume" and by_asset)]


def match_columns(names: Sequence[str], kind: str, wished: Mapping[str, str], *, file: str) -> dict[str, str]:
    """Role to column, for the roles that a kind of data has.

    Raises:
        Unreadable: A column that was asked for is not there.
    """
    for role, column in wished.items():
        if column not in names:
            raise Unreadable(file, f"no column '{column}' for {role}; it has {_list_names(names)}")
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(fold_name(name), name)
    matched: dict[str, str] = {}
    for role, synonyms in _ROLES[kind].items():
        known = next((folded[synonym] for synonym in synonyms if synonym in folded), None)
        chosen = wished.get(role, known)
        if chosen is not None:
            matched[role] = chosen
    return matched


def require_columns(matched: Mapping[str, str], names: Sequence[str], kind: str, *, file: str) -> None:
    """Refuse a table that lacks a column its kind cannot be without.

    Raises:
        Unreadable: With the missing columns and those there are.
    """
    missing = [role for role in _REQUIRED[kind] if role not in matched]
    if missing:
        told = f"no column for {', '.join(missing)} of {kind}; it has {_list_names(names)}: name it with --map"
        raise Unreadable(file, f"{told} {missing[0]}=COLUMN")


def match_volumes_by_asset(matched: Mapping[str, str], names: Sequence[str], symbol: str) -> dict[str, str]:
    """Add ``Volume BTC`` and ``Volume USDT`` columns, which say their unit by its name, for BTC-USDT."""
    base, quote = (asset.lower() for asset in symbol.split("-"))
    folded = {fold_name(name): name for name in names}
    added = {"volume": folded.get(f"volume{base}"), "quote_volume": folded.get(f"volume{quote}")}
    return {**{role: column for role, column in added.items() if column}, **matched}


def fold_name(name: str) -> str:
    """A column's name without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _list_names(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
