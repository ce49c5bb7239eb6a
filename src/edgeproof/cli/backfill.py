"""`edgeproof data backfill`: fill the lake with a venue's past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from edgeproof.cli._door import HostOption, JsonOption, VenueOption, WorkspaceOption, answer, open_progress, open_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.adapters.rate_budget import Waiting
    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.time import Window
    from edgeproof.domain.venues import Venue
    from edgeproof.ops.backfill import BackfillPlan, BackfillProgress, BackfillReport, BackfillRequest

_DONE, _FAILED = 0, 1
_ALL: Final = "all"


def add_to(data: typer.Typer) -> None:
    """Register the command among those of `edgeproof data`."""
    data.command("backfill")(backfill)


def backfill(
    since: Annotated[str, typer.Option(help="From when: a date or time, UTC, such as 2026-01-01.")],
    until: Annotated[str | None, typer.Option(help="Up to when; now, if not said.", show_default=False)] = None,
    symbols: Annotated[
        str | None, typer.Option(help="BTC-USDT,ETH-USDT or `all`; by default those the lake holds of the venue.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="The so many most traded symbols of the last day.")] = None,
    venue: VenueOption = None,
    host: HostOption = None,
    timeframe: Annotated[str, typer.Option(help="Of the candles.")] = "1m",
    funding: Annotated[bool, typer.Option("--funding/--no-funding", help="Funding rates as well.")] = True,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask also where the venue has answered that it has nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan: requests and time. Write nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Fill the lake with a venue's candles and funding rates; what is there is not asked for again.

    Runs at nine tenths of the venue's request budget, which all processes of the workspace share. Interrupted or
    killed, the same command goes on where it was. The exit status is 1 where something could not be filled.
    """
    import asyncio

    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._backfill_view import document_plan, document_report, show_plan, show_report

    desk = open_workspace(workspace)
    config = desk.settings.exchange.configure(venue=venue, host=host)
    window = _read_window(since, until, desk.clock.now_ms())

    async def work() -> tuple[BackfillPlan, BackfillReport | None]:
        from edgeproof.adapters.rate_budget import Urgency
        from edgeproof.domain.time import Timeframe
        from edgeproof.ops.backfill import BackfillRequest

        source = desk.open_venue(config, urgency=Urgency.BULK, on_pause=_tell_pause(config.shown_name))
        try:
            request = BackfillRequest(
                window=window,
                symbols=await _choose_symbols(desk, source, symbols, top),
                timeframe=Timeframe.parse(timeframe),
                funding=funding,
                ask_again=ask_again,
            )
            return await _carry_out(desk, source, request, dry_run=dry_run)
        finally:
            await source.close()

    plan, report = asyncio.run(work())
    document = {"plan": document_plan(plan), "report": None if report is None else document_report(report)}
    answer(
        document,
        as_json=as_json,
        show=lambda console: show_plan(console, plan) if report is None else show_report(console, report),
    )
    return _DONE if report is None or report.ok else _FAILED


async def _carry_out(
    desk: Workspace, venue: Venue, request: BackfillRequest, *, dry_run: bool
) -> tuple[BackfillPlan, BackfillReport | None]:
    from edgeproof.cli._backfill_view import tell_plan
    from edgeproof.ops.backfill import plan_backfill, run_backfill

    empty = desk.empty_spans
    plan = await plan_backfill(venue, desk.lake, empty, request, now_ms=desk.clock.now_ms())
    if dry_run:
        return plan, None
    wanted = {one.series.instrument for one in plan.series}
    listed = [market for market in await venue.markets() if market.instrument in wanted]
    desk.markets.remember(listed, seen_ms=desk.clock.now_ms())
    open_stderr().print(tell_plan(plan), style="dim")
    with open_progress() as display:
        task = display.add_task("asking", total=plan.requests)

        def follow(progress: BackfillProgress) -> None:
            told = f"{progress.series} · {progress.rows:,} rows"
            display.update(task, total=progress.requests_planned, completed=progress.requests_made, description=told)

        return plan, await run_backfill(venue, desk.lake, empty, plan, clock=desk.clock, progress=follow)


async def _choose_symbols(desk: Workspace, venue: Venue, symbols: str | None, top: int | None) -> tuple[str, ...]:
    """The symbols that are named, asked for by rank, or held already."""
    from edgeproof.domain.errors import RequestError

    if symbols is not None and top is not None:
        raise RequestError("--symbols and --top both choose symbols; give one of them")
    if top is not None:
        ranked = sorted(
            await venue.tickers(), key=lambda ticker: (-_or_zero(ticker.turnover), ticker.instrument.symbol)
        )
        return tuple(ticker.instrument.symbol for ticker in ranked[:top])
    if symbols == _ALL:
        return tuple(market.instrument.symbol for market in await venue.markets())
    if symbols is not None:
        return tuple(text for text in symbols.split(",") if text.strip())
    held = tuple(one.symbol for one in desk.instruments() if one.venue == venue.name)
    if not held:
        raise RequestError(f"the lake holds no bars of {venue.name} yet; name --symbols BTC-USDT,... or --top 36")
    return held


def _or_zero(number: float) -> float:
    return number if number == number else 0.0  # noqa: PLR0124 - NaN is not itself


def _read_window(since: str, until: str | None, now_ms: int) -> Window:
    from edgeproof.domain.time import Window, parse_instant

    start_ms = parse_instant(since)
    # A beginning that lies ahead is refused by the plan, which can say what has closed.
    return Window(start_ms=start_ms, end_ms=parse_instant(until) if until else max(now_ms, start_ms + 1))


def _tell_pause(venue: str) -> Callable[[Waiting], None]:
    def tell(waiting: Waiting) -> None:
        open_stderr().print(f"{venue}: {waiting.reason}; all requests wait {waiting.ms / 1_000:,.0f} s", style="yellow")

    return tell
