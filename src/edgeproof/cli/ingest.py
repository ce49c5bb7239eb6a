"""`edgeproof data ingest | gaps | upkeep | install-service`: live data, what is missing of it, and keeping it small."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.cli._door import HostOption, JsonOption, WorkspaceOption, answer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from rich.console import Console

    from edgeproof.adapters.rate_budget import Waiting
    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.venues import Market, Venue
    from edgeproof.ops.intake.telling import Tell
    from edgeproof.ops.upkeep import Event, Upkeep

SymbolOption = Annotated[
    list[str] | None, typer.Option("--symbol", "-s", help="A symbol to take in; may be repeated. Default: the busiest.")
]
TopOption = Annotated[int, typer.Option(min=1, max=500, help="How many of the busiest symbols, where none is named.")]
KeepOption = Annotated[int, typer.Option(min=0, help="Days that raw trades stay; 0 keeps them for ever.")]
FreeOption = Annotated[int, typer.Option(min=0, help="Megabytes of disk below which the intake stops.")]

_SYSTEM_UNITS: Final = Path("/etc/systemd/system")


def add_to(data: typer.Typer) -> None:
    """Register the commands under `edgeproof data`."""
    data.command("ingest")(ingest)
    data.command("gaps")(show_gaps)
    data.command("upkeep")(keep_up)
    data.command("install-service")(install_service)


def ingest(
    symbol: SymbolOption = None,
    top: TopOption = 36,
    host: HostOption = None,
    keep_trades_days: KeepOption = 0,
    least_free_mb: FreeOption = 2_000,
    run_for_s: Annotated[float, typer.Option(min=0, help="Stop after so many seconds; 0 runs on.")] = 0.0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in every public trade of some symbols of [exchange] venue, until stopped (Ctrl-C or SIGTERM).

    Trades reach the lake within seconds, closed minutes are checked against the venue's candles, and what is missing
    is asked for again or recorded as a gap. Needs no key. Logs go to stderr, one event a line.
    """
    import asyncio

    from edgeproof.bootstrap import open_workspace

    desk = open_workspace(workspace)
    tell = _open_log()
    with desk.lock_intake("data ingest"):
        upkeep = _make_upkeep(desk, keep_trades_days, least_free_mb)
        upkeep.guard()
        summary = asyncio.run(_run(desk, host, symbol, top, upkeep, tell, run_for_s))
    answer(summary, as_json=as_json, show=lambda console: _show_summary(console, summary))


