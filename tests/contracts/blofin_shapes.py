"""Shapes of BloFin's answers and pushes: which fields there are, and what kind of text each holds.

A shape is a nested value: a dict of fields, a list with the shape of its items, or one of the kinds below. Fields
after ``optional`` may be missing. Shapes were declared from the documentation's examples and captured answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
WHOLE: Final = re.compile(r"-?[0-9]+")
MS: Final = re.compile(r"[0-9]{13}")
WORD: Final = re.compile(r"[A-Za-z0-9_.\- ]*")
FLAG: Final = re.compile(r"true|false")
BIT: Final = re.compile(r"[01]")
SIDE: Final = re.compile(r"buy|sell")
NUMBER_OR_NOTHING: Final = re.compile(r"(-?[0-9]+(\.[0-9]+)?)?")
JSON_NUMBER: Final = "a JSON number"
ANY: Final = "anything"


@dataclass(frozen=True, slots=True)
class Maybe:
    """A shape, or null."""

    shape: Any


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields, and perhaps those."""

    required: dict[str, Any]
    optional: dict[str, Any]


def tell_differences(value: object, shape: Any, place: str = "data") -> list[str]:  # noqa: ANN401 - a nested value
    """Where a value departs from a shape, one line each; fields that no shape knows count too."""
    match shape:
        case Maybe(inner):
            told = [] if value is None else tell_differences(value, inner, place)
        case Fields():
            told = _compare_fields(value, shape, place)
        case dict():
            told = _compare_fields(value, Fields(shape, {}), place)
        case list():
            parts = [*shape * len(value)] if isinstance(value, list) else None
            told = _compare_items(value, parts, place)
        case tuple():
            told = _compare_items(value, list(shape), place)
        case _:
            told = _compare_leaf(value, shape, place)
    return told


def _compare_items(value: object, parts: list[Any] | None, place: str) -> list[str]:
    if not isinstance(value, list) or parts is None or len(value) != len(parts):
        return [f"{place}: expected a list{f' of {len(parts)}' if parts else ''}"]
    pairs = zip(value, parts, strict=True)
    return [t for i, (item, part) in enumerate(pairs) for t in tell_differences(item, part, f"{place}[{i}]")]


def _compare_fields(value: object, shape: Fields, place: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: expected an object"]
    missing = [f"{place}.{name}: missing" for name in shape.required if name not in value]
    known = shape.required | shape.optional
    unknown = [f"{place}.{name}: unknown" for name in value if name not in known]
    inside = [
        t for name in value if name in known for t in tell_differences(value[name], known[name], f"{place}.{name}")
    ]
    return missing + unknown + inside


def _compare_leaf(value: object, shape: Any, place: str) -> list[str]:  # noqa: ANN401 - as above
    if shape == ANY:
        return []
    if shape == JSON_NUMBER:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str) and shape.fullmatch(value) is not None
    return [] if fits else [f"{place}: {value!r} is no {shape if isinstance(shape, str) else shape.pattern}"]


