"""Public market data in the words of the wire: every number is text, except in the books of a stream."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.simulator.exchange.engine.candles import CLOSE, HIGH, LOTS, LOW, OPEN, TS, VALUE, is_closed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.depth import Side
    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.market import FundingPoint, Instrument, TradeRow
    from edgeproof.simulator.exchange.engine.trade_ids import TradeIds

_NEVER_MS: Final = 4_102_444_800_000
_TIER_STEPS: Final = ((1, 1), (4, 2), (16, 5), (64, 10))


def write_decimal(value: Decimal) -> str:
    """Plain digits: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_instrument(listing: Listing) -> dict[str, str]:
    """A listing."""
    return {
        "instId": listing.symbol,
        "baseCurrency": listing.base,
        "quoteCurrency": listing.quote,
        "contractValue": write_decimal(listing.contract_value),
        "listTime": str(listing.listed_ms),
        "expireTime": str(_NEVER_MS),
        "maxLeverage": str(listing.max_leverage),
        "minSize": write_decimal(listing.min_size),
        "lotSize": write_decimal(listing.lot),
        "tickSize": write_decimal(listing.tick),
        "instType": "SWAP",
        "contractType": "linear",
        "maxLimitSize": write_decimal(listing.max_limit_size),
        "maxMarketSize": write_decimal(listing.max_market_size),
        "state": listing.state,
        "settleCurrency": listing.quote,
    }


def write_candles(instrument: Instrument, rows: IntArray, bar: str, now_ms: int) -> list[list[str]]:
    """Candles: time, prices, volume in contracts, base and quote units, and whether it has closed."""
    listing = instrument.listing
    price, size = listing.price_text, listing.size_text
    per_lot, per_step = listing.base_per_lot, listing.quote_per_step
    return [
        [
            str(row[TS]),
            *(price(row[column]) for column in (OPEN, HIGH, LOW, CLOSE)),
            size(row[LOTS]),
            write_decimal(per_lot * row[LOTS]),
            write_decimal(per_step * row[VALUE]),
            "1" if is_closed(row[TS], bar, now_ms) else "0",
        ]
        for row in rows.tolist()
    ]


def write_price_candles(instrument: Instrument, rows: IntArray, bar: str, now_ms: int) -> list[list[str]]:
    """Candles of the index or mark price: time, prices, and whether it has closed."""
    price = instrument.listing.price_text
    return [
        [
            str(row[TS]),
            *(price(row[column]) for column in (OPEN, HIGH, LOW, CLOSE)),
            "1" if is_closed(row[TS], bar, now_ms) else "0",
        ]
        for row in rows.tolist()
    ]


def write_trade(instrument: Instrument, trade: TradeRow, ids: TradeIds) -> dict[str, str]:
    """A trade; its size is in contracts."""
    return {
        "tradeId": str(ids.of_number(trade.number)),
        "instId": instrument.symbol,
        "price": instrument.listing.price_text(trade.ticks),
        "size": instrument.listing.size_text(trade.lots),
        "side": "buy" if trade.buys else "sell",
        "ts": str(trade.ts),
    }


def write_levels(listing: Listing, side: Side) -> list[list[str]]:
    """Levels of a book as REST gives them: text."""
    price, size = listing.price_text, listing.size_text
    pairs = zip(side.ticks.tolist(), side.lots.tolist(), strict=True)
    return [[price(ticks), size(lots)] for ticks, lots in pairs]


def write_number_levels(listing: Listing, levels: Iterable[tuple[int, int]]) -> list[list[float]]:
    """Levels of a book as streams give them: JSON numbers."""
    price, size = listing.price_text, listing.size_text
    return [[_to_number(price(ticks)), _to_number(size(lots))] for ticks, lots in levels]


def write_ticker(instrument: Instrument, now_ms: int) -> dict[str, str]:
    """The last price, the best prices and the last 24 hours; volumes in contracts and in base units."""
    listing, day = instrument.listing, instrument.measure_day()
    depth = instrument.read_depth(now_ms, levels=1)
    price, size = listing.price_text, listing.size_text
    return {
        "instId": listing.symbol,
        "last": price(instrument.last_ticks),
        "lastSize": size(instrument.last.lots if instrument.last else 0),
        "askPrice": price(int(depth.asks.ticks[0])),
        "askSize": size(int(depth.asks.lots[0])),
        "bidPrice": price(int(depth.bids.ticks[0])),
        "bidSize": size(int(depth.bids.lots[0])),
        "high24h": price(day.high),
        "open24h": price(day.open),
        "low24h": price(day.low),
        "volCurrency24h": write_decimal(listing.base_per_lot * day.lots),
        "vol24h": size(day.lots),
        "ts": str(now_ms),
    }


def write_mark_price(instrument: Instrument, now_ms: int) -> dict[str, str]:
    """Index and mark price; in this exchange both are the last price."""
    last = instrument.listing.price_text(instrument.last_ticks)
    return {"instId": instrument.symbol, "indexPrice": last, "markPrice": last, "ts": str(now_ms)}


def write_funding(instrument: Instrument, point: FundingPoint) -> dict[str, str]:
    """A funding rate and when it is settled."""
    return {
        "instId": instrument.symbol,
        "fundingRate": write_decimal(Decimal(repr(point.rate))),
        "fundingTime": str(point.ts),
    }


def write_tiers(listing: Listing, margin_mode: str) -> list[dict[str, str]]:
    """Position tiers: the larger the position, the more margin and the less leverage."""
    tiers, floor = [], Decimal(0)
    for size_factor, rate_factor in _TIER_STEPS:
        ceiling = listing.max_market_size * size_factor
        tiers.append(
            {
                "instId": listing.symbol,
                "marginMode": margin_mode,
                "minSize": write_decimal(floor),
                "maxSize": write_decimal(ceiling),
                "maintenanceMarginRate": write_decimal(listing.maintenance_rate * rate_factor),
                "maxLeverage": str(max(1, listing.max_leverage // rate_factor)),
            }
        )
        floor = ceiling
    return tiers


def _to_number(text: str) -> float:
    return float(text) if "." in text else int(text)