def show_gaps(symbol: SymbolOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show where trades are missing that the venue's candles tell of, and how far each symbol was checked."""
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._gaps_view import document_gap, draw_gaps
    from edgeproof.domain.instruments import parse_symbol

    journal = open_workspace(workspace).open_journal()
    wanted = {parse_symbol(text) for text in symbol or []}
    gaps = [gap for gap in journal.gaps() if not wanted or gap.instrument.symbol in wanted]
    runs = journal.runs(limit=1)
    venues = sorted({gap.instrument.venue for gap in gaps} | {run.venue for run in runs})
    marks = {venue: dict(journal.watermarks(venue)) for venue in venues}
    document = {"gaps": [document_gap(gap) for gap in gaps], "checked_until_ms": marks, "runs": list(runs)}
    answer(document, as_json=as_json, show=lambda console: draw_gaps(console, gaps, marks))


def keep_up(keep_trades_days: KeepOption = 0, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Merge small files, drop old trades, delete files that no longer count; `ingest` does so by itself."""
    from edgeproof.bootstrap import open_workspace

    desk = open_workspace(workspace)
    events = _make_upkeep(desk, keep_trades_days, 0).run_all(desk.clock.now_ms())
    document = [{"event": name, **values} for name, values in events]
    answer(document, as_json=as_json, show=lambda console: _show_events(console, events))


def install_service(
    symbol: SymbolOption = None,
    top: TopOption = 36,
    host: HostOption = None,
    keep_trades_days: KeepOption = 0,
    least_free_mb: FreeOption = 2_000,
    unit: Annotated[Path | None, typer.Option(help="File to write; by default the user's own systemd folder.")] = None,
    user: Annotated[
        str | None, typer.Option(help="Write a system-wide unit, in /etc/systemd/system, that runs as this user.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a systemd unit that keeps `data ingest` running, and say how to start it."""
    from edgeproof.adapters.service_manager import ServiceUnit
    from edgeproof.bootstrap import open_workspace
    from edgeproof.domain.errors import WorkError
    from edgeproof.domain.instruments import parse_symbol

    desk = open_workspace(workspace)
    symbols = [word for text in symbol or [] for word in ("--symbol", parse_symbol(text))]
    chosen = symbols or ["--top", str(top)]
    elsewhere = ["--host", desk.settings.exchange.configure(host=host).host] if host else []
    command = [sys.executable, "-m", "edgeproof", "data", "ingest", *chosen, *elsewhere]
    command += ["--keep-trades-days", str(keep_trades_days), "--least-free-mb", str(least_free_mb)]
    command += ["--workspace", str(desk.root)]
    lake = desk.lake_folder
    text = ServiceUnit(
        description=f"edgeproof: live market data into {desk.root.name}",
        command=command,
        folder=desk.root,
        writes=() if lake is None or lake.is_relative_to(desk.root) else (lake,),
        user=user,
    ).render()
    file = unit or (_SYSTEM_UNITS if user else Path.home() / ".config/systemd/user") / "edgeproof-ingest.service"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise WorkError(
            f"cannot write {file}: {error.strerror}; run as root, or name a file with --unit and move it there"
        ) from error
    manager = "systemctl" if user else "systemctl --user"
    follow = f"{manager} daemon-reload && {manager} enable --now {file.name}"
    answer(
        {"unit": str(file), "start": follow},
        as_json=as_json,
        show=lambda console: console.print(f"wrote {file}\nstart it with: {follow}", soft_wrap=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to be taken in.

    Attributes:
        named: Symbols in any spelling; empty for the busiest.
        top: How many of those.
        before: What the last run at the venue took in.
        known: Symbols that were ever taken in there.
    """

    named: tuple[str, ...]
    top: int
    before: tuple[str, ...]
    known: frozenset[str]


async def _run(
    desk: Workspace, host: str | None, symbol: list[str] | None, top: int, upkeep: Upkeep, tell: Tell, run_for_s: float
) -> dict[str, Any]:
    import asyncio
    import signal

    from edgeproof.adapters.rate_budget import Urgency
    from edgeproof.adapters.streams import describe_stream
    from edgeproof.ops.intake.service import Intake, IntakeParts, IntakePlan

    config = desk.settings.exchange.configure(host=host)
    tell("connecting", venue=config.shown_name, stream=describe_stream(config))

    def tell_pause(waiting: Waiting) -> None:
        tell("requests_wait", reason=waiting.reason, seconds=round(waiting.ms / 1_000, 1))

    venue = desk.open_venue(config, urgency=Urgency.LIVE, on_pause=tell_pause)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    if run_for_s:
        loop.call_later(run_for_s, stop.set)
    try:
        journal = desk.open_journal()
        run = next((run for run in journal.runs() if run.venue == venue.name), None)
        wanted = _Wanted(
            named=tuple(symbol or ()),
            top=top,
            before=() if run is None else tuple(run.symbols),
            known=frozenset(journal.watermarks(venue.name)),
        )
        markets = await _wait_for_markets(venue, wanted, stop, tell)
        if not markets:
            return {"venue": venue.name, "counts": {}, "refused": {}}
        desk.markets.remember(markets, seen_ms=desk.clock.now_ms())
        plan = IntakePlan(venue=venue.name, symbols=tuple(market.instrument.symbol for market in markets))
        parts = IntakeParts(
            feed=desk.open_feed(config, markets),
            venue=venue,
            lake=desk.lake,
            open_journal=desk.open_journal,
            clock=desk.clock,
            tell=tell,
            upkeep=upkeep,
        )
        intake = Intake(plan, parts)
        await intake.run(stop)
    finally:
        await venue.close()
    collector = intake.collector
    return {"venue": venue.name, "counts": dict(collector.counts), "refused": dict(collector.refused)}


async def _wait_for_markets(venue: Venue, wanted: _Wanted, stop: asyncio.Event, tell: Tell) -> list[Market]:
    """What to take in; a venue that is away is asked again until it answers. Empty when told to stop meanwhile."""
    import asyncio

    from edgeproof.domain.venues import VenueRefusing, VenueUnreachable

    pause_s, stopping = 1.0, asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            asking = asyncio.ensure_future(_choose_markets(venue, wanted, tell))
            try:
                # A request may wait minutes for its turn; to be told to stop must not.
                await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    break
                return asking.result()
            except (VenueUnreachable, VenueRefusing) as error:
                tell("venue_away", reason=str(error), next_try_s=pause_s)
            finally:
                asking.cancel()
                await asyncio.wait({asking})
            await asyncio.wait({stopping}, timeout=pause_s)
            pause_s = min(60.0, pause_s * 2)
    finally:
        stopping.cancel()
    return []


async def _choose_markets(venue: Venue, wanted: _Wanted, tell: Tell) -> list[Market]:
    """What is taken in: what was named and is live, or the busiest.

    A symbol that was taken in before may have been delisted meanwhile: it is told, and the others go on.
    """
    from edgeproof.domain.errors import UnknownName
    from edgeproof.domain.instruments import parse_symbol
    from edgeproof.domain.venues import MarketState, VenueRefusing

    listed = {market.instrument.symbol: market for market in await venue.markets(again=True)}
    live = {symbol: market for symbol, market in listed.items() if market.state is MarketState.LIVE}
    named = list(dict.fromkeys(parse_symbol(text) for text in wanted.named))
    for name in named:
        if name not in listed and name not in wanted.known:
            raise UnknownName(f"perpetual at {venue.name}", name, live)
    chosen = named
    if not named:
        # Those of the last run first: one that is left out has its whole absence marked when it comes back.
        busiest = sorted(await venue.tickers(), key=lambda ticker: -ticker.turnover)
        by_turnover = [ticker.instrument.symbol for ticker in busiest if ticker.instrument.symbol in live]
        before = [symbol for symbol in by_turnover if symbol in wanted.before]
        chosen = list(dict.fromkeys([*before, *by_turnover]))[: wanted.top]
    if away := [name for name in chosen if name not in live]:
        tell("not_traded_now", symbols=away)
    if not any(name in live for name in chosen):
        raise VenueRefusing(
            venue.name, f"none of {', '.join(chosen) or 'its perpetuals'} is traded now; waiting for one"
        )
    return [live[name] for name in chosen if name in live]


def _make_upkeep(desk: Workspace, keep_trades_days: int, least_free_mb: int) -> Upkeep:
    import shutil

    from edgeproof.ops.upkeep import Upkeep, UpkeepPlan

    plan = UpkeepPlan(keep_trades_days=keep_trades_days or None, least_free_bytes=least_free_mb * 1_000_000)
    folder = desk.lake_folder
    if folder is None:
        return Upkeep(desk.lake, plan)
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    return Upkeep(desk.lake, plan, lambda: shutil.disk_usage(standing).free)


def _open_log() -> Tell:
    """Events as lines on stderr: pretty on a terminal, JSON elsewhere; and signs of life to systemd."""
    import structlog

    from edgeproof.adapters.service_manager import ALIVE, READY, STOPPING, notify_manager

    shape = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    log = structlog.wrap_logger(
        structlog.WriteLoggerFactory(file=sys.stderr)(),
        processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), shape],
    )
    words = {"ready": READY, "alive": ALIVE, "stopping": STOPPING}

    def tell(event: str, **values: object) -> None:
        log.msg(event, **values)
        if event in words:
            notify_manager(words[event], f"STATUS={event} " + " ".join(f"{k}={v}" for k, v in values.items()))

    return tell


def _show_summary(console: Console, summary: dict[str, Any]) -> None:
    counts = summary["counts"]
    console.print(
        f"{counts.get('trades', 0):,} trades taken in, {counts.get('minutes checked', 0):,} minutes checked, "
        f"{counts.get('minutes lost', 0):,} of them with trades missing",
        soft_wrap=True,
    )


def _show_events(console: Console, events: Sequence[Event]) -> None:
    if not events:
        console.print("nothing to do")
    for name, values in events:
        console.print(f"{name.replace('_', ' ')}: " + ", ".join(f"{k} {v}" for k, v in values.items()))
