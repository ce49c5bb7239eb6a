"""What is said of the live intake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.time import MS_PER_SECOND
from edgeproof.ops.intake.state import SILENT_AFTER_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

_CLOCKS_MAY_DIFFER_MS: Final = 5_000


def tell_intake(console: Console, told: Mapping[str, Any]) -> None:
    """One line, of ``describe_intake``; a second one for what was refused."""
    console.print(_say(told), soft_wrap=True, highlight=False)
    if told.get("refused"):
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(told["refused"].items()))
        console.print(f"refused since its start: {kinds}", soft_wrap=True, highlight=False)


def _say(told: Mapping[str, Any]) -> str:
    match told["state"]:
        case "never":
            return "no live intake has run here; start one with `edgeproof data ingest`"
        case "starting":
            return f"live intake: starting, process {told['pid']}; nothing taken in yet"
        case "live":
            numbers = f"{told['trades_per_s']:,.0f} trades/s, {told['waiting']:,} wait for the lake"
            return f"live intake: running since {told['started_at']}, {_name(told)}, {numbers}{_say_clocks(told)}"
        case "silent":
            return f"live intake: process {told['pid']} runs, but {_name(told)} {_say_silence(told)}"
        case "stopped":
            return f"live intake: not running; ended {told['finished_at']} ({told['detail']})"
        case _:
            last = told["heartbeat_at"] or told["started_at"]
            return f"live intake: not running; its process ended without a word after {last}. Start it again"


def _name(told: Mapping[str, Any]) -> str:
    return f"{told['symbols']} symbols of {told['venue']}"


def _say_clocks(told: Mapping[str, Any]) -> str:
    delay_ms = told["delay_ms"]
    if delay_ms is None:
        return ""
    if delay_ms < -_CLOCKS_MAY_DIFFER_MS:
        return f"; this clock is {-delay_ms / 1_000:,.0f} s behind the venue's, or more: set it"
    if delay_ms > _CLOCKS_MAY_DIFFER_MS:
        return f"; trades are {delay_ms / 1_000:,.0f} s old when they come, or this clock is ahead: check it"
    return ""


def _say_silence(told: Mapping[str, Any]) -> str:
    if told["heartbeat_age_s"] is None:
        return f"have given no sign of life since {told['started_at']}"
    if told["heartbeat_age_s"] * MS_PER_SECOND > SILENT_AFTER_MS:
        return f"have given no sign of life for {told['heartbeat_age_s']:,.0f} s"
    return f"have had no trade for {told['lag_ms'] / 1_000:,.0f} s"