_PROTECTION: Final = {
    "tpTriggerPrice": Maybe(NUMBER),
    "tpOrderPrice": Maybe(NUMBER),
    "slTriggerPrice": Maybe(NUMBER),
    "slOrderPrice": Maybe(NUMBER),
}
_PLACE: Final = {"instId": WORD, "marginMode": WORD, "positionSide": WORD, "side": SIDE}
_ORDER: Final = {
    **_PLACE,
    **_PROTECTION,
    "orderId": WHOLE,
    "orderType": WORD,
    "price": NUMBER,
    "size": NUMBER,
    "reduceOnly": FLAG,
    "leverage": WHOLE,
    "state": WORD,
    "filledSize": NUMBER,
    "averagePrice": NUMBER,
    "fee": NUMBER,
    "pnl": NUMBER,
    "createTime": MS,
    "updateTime": MS,
    "orderCategory": WORD,
}
# The documentation's own example leaves these out here and there.
_ORDER_EXTRAS: Final = {
    "clientOrderId": Maybe(WORD),
    "filled_amount": NUMBER,
    "filledAmount": NUMBER,
    "algoClientOrderId": WORD,
    "algoId": WORD,
    "brokerId": WORD,
    "cancelSource": WORD,
    "cancelSourceReason": Maybe(WORD),
}
_POSITION: Final = Fields(
    {
        "positionId": WHOLE,
        "instId": WORD,
        "instType": WORD,
        "marginMode": WORD,
        "positionSide": WORD,
        "adl": WHOLE,
        "positions": NUMBER,
        "availablePositions": NUMBER,
        "averagePrice": NUMBER,
        "markPrice": NUMBER,
        "marginRatio": NUMBER,
        "liquidationPrice": NUMBER_OR_NOTHING,
        "unrealizedPnl": NUMBER,
        "unrealizedPnlRatio": NUMBER,
        "maintenanceMargin": NUMBER,
        "createTime": MS,
        "updateTime": MS,
        "leverage": WHOLE,
    },
    {"margin": NUMBER_OR_NOTHING, "initialMargin": NUMBER},
)
_MONEY: Final = dict.fromkeys(
    (
        "equity",
        "balance",
        "isolatedEquity",
        "equityUsd",
        "availableEquity",
        "available",
        "frozen",
        "orderFrozen",
        "isolatedUnrealizedPnl",
    ),
    NUMBER,
)
_BALANCE: Final = {
    "ts": MS,
    "totalEquity": NUMBER,
    "isolatedEquity": NUMBER,
    "details": [Fields({"currency": WORD, "ts": MS, **_MONEY}, {"bonus": NUMBER, "unrealizedPnl": NUMBER})],
}
_WAITING: Final = {**_PLACE, "size": NUMBER, "state": WORD, "leverage": WHOLE}
_WAITING_EXTRAS: Final = {
    "clientOrderId": Maybe(WORD),
    "reduceOnly": FLAG,
    "actualSize": Maybe(NUMBER_OR_NOTHING),
    "actualSide": Maybe(WORD),
    "createTime": MS,
    "updateTime": MS,
    "brokerId": WORD,
    "orderType": Maybe(WORD),
    "orderCategory": WORD,
    "triggerType": Maybe(WORD),
    "orderPrice": Maybe(NUMBER),
}
_ATTACHED: Final = [
    {**_PROTECTION, "tpTriggerPriceType": Maybe(WORD), "slTriggerPriceType": Maybe(WORD)},
]
_TPSL: Final = Fields({**_WAITING, **_PROTECTION, "tpslId": WHOLE}, _WAITING_EXTRAS)
_TRIGGER: Final = Fields(
    {**_WAITING, "algoId": WHOLE, "triggerPrice": NUMBER, "triggerPriceType": WORD, "attachAlgoOrders": _ATTACHED},
    _WAITING_EXTRAS,
)
_FUNDING: Final = {"instId": WORD, "fundingRate": NUMBER, "fundingTime": MS}
_TRADE: Final = {"instId": WORD, "tradeId": WHOLE, "price": NUMBER, "size": NUMBER, "side": SIDE, "ts": MS}
_TICKER: Final = {
    "instId": WORD,
    "ts": MS,
    **dict.fromkeys(("last", "lastSize", "askPrice", "askSize", "bidPrice", "bidSize"), NUMBER),
    **dict.fromkeys(("open24h", "high24h", "low24h", "volCurrency24h", "vol24h"), NUMBER),
}
_CANDLE: Final = (MS, *(NUMBER,) * 7, BIT)
_PRICE_CANDLE: Final = (MS, *(NUMBER,) * 4, BIT)
_DONE: Final = Fields({"clientOrderId": Maybe(WORD)}, {"code": WHOLE, "msg": Maybe(WORD)})


def _done(name: str) -> Fields:
    return Fields({**_DONE.required, name: WHOLE}, _DONE.optional)


