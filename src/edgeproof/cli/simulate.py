"""`edgeproof simulate`: things of the world, made up on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from edgeproof.domain.time import Clock
    from edgeproof.simulator.exchange import ExchangeServer, PlannedFault, Tape, Venue

commands = typer.Typer(name="simulate", help="Make up a world to practise on.", no_args_is_help=True)
_SYMBOLS: Final = "BTC-USDT,ETH-USDT,SOL-USDT,XRP-USDT"
_MOST_FAULTS: Final = 10_000
_MS_PER_SECOND: Final = 1_000
_MS_PER_MINUTE: Final = 60_000
_MS_PER_DAY: Final = 86_400_000


@commands.callback()
def _group() -> None:
    """Make up a world to practise on."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(commands)


@commands.command("exchange")
def simulate_exchange(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8_989,
    symbols: Annotated[
        str | None, typer.Option(help=f"Symbols to list, by commas; {_SYMBOLS}, or all that was recorded.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days of history before now.")] = 7,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Trades a second over all symbols; 0 plays the generated market instead.")
    ] = 0.0,
    speed: Annotated[float, typer.Option(min=0.001, help="Times as fast as the world, from now on.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Another market of the same kind.")] = 1,
    fault_every: Annotated[
        float,
        typer.Option(min=0.0, metavar="SECONDS", help="A seeded fault about so often, 10,000 at most; 0 for none."),
    ] = 0.0,
    faults: Annotated[
        str,
        typer.Option(
            help="Which, by commas: drop, stall, gap, duplicate, reorder, malformed, partial, 429, 403, 5xx, slow,"
            " skew, restart.",
            show_default="all of them",
        ),
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.0, help="Stop after so long; 0 runs until Ctrl-C.")] = 0.0,
    replay: Annotated[
        str | None,
        typer.Option(
            metavar="VENUE", help="Play what the workspace's lake holds of this venue, as of now.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="With --replay: from when in the recording; its first moment, if not said.", show_default=False
        ),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every trade that is made here.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an exchange that speaks BloFin's protocol on this machine, and say at the end what it did.

    Faults come by themselves (--fault-every), or when a program asks: POST /_control/fault with {"kind": "drop"}.
    Streams are cut (drop), cut within a frame (partial), silent and then late (stall), or lose, double, turn round
    (gap, duplicate, reorder) or garble (malformed) what they send. Requests are turned away (429, 403), fail (5xx) or
    are answered late (slow). The clock goes wrong (skew), and all of it goes away and comes back (restart).

    POST /_control/listing with {"symbol": "SOL-USDT", "state": "delist"} takes a symbol off the list; with suspend it
    is halted, with live it is back.
    """
    import asyncio
    from pathlib import Path

    from edgeproof.adapters.clock import SystemClock
    from edgeproof.simulator.exchange import ExchangeServer

    wanted = symbols if symbols is not None or replay else _SYMBOLS
    names = tuple(name.strip() for name in (wanted or "").split(",") if name.strip())
    market = _Wish(symbols=names, days=days, rate=rate, speed=speed, seed=seed)
    plan, clock = _plan_faults(faults, fault_every, seed), SystemClock()
    now_ms = clock.now_ms()
    tape = _record_tape(market, workspace, replay, since, now_ms) if replay else _open_tape(market, now_ms)
    venue = _open_venue(tape, market, clock, plan, Path(truth) if truth else None)
    server = ExchangeServer(venue, port=port)
    document = asyncio.run(_serve(server, seconds))

    def show(console: Console) -> None:
        console.print(f"made {sum(document['made'].values()):,} trades; {len(document['breaches'])} budgets exceeded")
        for kind, times in document["events"].items():
            console.print(f"  {kind}: {times:,}")

    answer(document, as_json=as_json, show=show)


class _Wish:
    """Which market is asked for."""

    def __init__(self, *, symbols: tuple[str, ...], days: int, rate: float, speed: float, seed: int) -> None:
        self.symbols = symbols
        self.days = days
        self.rate = rate
        self.speed = speed
        self.seed = seed


def _plan_faults(faults: str, every_s: float, seed: int) -> tuple[PlannedFault, ...]:
    """Faults of the kinds that are named, all kinds where none is."""
    from edgeproof.domain.errors import RequestError, UnknownName
    from edgeproof.simulator.exchange import FaultKind, plan_faults

    known = {kind.value: kind for kind in FaultKind}
    wanted = [name.strip() for name in faults.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise UnknownName("fault", name, known)
    if not every_s:
        if wanted:
            raise RequestError("--faults says which faults come, --fault-every how often; give it too")
        return ()
    kinds = [known[name] for name in wanted] or list(FaultKind)
    return plan_faults(seed=seed, every_s=every_s, total_s=_MOST_FAULTS * every_s, kinds=kinds)


def _open_venue(tape: Tape, wish: _Wish, clock: Clock, plan: tuple[PlannedFault, ...], truth: Path | None) -> Venue:
    from edgeproof.simulator.exchange import ExchangeSpec, ScaledClock, Venue

    spec = ExchangeSpec(plan=plan, seed=wish.seed, truth_path=truth)
    now_ms = clock.now_ms()
    scaled = ScaledClock(base=clock, base_start_ms=now_ms, start_ms=max(now_ms, tape.start_ms), speed=wish.speed)
    return Venue(tape, spec, scaled, clock)


def _open_tape(wish: _Wish, now_ms: int) -> Tape:
    from edgeproof.simulator.exchange import WalkSpec, WalkTape

    if not wish.rate:
        return _generate_tape(wish, now_ms // _MS_PER_MINUTE * _MS_PER_MINUTE)
    load = WalkSpec(
        symbols=wish.symbols,
        start_ms=now_ms // _MS_PER_SECOND * _MS_PER_SECOND,
        trades_per_second=wish.rate,
        seed=wish.seed,
        history_minutes=wish.days * 1_440,
    )
    return WalkTape(load)


def _record_tape(wish: _Wish, workspace: Path | None, venue: str, since: str | None, now_ms: int) -> Tape:
    """What the workspace holds of a venue, shifted so that its beginning is now."""
    from edgeproof.bootstrap import open_workspace
    from edgeproof.domain.errors import UnknownName
    from edgeproof.domain.instruments import parse_symbol
    from edgeproof.domain.time import Window, parse_instant
    from edgeproof.simulator.exchange import record_tape

    lake = open_workspace(workspace).lake
    held = [one for one in lake.holdings() if one.table == "trades" or one.timeframe == "1m"]
    if venue not in {one.instrument.venue for one in held}:
        raise UnknownName("venue with trades or 1-minute bars in the lake", venue, {h.instrument.venue for h in held})
    known = {one.instrument.symbol: one.instrument for one in held if one.instrument.venue == venue}
    chosen = [parse_symbol(name) for name in wish.symbols] or sorted(known)
    for name in chosen:
        if name not in known:
            raise UnknownName(f"symbol of {venue} in the lake", name, known)
    mine = [one for one in held if one.instrument in {known[name] for name in chosen}]
    start_ms = parse_instant(since) if since else min(one.first_ms for one in mine)
    start_ms = start_ms // _MS_PER_MINUTE * _MS_PER_MINUTE
    window = Window(start_ms=start_ms, end_ms=max(start_ms, *(one.last_ms for one in mine)) + 1)
    history_ms = wish.days * _MS_PER_DAY
    return record_tape(
        lake, [known[name] for name in chosen], window, history_ms=history_ms, shift_ms=now_ms - start_ms
    )


def _generate_tape(wish: _Wish, now_ms: int) -> Tape:
    from edgeproof.simulator.exchange import GeneratedTape
    from edgeproof.simulator.market import MarketSpec, generate_market

    ahead = max(1, round(2 * wish.speed))
    spec = MarketSpec(
        symbols=wish.symbols, start_ms=now_ms - wish.days * _MS_PER_DAY, days=wish.days + ahead, seed=wish.seed
    )
    return GeneratedTape(generate_market(spec), now_ms)


async def _serve(server: ExchangeServer, seconds: float) -> dict[str, Any]:
    """Serve until the time is over, or somebody ends it; what was counted."""
    import asyncio
    import contextlib
    import signal

    from edgeproof.cli._door import open_stderr
    from edgeproof.simulator.exchange import DEMO_KEY
    from edgeproof.simulator.exchange.server.control import describe_state

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with server:
        console = open_stderr()
        console.print(f"REST {server.rest_url}  streams {server.public_url} {server.private_url}", soft_wrap=True)
        console.print(f"key {DEMO_KEY.key}  secret {DEMO_KEY.secret}  passphrase {DEMO_KEY.passphrase}", soft_wrap=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), timeout=seconds or None)
        return describe_state(server.venue, server.streams)
