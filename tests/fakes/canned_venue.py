"""A web server on this machine that gives prepared answers by path, and remembers what it was asked."""

from __future__ import annotations

from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """One answer: a JSON value, or a body as it is."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes | None = None


@dataclass
class CannedVenue:
    """Answers of each path, given in order; the last one is given again and again."""

    url: str
    answers: dict[str, list[Canned]]
    asked: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))

    async def answer(self, request: web.Request) -> web.Response:
        """Give the next answer of the path."""
        self.asked[request.path].append(dict(request.query))
        waiting = self.answers.get(request.path)
        if not waiting:
            return web.json_response({"code": "404", "msg": "Not found"}, status=404)
        canned = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if canned.body is not None:
            body = canned.body.encode() if isinstance(canned.body, str) else canned.body
            return web.Response(body=body, status=canned.status, headers=canned.headers)
        return web.json_response(canned.data, status=canned.status, headers=canned.headers)


@asynccontextmanager
async def serve_canned(answers: dict[str, list[Canned]]) -> AsyncIterator[CannedVenue]:
    """Serve answers on a free port for the length of a ``with`` block."""
    venue = CannedVenue(url="", answers=answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", venue.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001 - the only place that knows the port
    assert server is not None
    venue.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined] # a real server
    try:
        yield venue
    finally:
        await runner.cleanup()
