"""Public REST: what anybody may ask about the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.engine.candles import BARS, Page
from edgeproof.simulator.exchange.engine.refusal import refuse_parameter
from edgeproof.simulator.exchange.protocol import shapes
from edgeproof.simulator.exchange.protocol.request import read_choice, read_limit, read_whole, require_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgeproof.simulator.exchange.engine.market import Instrument
    from edgeproof.simulator.exchange.engine.venue import Venue

_MOST_LEVELS: Final = 100
_MOST_RECORDS: Final = 100
_DEFAULT_CANDLES: Final = 500
MARGIN_MODES: Final = ("cross", "isolated")


def list_instruments(venue: Venue, query: Mapping[str, str]) -> object:
    """Listings."""
    return [shapes.write_instrument(item.listing) for item in venue.market.choose(query.get("instId") or None)]


def list_tickers(venue: Venue, query: Mapping[str, str]) -> object:
    """Tickers of one instrument or all."""
    chosen = venue.market.choose(query.get("instId") or None)
    return [shapes.write_ticker(instrument, venue.now_ms()) for instrument in chosen]


def read_book(venue: Venue, query: Mapping[str, str]) -> object:
    """A snapshot of a book; one level a side unless ``size`` says more."""
    instrument = _choose_one(venue, query)
    levels = read_limit(query, "size", default=1, most=_MOST_LEVELS)
    now_ms = venue.now_ms()
    depth = instrument.read_depth(now_ms, levels=levels)
    asks, bids = (shapes.write_levels(instrument.listing, side) for side in (depth.asks, depth.bids))
    return [{"asks": asks, "bids": bids, "ts": str(now_ms)}]


def list_trades(venue: Venue, query: Mapping[str, str]) -> object:
    """The newest trades, newest first; there is no way to ask for older ones."""
    instrument = _choose_one(venue, query)
    limit = read_limit(query, "limit", default=_MOST_RECORDS, most=_MOST_RECORDS)
    newest = list(instrument.recent)[::-1][:limit]
    return [shapes.write_trade(instrument, trade, venue.spec.ids) for trade in newest]


def read_mark_price(venue: Venue, query: Mapping[str, str]) -> object:
    """Index and mark prices."""
    chosen = venue.market.choose(query.get("instId") or None)
    return [shapes.write_mark_price(instrument, venue.now_ms()) for instrument in chosen]


def read_funding_rate(venue: Venue, query: Mapping[str, str]) -> object:
    """The rate that is settled next."""
    chosen = venue.market.choose(query.get("instId") or None)
    points = [(instrument, instrument.next_funding(venue.now_ms())) for instrument in chosen]
    return [shapes.write_funding(instrument, point) for instrument, point in points if point is not None]


def list_funding_rates(venue: Venue, query: Mapping[str, str]) -> object:
    """Settled rates, newest first."""
    instrument = _choose_one(venue, query)
    before, after = read_whole(query, "before"), read_whole(query, "after")
    limit = read_limit(query, "limit", default=_MOST_RECORDS, most=_MOST_RECORDS)
    past = [
        point
        for point in instrument.past_funding(venue.now_ms())
        if (before is None or point.ts > before) and (after is None or point.ts < after)
    ]
    return [shapes.write_funding(instrument, point) for point in past[:limit]]


def list_candles(venue: Venue, query: Mapping[str, str]) -> object:
    """Candles, newest first, the one that is being made included."""
    instrument, bar, page = _read_candle_query(venue, query)
    return shapes.write_candles(instrument, instrument.candles.read(bar, page), bar, venue.now_ms())


def list_price_candles(venue: Venue, query: Mapping[str, str]) -> object:
    """Candles of the index or mark price."""
    instrument, bar, page = _read_candle_query(venue, query)
    return shapes.write_price_candles(instrument, instrument.candles.read(bar, page), bar, venue.now_ms())


def list_tiers(venue: Venue, query: Mapping[str, str]) -> object:
    """Position tiers."""
    instrument = _choose_one(venue, query)
    return shapes.write_tiers(instrument.listing, read_choice(query, "marginMode", MARGIN_MODES, default="cross"))


def _choose_one(venue: Venue, query: Mapping[str, str]) -> Instrument:
    (instrument,) = venue.market.choose(require_text(query, "instId"))
    return instrument


def _read_candle_query(venue: Venue, query: Mapping[str, str]) -> tuple[Instrument, str, Page]:
    instrument = _choose_one(venue, query)
    bar = query.get("bar") or "1m"
    if bar not in BARS:
        raise refuse_parameter("bar")
    most = venue.spec.candle_page
    limit = read_limit(query, "limit", default=min(_DEFAULT_CANDLES, most), most=most)
    return instrument, bar, Page(before=read_whole(query, "before"), after=read_whole(query, "after"), limit=limit)


PUBLIC: Final[Mapping[str, Callable[[Any, Any], object]]] = {
    "/api/v1/market/instruments": list_instruments,
    "/api/v1/market/tickers": list_tickers,
    "/api/v1/market/books": read_book,
    "/api/v1/market/trades": list_trades,
    "/api/v1/market/mark-price": read_mark_price,
    "/api/v1/market/funding-rate": read_funding_rate,
    "/api/v1/market/funding-rate-history": list_funding_rates,
    "/api/v1/market/candles": list_candles,
    "/api/v1/market/index-candles": list_price_candles,
    "/api/v1/market/mark-price-candles": list_price_candles,
    "/api/v1/market/position-tiers": list_tiers,
}