# By request path: the shape of ``data``.
REST: Final[dict[str, Any]] = {
    "/api/v1/market/instruments": [
        {
            **dict.fromkeys(("instId", "baseCurrency", "quoteCurrency", "instType", "contractType", "state"), WORD),
            **dict.fromkeys(
                ("contractValue", "minSize", "lotSize", "tickSize", "maxLimitSize", "maxMarketSize"), NUMBER
            ),
            "listTime": MS,
            "expireTime": MS,
            "maxLeverage": WHOLE,
            "settleCurrency": WORD,
        }
    ],
    "/api/v1/market/tickers": [_TICKER],
    "/api/v1/market/books": [{"asks": [(NUMBER, NUMBER)], "bids": [(NUMBER, NUMBER)], "ts": MS}],
    "/api/v1/market/trades": [_TRADE],
    "/api/v1/market/mark-price": [{"instId": WORD, "indexPrice": NUMBER, "markPrice": NUMBER, "ts": MS}],
    "/api/v1/market/funding-rate": [_FUNDING],
    "/api/v1/market/funding-rate-history": [_FUNDING],
    "/api/v1/market/candles": [_CANDLE],
    # No example was collected; the fields are those of the documentation.
    "/api/v1/market/position-tiers": [
        {
            "instId": WORD,
            "marginMode": WORD,
            **dict.fromkeys(("minSize", "maxSize", "maintenanceMarginRate"), NUMBER),
            "maxLeverage": WHOLE,
        }
    ],
    "/api/v1/account/balance": _BALANCE,
    "/api/v1/account/batch-leverage-info": [
        {"leverage": WHOLE, "marginMode": WORD, "instId": WORD, "positionSide": WORD}
    ],
    "/api/v1/account/margin-mode": {"marginMode": WORD},
    "/api/v1/account/position-mode": {"positionMode": WORD},
    "/api/v1/account/set-leverage": {"leverage": WHOLE, "marginMode": WORD, "instId": WORD, "positionSide": WORD},
    "/api/v1/account/set-margin-mode": {"marginMode": WORD},
    "/api/v1/account/set-position-mode": {"positionMode": WORD},
    "/api/v1/account/positions": [_POSITION],
    "/api/v1/account/positions-history": [
        {
            **dict.fromkeys(("historyId", "positionId", "leverage"), WHOLE),
            **_PLACE,
            "instType": WORD,
            **dict.fromkeys(("closePositions", "maxPositions", "liquidationPositions"), NUMBER),
            **dict.fromkeys(("openAveragePrice", "closeAveragePrice"), NUMBER),
            **dict.fromkeys(("realizedPnl", "realizedPnlRatio", "fee"), NUMBER),
            "createTime": MS,
            "updateTime": MS,
        }
    ],
    "/api/v1/asset/balances": [
        {"currency": WORD, "balance": NUMBER, "available": NUMBER, "frozen": NUMBER, "bonus": NUMBER}
    ],
    "/api/v1/account/config": {"accountLevel": WHOLE},
    "/api/v1/trade/order": [_done("orderId")],
    "/api/v1/trade/batch-orders": [_done("orderId")],
    "/api/v1/trade/cancel-order": [_done("orderId")],
    "/api/v1/trade/cancel-tpsl": [_done("tpslId")],
    "/api/v1/trade/cancel-algo": _done("algoId"),
    "/api/v1/trade/order-algo": _done("algoId"),
    "/api/v1/trade/order-tpsl": _done("tpslId"),
    "/api/v1/trade/close-position": {"instId": WORD, "positionSide": WORD, "clientOrderId": WORD},
    "/api/v1/trade/order-detail": Fields(_ORDER, _ORDER_EXTRAS),
    "/api/v1/trade/orders-pending": [Fields(_ORDER, _ORDER_EXTRAS)],
    "/api/v1/trade/orders-history": [Fields(_ORDER, _ORDER_EXTRAS)],
    "/api/v1/trade/orders-tpsl-pending": [_TPSL],
    "/api/v1/trade/orders-tpsl-detail": _TPSL,
    "/api/v1/trade/orders-tpsl-history": [_TPSL],
    "/api/v1/trade/orders-algo-pending": [_TRIGGER],
    "/api/v1/trade/orders-algo-history": [_TRIGGER],
    "/api/v1/trade/order/price-range": {"maxPrice": NUMBER, "minPrice": NUMBER},
    "/api/v1/trade/fills-history": [
        Fields(
            {
                **dict.fromkeys(("tradeId", "orderId"), WHOLE),
                **dict.fromkeys(("fillPrice", "fillSize", "fillPnl", "fee"), NUMBER),
                "instId": WORD,
                "side": SIDE,
                "positionSide": WORD,
                "ts": MS,
            },
            {"brokerId": WORD},
        )
    ],
}
_BOOK: Final = {
    "asks": [(JSON_NUMBER, JSON_NUMBER)],
    "bids": [(JSON_NUMBER, JSON_NUMBER)],
    "ts": MS,
    "prevSeqId": WHOLE,
    "seqId": WHOLE,
}
_PUSHED_TYPES: Final = {"tpTriggerPriceType": Maybe(WORD), "slTriggerPriceType": Maybe(WORD), "instType": WORD}
# By channel: the shape of ``data``.
STREAMS: Final[dict[str, Any]] = {
    "trades": [_TRADE],
    "tickers": [_TICKER],
    "books": _BOOK,
    "books5": _BOOK,
    "funding-rate": [_FUNDING],
    "candle1D": [_CANDLE],
    "index-candle1D": [_PRICE_CANDLE],
    "mark-price-candle1D": [_PRICE_CANDLE],
    "account": _BALANCE,
    "positions": [_POSITION],
    "orders": [Fields({**_ORDER, **_PUSHED_TYPES}, _ORDER_EXTRAS)],
    "orders-algo": [
        Fields(
            {**_WAITING, **_PROTECTION, "tpslId": WHOLE, "algoId": WHOLE, "instType": WORD, "cancelType": WORD},
            {
                **_WAITING_EXTRAS,
                "triggerPrice": Maybe(NUMBER),
                "triggerPriceType": WORD,
                "attachAlgoOrders": _ATTACHED,
            },
        )
    ],
}
