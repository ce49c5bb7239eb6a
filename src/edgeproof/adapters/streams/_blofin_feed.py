"""BloFin's public streams by our own client: one task a connection, every one of them reconnecting for ever.

A connection lives like this: leave is asked of the gate (one new connection a second), it is opened, subscribed with
one text, and read. When nothing came for some seconds the text ``ping`` is sent; when nothing comes after that either,
or no rows come for longer than a market is quiet, it is given up. Every end is told to the sink, for trades may have
been lost. A connection that never brought anything lengthens the pause before the next attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Final

import aiohttp

from edgeproof.adapters.streams._blofin_frames import BlofinFrames
from edgeproof.adapters.streams._rules import FeedRules
from edgeproof.adapters.streams._subscriptions import split_symbols, write_subscription
from edgeproof.domain.errors import WorkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from decimal import Decimal

    from edgeproof.ops.intake import Sink

CHANNELS: Final = ("trades", "candle1m")
_LARGEST_FRAME: Final = 64 * 1_048_576
_PONG: Final = b"pong"


class BlofinFeed:
    """Implements ``ops.intake.Feed``.

    Args:
        url: Address of the public streams.
        contract_sizes: Base units in a contract, by the venue's symbols: these are listened to.
        names: Inside names by the venue's symbols.
        admit: Waits for leave to open a connection.
        rules: How it behaves.
        proxy: Address of an HTTP proxy, or None.
        seed: Of the jitter; None draws another one each time.
    """

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        url: str,
        contract_sizes: Mapping[str, Decimal],
        names: Mapping[str, str],
        *,
        admit: Callable[[], Awaitable[object]],
        rules: FeedRules | None = None,
        proxy: str | None = None,
        seed: int | None = None,
    ) -> None:
        self._url = url
        self._contract_sizes = contract_sizes
        self._names = names
        self._admit = admit
        self._rules = rules or FeedRules()
        self._proxy = proxy
        self._random = random.Random(seed)  # noqa: S311 - spreads attempts, guards nothing
        self._watches: dict[tuple[str, ...], _Watch] = {}

    def renew(self, symbols: Collection[str]) -> None:
        """Give up the connections that carry these symbols; they are opened again at once."""
        for share, watch in self._watches.items():
            if any(self._names[symbol] in symbols for symbol in share):
                watch.give_up()

    async def run(self, sink: Sink) -> None:
        """Listen until cancelled."""
        shares = split_symbols(list(self._names), CHANNELS, most_bytes=self._rules.subscribe_bytes)
        async with aiohttp.ClientSession(proxy=self._proxy) as session, asyncio.TaskGroup() as group:
            for share in shares:
                group.create_task(self._stay(session, share, sink))

    async def _stay(self, session: aiohttp.ClientSession, share: tuple[str, ...], sink: Sink) -> None:
        names = [self._names[symbol] for symbol in share]
        failures = 0
        while True:
            failures, cause = failures + 1, "reconnect"
            try:
                await self._admit()
                cause, joined = await self._listen(session, share, names, sink)
                failures = 0 if joined else failures
            except (aiohttp.ClientError, OSError, TimeoutError, WorkError) as error:
                sink.note(f"connection failed: {type(error).__name__}")
            sink.break_off(names, cause)
            longest = min(self._rules.longest_pause_s, self._rules.first_pause_s * 2 ** min(failures, 16))
            await asyncio.sleep(self._random.uniform(longest / 2, longest))

    async def _listen(
        self, session: aiohttp.ClientSession, share: tuple[str, ...], names: Sequence[str], sink: Sink
    ) -> tuple[str, bool]:
        """Read one connection to its end; why it ended, and whether it had brought anything."""
        frames = BlofinFrames(self._contract_sizes, self._names, sink)
        async with asyncio.timeout(self._rules.connect_within_s):
            socket = await session.ws_connect(
                self._url, max_msg_size=_LARGEST_FRAME, autoping=True, decode_text=False, compress=0
            )
        try:
            await socket.send_str(write_subscription([(c, symbol) for symbol in share for c in CHANNELS]))
            sink.note("connections")
            watch = self._watches[share] = _Watch(socket, self._rules)
            return await self._read(socket, frames, names, sink, watch)
        finally:
            self._watches.pop(share, None)
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.close()

    async def _read(
        self,
        socket: aiohttp.ClientWebSocketResponse[bool],
        frames: BlofinFrames,
        names: Sequence[str],
        sink: Sink,
        watch: _Watch,
    ) -> tuple[str, bool]:
        joined = False
        watching = asyncio.ensure_future(watch.run())
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    watch.heard = True
                    if message.data == _PONG:
                        continue
                    if frames.read(message.data):
                        watch.fed = True
                    elif not joined and frames.subscribed + frames.rejected >= len(names) * len(CHANNELS):
                        joined = True
                        sink.resume(names)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    sink.refuse("binary frame")
                elif message.type is aiohttp.WSMsgType.ERROR:
                    sink.note("broken frames")
        finally:
            watching.cancel()
        return "silence" if watch.stale else "reconnect", joined or watch.ever_fed


class _Watch:
    """Closes a connection that has gone silent."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool], rules: FeedRules) -> None:
        self.heard = False
        self.fed = False
        self.ever_fed = False
        self.stale = False
        self._socket = socket
        self._rules = rules
        self._given_up = asyncio.Event()

    def give_up(self) -> None:
        """Close it now."""
        self._given_up.set()

    async def run(self) -> None:
        """Look at intervals at what came meanwhile: nothing is timed for each message."""
        loop = asyncio.get_running_loop()
        fed_at = loop.time()
        while True:
            self.heard = False
            await self._pause(self._rules.ping_after_s)
            if self.fed:
                fed_at, self.fed, self.ever_fed = loop.time(), False, True
            if not self.heard and not self._given_up.is_set():
                await self._socket.send_str("ping")
                await self._pause(self._rules.pong_within_s)
            if self._given_up.is_set() or not self.heard or loop.time() - fed_at > self._rules.rows_within_s:
                self.stale = True
                await self._socket.close()
                return

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._given_up.wait(), seconds)
