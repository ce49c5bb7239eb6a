"""Streams of any venue that ccxt knows: one watch a symbol, all of them on the connections that ccxt shares.

ccxt opens, pings and parses; what is added here is manners (leave for each new connection, pauses that grow, a watch
over streams that answer and bring nothing) and the truth about breaks: whatever ends a watch is told to the sink, for
trades may have been lost. Candles are left to REST, which the intake asks for what no stream told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from edgeproof.adapters.exchange import read_decimal, to_base
from edgeproof.adapters.streams._rules import FeedRules

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from decimal import Decimal

    from edgeproof.ops.intake import Sink

# ccxt hands out what came since it was last asked, out of the newest so many.
_TRADES_KEPT: Final = 10_000


class CcxtFeed:
    """Implements ``ops.intake.Feed``.

    Args:
        client: A ccxt client with streams, behind a gate; closed when the feed ends.
        contract_sizes: Base units in a contract, by ccxt's symbols: these are listened to.
        names: Inside names by ccxt's symbols.
        admit: Waits for leave to open a connection.
        params: What the venue's watch of trades is asked besides.
        rules: How it behaves.
        seed: Of the jitter; None draws another one each time.
    """

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        client: Any,  # noqa: ANN401 - ccxt has no types
        contract_sizes: Mapping[str, Decimal],
        names: Mapping[str, str],
        *,
        admit: Callable[[], Awaitable[object]],
        params: Mapping[str, object] | None = None,
        rules: FeedRules | None = None,
        seed: int | None = None,
    ) -> None:
        self._client = client
        self._contract_sizes = contract_sizes
        self._names = names
        self._params = dict(params or {})
        self._rules = rules or FeedRules()
        self._door = _Door(admit, self._rules, random.Random(seed))  # noqa: S311 - spreads attempts, guards nothing
        self._fed = False
        self._stale = False

    def renew(self, symbols: Collection[str]) -> None:
        """Give up every connection, since ccxt does not say which of them carries a symbol."""
        if any(name in symbols for name in self._names.values()):
            self._give_up("asked to begin anew")

    async def run(self, sink: Sink) -> None:
        """Listen until cancelled."""
        self._client.options["tradesLimit"] = _TRADES_KEPT
        self._client.newUpdates = True
        try:
            async with asyncio.TaskGroup() as group:
                for symbol in self._names:
                    group.create_task(self._stay(symbol, sink))
                group.create_task(self._watch())
        finally:
            await self._client.close()

    async def _stay(self, symbol: str, sink: Sink) -> None:
        """Follow one symbol for ever."""
        name, loop, broken_at = self._names[symbol], asyncio.get_running_loop(), 0.0
        while True:
            await self._door.pass_through(broken_at)
            try:
                await self._listen(symbol, sink)
            except Exception as error:  # noqa: BLE001 - whatever ccxt trips over in a frame, the venue sent it
                sink.note(f"stream ended: {type(error).__name__}")
            broken_at = loop.time()
            sink.break_off([name], "silence" if self._stale else "reconnect")

    async def _listen(self, symbol: str, sink: Sink) -> None:
        """Hand on trades until ccxt says that the stream has ended."""
        joined = False
        while True:
            trades = await self._client.watch_trades(symbol, None, None, dict(self._params))
            self._fed, self._stale = True, False
            self._door.opened()
            for trade in trades if isinstance(trades, Sequence) else ():
                self._hand_on(symbol, trade, sink)
            if not joined:
                joined = True
                sink.note("streams opened")
                sink.resume([self._names[symbol]])

    def _hand_on(self, symbol: str, trade: object, sink: Sink) -> None:
        row = trade if isinstance(trade, Mapping) else {}
        ts, trade_id, side = row.get("timestamp"), row.get("id"), row.get("side")
        price, amount = read_decimal(row.get("price")), read_decimal(row.get("amount"))
        if not isinstance(ts, int) or price is None or amount is None:
            sink.refuse("trade without time, price or size")
        elif side not in {"buy", "sell"}:
            sink.refuse("side is neither buy nor sell")
        elif not isinstance(trade_id, str) or not trade_id.isascii():
            sink.refuse("no trade number")
        else:
            size = to_base(amount, self._contract_sizes[symbol])
            sink.add_trade(self._names[symbol], ts, float(price), size, trade_id, buy=side == "buy")

    async def _watch(self) -> None:
        """Give up connections that stay open and bring nothing of any symbol."""
        while True:
            self._fed = False
            await asyncio.sleep(self._rules.rows_within_s)
            if not self._fed:
                self._give_up("no rows")

    def _give_up(self, reason: str) -> None:
        for stream in list(self._client.clients.values()):
            self._stale = True
            # As if the network had failed: to close them would cancel whoever waits, instead of telling them.
            stream.on_error(TimeoutError(reason))


class _Door:
    """Lets watches through: together after one leave, and after a break no sooner than its pause is over."""

    def __init__(self, admit: Callable[[], Awaitable[object]], rules: FeedRules, jitter: random.Random) -> None:
        self._admit = admit
        self._rules = rules
        self._jitter = jitter
        self._lock = asyncio.Lock()
        self._admitted_at: float | None = None
        self._failures = 0

    def opened(self) -> None:
        """A stream brings rows: what failed before is over."""
        self._failures = 0

    async def pass_through(self, broken_at: float) -> None:
        """Wait until a watch that ended at ``broken_at``, by the loop's clock, may begin again."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if self._admitted_at is not None and self._admitted_at > broken_at:
                return
            if self._admitted_at is not None:
                self._failures += 1
                longest = min(self._rules.longest_pause_s, self._rules.first_pause_s * 2 ** min(self._failures, 16))
                await asyncio.sleep(self._jitter.uniform(longest / 2, longest))
            await self._admit()
            self._admitted_at = loop.time()
