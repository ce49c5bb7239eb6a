"""BloFin's rows as it documents them, one function for each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgeproof.adapters.exchange._rows import RawCandle, RawTrade, read_time
from edgeproof.adapters.exchange._tiers import RawTier
from edgeproof.adapters.exchange._units import read_decimal, to_base
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import Instrument, InstrumentRules, parse_symbol
from edgeproof.domain.venues import Market, MarketState, Ticker

if TYPE_CHECKING:
    from decimal import Decimal

_CANDLE_FIELDS: Final = 9  # ts, open, high, low, close, contracts, base, quote, whether it is closed
_CLOSED: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleRows:
    """Candles of one answer, sorted out.

    Attributes:
        times: Opens of all rows older than asked for, closed or not.
        closed: The closed ones among them.
        refused: Rows that are no candles, counted by reason.
    """

    times: Sequence[int]
    closed: Sequence[RawCandle]
    refused: Mapping[str, int]


def sort_candles(rows: Sequence[Any], size: Decimal, *, before_ms: int, stale_ms: int) -> CandleRows:
    """Part closed candles from the one in the making, by the venue's own word.

    Args:
        rows: The answer.
        size: Base units in one contract.
        before_ms: Rows from here on were not asked for.
        stale_ms: What opened before this must have closed; a row that denies it is refused.
    """
    times, closed = list[int](), list[RawCandle]()
    refused = Counter[str]()
    for row in rows:
        ts = read_time(row[0]) if isinstance(row, list) and len(row) == _CANDLE_FIELDS else None
        if ts is None:
            refused["not a candle of nine fields"] += 1
        elif ts < before_ms:
            times.append(ts)
            if str(row[8]) == _CLOSED:
                closed.append(_read_candle(row, size))
            elif ts < stale_ms:
                refused["still open long after its end"] += 1
    return CandleRows(times=times, closed=closed, refused=refused)


def read_market(row: Any, venue: str) -> tuple[Market, Decimal] | None:  # noqa: ANN401 - whatever the venue sent
    """A linear perpetual and its contract's size in base units, or None for any other row."""
    if not isinstance(row, Mapping) or row.get("contractType") != "linear" or row.get("instType") != "SWAP":
        return None
    fields = ("contractValue", "lotSize", "tickSize", "minSize", "maxLeverage")
    size, lot, tick, least, leverage = (read_decimal(row.get(field)) for field in fields)
    if size is None or size <= 0 or lot is None or tick is None or least is None:
        return None
    try:
        rules = InstrumentRules(
            lot=to_base(lot, size),
            tick=float(tick),
            min_size=to_base(least, size),
            max_leverage=float(leverage) if leverage is not None else 1.0,
        )
        symbol = parse_symbol(str(row.get("instId")))
    except InvalidValue:
        return None
    market = Market(
        instrument=Instrument(venue=venue, symbol=symbol),
        venue_symbol=str(row.get("instId")),
        rules=rules,
        contract_size=float(size),
        state=MarketState.LIVE if row.get("state") == "live" else MarketState.SUSPENDED,
        listed_ms=read_time(row.get("listTime")),
        max_market_size=_scale(row.get("maxMarketSize"), size),
        max_limit_size=_scale(row.get("maxLimitSize"), size),
    )
    return market, size


def read_trade(row: Mapping[str, Any]) -> RawTrade:
    """One trade, in an answer or a push."""
    return RawTrade(
        ts=row.get("ts"),
        price=row.get("price"),
        size=row.get("size"),
        side=row.get("side"),
        trade_id=row.get("tradeId"),
    )


def read_ticker(row: Mapping[str, Any], market: Market, size: Decimal, *, seen_ms: int) -> Ticker | None:
    """A ticker, or None without a time or a price."""
    ts_ms, last, volume = read_time(row.get("ts")), read_decimal(row.get("last")), _scale(row.get("vol24h"), size)
    if ts_ms is None or last is None:
        return None
    return Ticker(
        instrument=market.instrument,
        ts_ms=ts_ms,
        seen_ms=seen_ms,
        last=float(last),
        bid=_float_or_nan(row.get("bidPrice")),
        ask=_float_or_nan(row.get("askPrice")),
        volume=float("nan") if volume is None else volume,
        turnover=float("nan") if volume is None else volume * float(last),
    )


def read_tier(row: object) -> RawTier:
    """One margin tier; one without numbers where it is no object."""
    told = row if isinstance(row, Mapping) else {}
    return RawTier(
        most=told.get("maxSize"), maintenance=told.get("maintenanceMarginRate"), leverage=told.get("maxLeverage")
    )


def _read_candle(row: Sequence[Any], size: Decimal) -> RawCandle:
    """Base units come from contracts where the venue leaves them out."""
    contracts, base = read_decimal(row[5]), read_decimal(row[6])
    if base is None and contracts is not None:
        base = contracts * size
    return RawCandle(ts=row[0], prices=(row[1], row[2], row[3], row[4]), volume=base, quote_volume=row[7])


def _scale(value: object, size: Decimal) -> float | None:
    contracts = read_decimal(value)
    return None if contracts is None else to_base(contracts, size)


def _float_or_nan(value: object) -> float:
    number = read_decimal(value)
    return float("nan") if number is None else float(number)
