"""BloFin's public pushes, read: bytes in, values to a sink. Nothing a frame may hold raises or gets through unread.

Its documents write numbers as text, its books do not: either is read, whole numbers digit by digit.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from edgeproof.ops.intake import Candle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.ops.intake import Sink

# A push is some hundred bytes; one of many candles a few thousand.
_LONGEST_FRAME: Final = 262_144
_CLOSED: Final = frozenset({"1", 1})
_CANDLE_FIELDS: Final = 9
_CONTRACTS, _BASE, _QUOTE, _IS_CLOSED = range(5, 9)
_ABSENT: Final = frozenset({"", None})
_ERRORS_KEPT: Final = 16
_LONGEST_ERROR: Final = 200
_Number: TypeAlias = str | int | float
_Candle: TypeAlias = tuple[int, float, float, float, float, float, float]
_ANSWERS: Final = frozenset({"subscribe", "unsubscribe"})


class _Argument(msgspec.Struct):
    channel: str = ""
    instId: str = ""  # noqa: N815 - the venue's word


class _Push(msgspec.Struct):
    arg: _Argument | None = None
    data: msgspec.Raw = msgspec.Raw()
    event: str = ""
    code: str = ""
    msg: str = ""


class _Trade(msgspec.Struct):
    instId: str  # noqa: N815 - the venue's word
    tradeId: str | int  # noqa: N815
    price: float
    size: _Number
    side: str
    ts: int


# What bytes that are no JSON raise; ValueError where text is not UTF-8.
_NOT_JSON: Final = (msgspec.DecodeError, RecursionError, ValueError)
_PUSHES: Final = msgspec.json.Decoder(_Push)
# `strict=False` reads numbers that come as text, and refuses what is neither.
_TRADES: Final = msgspec.json.Decoder(list[_Trade], strict=False)
_CANDLES: Final = msgspec.json.Decoder(list[list[_Number | None]])


class BlofinFrames:
    """Reads frames of one connection.

    Args:
        contract_sizes: Base units in a contract, by the venue's symbols.
        names: Inside names by the venue's symbols.
        sink: Takes what was read.

    Attributes:
        subscribed: Subscriptions that the venue confirmed.
        rejected: Errors that it answered with.
        errors: The newest of them, code and text.
    """

    def __init__(self, contract_sizes: Mapping[str, Decimal], names: Mapping[str, str], sink: Sink) -> None:
        self.rejected = 0
        self.errors = deque[str](maxlen=_ERRORS_KEPT)
        self.subscribed = 0
        self._contract_sizes = contract_sizes
        self._names = names
        self._sink = sink

    def read(self, frame: bytes | bytearray) -> bool:
        """Read one text frame; True where it carried rows that were taken in or judged one by one."""
        if len(frame) > _LONGEST_FRAME:
            self._sink.refuse("frame too long")
            return False
        try:
            push = _PUSHES.decode(frame)
        except msgspec.ValidationError:
            self._sink.refuse("wrong types")
            return False
        except _NOT_JSON:
            self._sink.refuse("not JSON")
            return False
        if push.arg is not None and push.data:
            return self._read_rows(push.arg, push.data)
        self._read_event(push)
        return False

    def _read_rows(self, argument: _Argument, data: msgspec.Raw) -> bool:
        if argument.channel == "trades":
            return self._read_trades(data)
        if argument.channel == "candle1m":
            return self._read_candles(argument.instId, data)
        self._sink.refuse("unknown channel")
        return False

    def _read_trades(self, data: msgspec.Raw) -> bool:
        try:
            trades = _TRADES.decode(data)
        except _NOT_JSON:
            self._sink.refuse("wrong types")
            return False
        for trade in trades:
            size = self._to_base(trade.instId, trade.size)
            if size is None or trade.side not in {"buy", "sell"}:
                known = trade.instId in self._contract_sizes
                self._sink.refuse("trade that cannot be" if known else "unknown instrument")
                continue
            name = self._names[trade.instId]
            self._sink.add_trade(name, trade.ts, trade.price, size, str(trade.tradeId), buy=trade.side == "buy")
        return True

    def _read_candles(self, symbol: str, data: msgspec.Raw) -> bool:
        try:
            rows = _CANDLES.decode(data)
        except _NOT_JSON:
            self._sink.refuse("wrong types")
            return False
        for row in rows:
            if len(row) != _CANDLE_FIELDS or symbol not in self._names:
                self._sink.refuse("candle that cannot be")
            elif row[_IS_CLOSED] in _CLOSED:
                self._read_candle(symbol, row)
        return True

    def _read_candle(self, symbol: str, row: list[_Number | None]) -> None:
        base = self._to_base(symbol, row[_CONTRACTS]) if row[_BASE] in _ABSENT else row[_BASE]
        try:
            told = msgspec.convert([*row[:_CONTRACTS], base, row[_QUOTE]], _Candle, strict=False)
        except msgspec.ValidationError:
            self._sink.refuse("candle that cannot be")
            return
        open_ms, opened, high, low, closed, volume, turnover = told
        # The collector judges time, prices and volume.
        if not 0.0 <= turnover < float("inf"):
            self._sink.refuse("candle that cannot be")
            return
        self._sink.add_candle(
            Candle(
                symbol=self._names[symbol],
                open_ms=open_ms,
                open=opened,
                high=high,
                low=low,
                close=closed,
                volume=volume,
                quote_volume=turnover,
            )
        )

    def _read_event(self, push: _Push) -> None:
        if push.event in _ANSWERS:
            self.subscribed += push.event == "subscribe"
        elif push.event == "error":
            self.rejected += 1
            self.errors.append(f"{push.code} {push.msg}"[:_LONGEST_ERROR])
            self._sink.refuse("errors of the venue")
        else:
            self._sink.refuse("no event and no data")

    def _to_base(self, symbol: str, contracts: _Number | None) -> float | None:
        """The float nearest to the exact product, as the venue's REST answers are read."""
        contract_size = self._contract_sizes.get(symbol)
        if contract_size is None or contracts is None:
            return None
        try:
            # A float's own text is the shortest that means it: that of the frame, for as many digits as sizes have.
            return float(Decimal(str(contracts) if isinstance(contracts, float) else contracts) * contract_size)
        except (ArithmeticError, ValueError):  # decimal's own overflow is the former
            return None
