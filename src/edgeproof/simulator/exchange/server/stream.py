"""One open WebSocket as the server holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgeproof.simulator.exchange.engine.faults import Fault, FaultKind
from edgeproof.simulator.exchange.protocol.frames import Push, frame_payload
from edgeproof.simulator.exchange.protocol.hostile import FORMS, ODD_NUMBER, make_hostile_frame, make_odd_trade
from edgeproof.simulator.exchange.protocol.stream_faults import StreamFaults

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from edgeproof.simulator.exchange.engine.venue import Venue
    from edgeproof.simulator.exchange.protocol.frames import TradePushes
    from edgeproof.simulator.exchange.protocol.session import Session

_HALF: Final = 2


class Stream:
    """Writes frames to a connection, through the faults it is going through, and remembers what it wrote."""

    def __init__(self, number: int, session: Session, transport: asyncio.WriteTransport, venue: Venue) -> None:
        self.number = number
        self.session = session
        self._transport = transport
        self._venue = venue
        self._faults = StreamFaults()
        self._waiting: list[bytes] = []
        self._forms = 0
        self.alive_ms = venue.wall_ms()

    def reply(self, payloads: Iterable[bytes]) -> None:
        """Answer what the client said."""
        self.alive_ms = self._venue.wall_ms()
        self._waiting += [frame_payload(payload) for payload in payloads]
        self.flush()

    def push_trades(self, trades: TradePushes) -> None:
        """Send an instrument's new trades, all at once where nothing is wrong with the stream."""
        if self._faults.active:
            self.push(trades.split())
            return
        self._waiting.append(trades.joined)
        self._venue.truth.record_delivery(self.number, trades.symbol, trades.first, trades.last)
        self._venue.truth.count_event("pushed trades", len(trades.frames))

    def push(self, pushes: Iterable[Push]) -> None:
        """Send pushes one by one."""
        for push in self._faults.alter(pushes, self._venue.wall_ms()) if self._faults.active else pushes:
            self._waiting.append(push.frame)
            self._venue.truth.count_event(f"pushed {push.channel}")
            if push.number is not None:
                self._venue.truth.record_delivery(self.number, push.symbol, push.number, push.number)

    def suffer(self, fault: Fault) -> None:
        """Go through a fault."""
        if fault.kind is FaultKind.DROP:
            self.cut()
        elif fault.kind is FaultKind.PARTIAL:
            self._send_half_a_frame()
        elif fault.kind is FaultKind.MALFORMED:
            self._send_hostile_frames(fault)
        else:
            self._faults.begin(fault, self._venue.wall_ms())

    def flush(self) -> None:
        """Hand what waits to the connection; cut it where the client does not read."""
        if not self._waiting or self._transport.is_closing():
            self._waiting.clear()
            return
        self._transport.write(b"".join(self._waiting))
        self._waiting.clear()
        self.alive_ms = self._venue.wall_ms()
        if self._transport.get_write_buffer_size() > self._venue.spec.slow_reader_bytes:
            self._venue.truth.count_event("slow reader cut")
            self.cut()

    def cut(self) -> None:
        """End the connection without a goodbye; what the system has not sent yet is lost."""
        self._transport.abort()

    def _send_half_a_frame(self) -> None:
        self.flush()
        frame = make_hostile_frame("unknown_channel", "")
        self._transport.write(frame[: len(frame) // _HALF])
        self._transport.close()

    def _send_hostile_frames(self, fault: Fault) -> None:
        symbols = (topic.symbol for topic in self.session.topics if topic.symbol)
        symbol = next(symbols, next(iter(self._venue.market.instruments)))
        for _ in range(fault.count):
            form = fault.detail if fault.detail in {*FORMS, ODD_NUMBER} else FORMS[self._forms % len(FORMS)]
            self._forms += 1
            self._waiting.append(self._make_frame(form, symbol))
            self._venue.truth.count_event(f"hostile {form}")

    def _make_frame(self, form: str, symbol: str) -> bytes:
        if form == ODD_NUMBER:
            return make_odd_trade(self._venue.market[symbol], self._venue.now_ms())
        return make_hostile_frame(form, symbol)
