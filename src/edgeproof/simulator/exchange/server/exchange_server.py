"""The exchange on a port of this machine: REST, streams and the control of faults."""

from __future__ import annotations

import asyncio
import contextlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from aiohttp import WSMsgType, web

from edgeproof.domain.errors import WorkError
from edgeproof.simulator.exchange.engine.faults import Fault, FaultKind
from edgeproof.simulator.exchange.protocol.private_channels import PrivateChannels
from edgeproof.simulator.exchange.protocol.publisher import Publisher
from edgeproof.simulator.exchange.protocol.request import Request
from edgeproof.simulator.exchange.protocol.rest import answer_request
from edgeproof.simulator.exchange.protocol.session import Session
from edgeproof.simulator.exchange.server.control import add_control
from edgeproof.simulator.exchange.server.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from edgeproof.simulator.exchange.engine.venue import Venue
    from edgeproof.simulator.exchange.protocol.channels import Topic
    from edgeproof.simulator.exchange.protocol.frames import Push

HOST: Final = "127.0.0.1"
PUMP_EVERY_S: Final = 0.02
_LARGEST_BODY: Final = 1_048_576
_LARGEST_MESSAGE: Final = 65_536
_TOO_MANY: Final = 429


class ExchangeServer:
    """Serves a venue on 127.0.0.1 until it is stopped.

    Args:
        venue: The exchange.
        port: Where to listen; 0 takes a free port.
        pump_every_s: How often trades are played and pushed; None leaves that to ``pump``, for clocks stepped by hand.
    """

    def __init__(self, venue: Venue, *, port: int = 0, pump_every_s: float | None = PUMP_EVERY_S) -> None:
        self.venue = venue
        self.port = port
        self._pump_every_s = pump_every_s
        self._publisher = Publisher(venue)
        self._private = PrivateChannels(venue)
        self._streams: dict[int, Stream] = {}
        self._opened = 0
        self._random = np.random.Generator(np.random.PCG64(venue.spec.seed))
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._pumping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def rest_url(self) -> str:
        """Where REST is, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def public_url(self) -> str:
        """Where public streams are."""
        return f"ws://{HOST}:{self.port}/ws/public"

    @property
    def private_url(self) -> str:
        """Where private streams are."""
        return f"ws://{HOST}:{self.port}/ws/private"

    @property
    def streams(self) -> list[int]:
        """Numbers of the streams that are open."""
        return list(self._streams)

    async def start(self) -> None:
        """Listen, and begin to push."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_get("/ws/public", self._serve_public)
        app.router.add_get("/ws/private", self._serve_private)
        add_control(app, self.venue, lambda: self.streams)
        app.router.add_route("*", "/{path:.*}", self._serve_rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()
        if self._pump_every_s is not None:
            self._pumping = asyncio.create_task(self._pump_for_ever(self._pump_every_s))

    async def stop(self) -> None:
        """Cut all connections and let go of the port."""
        for task in (self._pumping, self._reopening):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._cut_all()
        if self._runner is not None:
            await self._runner.cleanup()
        self.venue.truth.close()

    def pump(self) -> None:
        """Play the market up to now and push what is due."""
        self.venue.advance()
        for fault in self.venue.faults.take_stream_faults():
            self._begin(fault)
        self._drop_delisted()
        for trades in self._publisher.publish_trades():
            for stream in self._streams.values():
                if trades.topic in stream.session.topics:
                    stream.push_trades(trades)
        topics = {topic for stream in self._streams.values() for topic in stream.session.topics}
        timed = self._publisher.publish_timed(topics)
        self._private.gather()
        for stream in list(self._streams.values()):
            if stream.session.user is not None:
                stream.push(self._private.publish(stream.session.user, stream.session.topics))
            self._push_timed(stream, timed)
            stream.flush()
        self._cut_silent()

    def _drop_delisted(self) -> None:
        if symbols := self.venue.market.take_newly_delisted():
            for stream in self._streams.values():
                stream.session.drop(symbols)

    def _push_timed(self, stream: Stream, timed: Mapping[Topic, Sequence[Push]]) -> None:
        for topic in stream.session.topics & timed.keys():
            stream.push(timed[topic])
        # Pushes that a fault held back leave even when nothing new comes.
        stream.push(())

    def _begin(self, fault: Fault) -> None:
        if fault.kind is FaultKind.RESTART:
            # One that is away cannot go away again.
            if self._reopening is None or self._reopening.done():
                self._reopening = asyncio.get_running_loop().create_task(self._restart(fault.seconds))
            return
        numbers = self.streams if fault.connection is None else [fault.connection]
        if fault.connection == -1:
            numbers = [int(self._random.choice(self.streams))] if self._streams else []
        for number in numbers:
            if number in self._streams:
                self._streams[number].suffer(fault)

    def _cut_silent(self) -> None:
        last_ms = self.venue.wall_ms() - self.venue.spec.silent_after_ms
        for stream in list(self._streams.values()):
            if stream.alive_ms < last_ms:
                self.venue.truth.count_event("silent stream cut")
                stream.cut()

    async def _pump_for_ever(self, every_s: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.pump()
            due = max(due + every_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _restart(self, seconds: float) -> None:
        if self._site is not None:
            await self._site.stop()
        self._cut_all()
        self.venue.gate.forget_nonces()
        await asyncio.sleep(seconds)
        await self._listen()

    async def _listen(self) -> None:
        if self._runner is None:
            return
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        try:
            await self._site.start()
        except OSError as error:
            told = f"cannot listen on {HOST}:{self.port}: {error.strerror}; name another port"
            raise WorkError(told) from None
        self.port = self._runner.addresses[0][1]

    def _cut_all(self) -> None:
        for stream in list(self._streams.values()):
            stream.cut()
        server = self._runner.server if self._runner is not None else None
        for handler in server.connections if isinstance(server, web.Server) else ():
            if handler.transport is not None:
                handler.transport.abort()

    async def _serve_rest(self, request: web.Request) -> web.StreamResponse:
        answer = answer_request(
            self.venue,
            Request(
                method=request.method,
                path=request.path,
                target=request.raw_path,
                query=dict(request.query),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=await request.read(),
                address=request.remote or HOST,
            ),
        )
        if answer.delay_ms:
            await asyncio.sleep(answer.delay_ms / 1_000)
        kind = "application/json" if answer.json else "text/html"
        date = {"Date": formatdate(self.venue.now_ms() / 1_000, usegmt=True)}
        return web.Response(status=answer.status, body=answer.body, content_type=kind, headers=date)

    async def _serve_public(self, request: web.Request) -> web.StreamResponse:
        return await self._serve_stream(request, private=False)

    async def _serve_private(self, request: web.Request) -> web.StreamResponse:
        return await self._serve_stream(request, private=True)

    async def _serve_stream(self, request: web.Request, *, private: bool) -> web.StreamResponse:
        address = request.remote or HOST
        if not self.venue.limiter.admit_connection(address, self.venue.wall_ms()):
            return web.Response(status=_TOO_MANY, text="Too Many Requests")
        socket = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST_MESSAGE)
        await socket.prepare(request)
        if not isinstance(request.transport, asyncio.WriteTransport):
            return socket
        self._opened += 1
        session = Session(self.venue, private=private, address=address)
        stream = Stream(self._opened, session, request.transport, self.venue)
        self._streams[stream.number] = stream
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._converse(stream, message.data)
        finally:
            del self._streams[stream.number]
        return socket

    def _converse(self, stream: Stream, text: str) -> None:
        self._drop_delisted()
        heard = stream.session.hear(text)
        stream.reply(heard.replies)
        for topic in heard.joined:
            user = stream.session.user
            stream.push(self._private.snapshot(user, topic) if user else self._publisher.snapshot(topic))
        stream.flush()
