"""Frames no exchange should send, by the name of what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgeproof.simulator.exchange.protocol.frames import BINARY, frame_payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.simulator.exchange.engine.market import Instrument

_TRADE: Final = (
    '{{"arg":{{"channel":"trades","instId":"{symbol}"}},"data":[{{"instId":"{symbol}","tradeId":{id},'
    '"price":{price},"size":{size},"side":{side},"ts":{ts}}}]}}'
)
_CANDLE: Final = '{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[["1700000040000",%s,"1"]]}'
_USUAL: Final = {"id": '"9000000001"', "price": '"1"', "size": '"1"', "side": '"buy"', "ts": '"1700000000000"'}
_TRADES: Final[Mapping[str, Mapping[str, str]]] = {
    "nan": {"price": "NaN"},
    "nan_text": {"price": '"NaN"'},
    "infinite": {"size": '"1e400"'},
    "beyond_decimals": {"size": '"1e999999"'},
    "negative_size": {"size": '"-1"'},
    "zero_price": {"price": '"0"'},
    "negative": {"price": '"-5"'},
    "zero_size": {"size": '"0"'},
    "huge_number": {"price": '"' + "9" * 400 + '"'},
    "wrong_types": {"price": "[1]", "size": '{"a":1}', "ts": "true"},
    "nulls": {"price": "null", "size": "null", "ts": "null"},
    "no_id": {"id": "null"},
    "odd_side": {"side": '"both"'},
    "far_future": {"ts": '"99999999999999"'},
    "epoch": {"ts": '"0"'},
    "microseconds": {"ts": '"1700000000000000"'},
    "beyond_whole_numbers": {"ts": "9" * 40},
    "half_a_character": {"id": r'"\ud800"'},
    "not_a_time": {"ts": '"yesterday"'},
}
_TEXTS: Final[Mapping[str, str]] = {
    "truncated_json": '{"arg":{"channel":"trades","instId":"BTC-U',
    "empty": "",
    "not_json": "<html>Bad Gateway</html>",
    "not_an_object": "[1,2,3]",
    "a_number": "42",
    "null": "null",
    "no_data": '{"arg":{"channel":"trades","instId":"BTC-USDT"}}',
    "data_not_a_list": '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":"x"}',
    "unknown_channel": '{"arg":{"channel":"gossip","instId":"BTC-USDT"},"data":[{"a":"b"}]}',
    "unknown_instrument": _TRADE.format(symbol="NO-SUCH", **_USUAL),
    "deep": "[" * 5_000,
    "half_a_text": '{"event":"error","code":"1","msg":"\\ud800"}',
    "deep_data": '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":' + "[" * 20_000 + "]" * 20_000 + "}",
    "unknown_event": '{"event":"farewell","code":"0"}',
    "huge_candle": _CANDLE % '"1","1e999","1","1","1","1","1"',
    "candle_without_end": _CANDLE % '"1","1","1","1","1","1","inf"',
}
_HUGE_BYTES: Final = 10 * 1_048_576
# Only by name, never in turn: a client has no way to know that this trade was never made.
ODD_NUMBER: Final = "odd_number"
_ODD_NUMBER: Final = 99_999_999_999_999_999
FORMS: Final = (*_TEXTS, *_TRADES, "binary", "not_utf8", "huge_frame")


def make_odd_trade(instrument: Instrument, now_ms: int) -> bytes:
    """A trade of now at the last price, right in all but this: its number is absurd, and nobody made it."""
    listing = instrument.listing
    told = {
        "id": f'"{_ODD_NUMBER}"',
        "price": f'"{listing.price_text(instrument.last_ticks)}"',
        "size": f'"{listing.size_text(1)}"',
        "side": '"buy"',
        "ts": f'"{now_ms}"',
    }
    return frame_payload(_TRADE.format(symbol=instrument.symbol, **told).encode())


def make_hostile_frame(form: str, symbol: str) -> bytes:
    """A hostile frame of a form in ``FORMS``, about this instrument where it is about any."""
    if form == "binary":
        return frame_payload(bytes(range(256)), BINARY)
    if form == "not_utf8":
        return frame_payload(b'{"arg":"\xff\xfe"}')
    if form == "huge_frame":
        return frame_payload(b'{"arg":{"channel":"trades"},"data":["' + b"x" * _HUGE_BYTES + b'"]}')
    text = _TEXTS[form] if form in _TEXTS else _TRADE.format(symbol=symbol, **{**_USUAL, **_TRADES[form]})
    return frame_payload(text.encode())
