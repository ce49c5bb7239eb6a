"""A browser without a window, for tests of pages: it opens a file and answers questions about it.

It is spoken to over its own debugging protocol (https://chromedevtools.github.io/devtools-protocol), on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ADDRESS = re.compile(r"DevTools listening on ws://(127\.0\.0\.1:\d+)/")
_PATIENCE_S = 60.0


@dataclass(kw_only=True)
class Tab:
    """One open page."""

    wire: aiohttp.ClientWebSocketResponse
    numbers: Iterator[int] = field(default_factory=count)

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Ask the browser something, and wait for its answer."""
        number = next(self.numbers)
        await self.wire.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                heard = await self.wire.receive_json()
                if heard.get("id") == number:
                    assert "error" not in heard, heard["error"]
                    answer: dict[str, Any] = heard["result"]
                    return answer

    async def run(self, script: str) -> Any:  # noqa: ANN401 - what JSON carries
        """Run statements in the page and give what they ``return``; ``await wait(milliseconds)`` lets time pass."""
        wait = "const wait = (ms) => new Promise((done) => setTimeout(done, ms));"
        expression = f"(async () => {{ {wait} {script} }})()"
        heard = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in heard, heard
        return heard["result"].get("value")

    async def move_mouse(self, *steps: tuple[str, float, float], clicks: int = 1) -> None:
        """Press, move and let go of the left button: steps of ``mousePressed``, ``mouseMoved``, ``mouseReleased``."""
        for kind, x, y in steps:
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=clicks
            )

    async def take_picture(self) -> bytes:
        """What is in view, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    async def print_paper(self) -> bytes:
        """The whole page as PDF."""
        return base64.b64decode((await self.call("Page.printToPDF", printBackground=True))["data"])


def require_browser() -> str:
    """The browser's path, or a skip that says there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no chromium on this machine")
    return found


def visit(
    page: str, folder: Path, ask: Callable[[Tab], Awaitable[Any]], *, width: int = 1200, dark: bool = False
) -> Any:  # noqa: ANN401
    """Open a page and ask it something.

    Args:
        page: The page's text.
        folder: Where it may be written.
        ask: What is done with the open page; what it gives comes back.
        width: Of the window, pixels; it is 1,000 high.
        dark: Whether the system prefers dark pages.
    """
    file = folder / "page.html"
    file.write_text(page, "utf-8")

    async def look() -> Any:  # noqa: ANN401
        async with _open_tab(folder / "browser") as tab:
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            await tab.call("Emulation.setEmulatedMedia", features=[scheme])
            await tab.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False
            )
            await tab.call("Page.navigate", url=file.as_uri())
            await tab.run("while (document.readyState !== 'complete' || !window.edgeproof) await wait(50);")
            return await ask(tab)

    return asyncio.run(look())


@asynccontextmanager
async def _open_tab(profile: Path) -> AsyncIterator[Tab]:
    process = await asyncio.create_subprocess_exec(
        require_browser(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            address = await _hear_address(process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json/list") as answer:
                tabs = await answer.json()
            url = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            async with session.ws_connect(url, max_msg_size=0) as wire:
                yield Tab(wire=wire)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _hear_address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = ""
    while line := (await process.stderr.readline()).decode(errors="replace"):
        said += line
        if found := _ADDRESS.search(line):
            return found[1]
    raise AssertionError(said)
