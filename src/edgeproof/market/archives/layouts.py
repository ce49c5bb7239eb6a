"""How to read one file's columns, resolved once from its name, its first rows and what the importer was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import Unreadable
from edgeproof.market.archives.clocks import read_times
from edgeproof.market.archives.columns import choose_kind, match_columns, match_volumes_by_asset, require_columns
from edgeproof.market.archives.contracts import choose_contract_size, take_base_volume
from edgeproof.market.archives.names import read_timeframe
from edgeproof.market.archives.venues import Market, name_venue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.time import Timeframe, Window
    from edgeproof.market.archives.names import Claim
    from edgeproof.market.archives.portions import Hints

_MICROSECONDS_SINCE: Final = 10**15
_WIDTHS_OF_SPOT: Final = {"trades": 7, "aggregate_trades": 8}
_BARS_THAT_SHOW_A_SPACING: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How to read one file's columns.

    Attributes:
        file: Its name, for messages.
        kind: ``bars``, ``trades`` or ``funding``.
        roles: Role to column.
        venue: Where rows are from that do not say so themselves.
        symbol, timeframe: Of rows that do not say so themselves; None where a column says it.
        close_stamped: Times name the ends of bars.
        aggregated: Trades are sums of several fills.
        complete: The window the file holds whole.
        contract_size: Base units per contract where the file counts contracts; None where it counts base units.
        notes: What was inferred.
    """

    file: str
    kind: str
    roles: Mapping[str, str]
    venue: str
    symbol: str | None = None
    timeframe: Timeframe | None = None
    close_stamped: bool = False
    aggregated: bool = False
    complete: Window | None = None
    contract_size: float | None = None
    notes: tuple[str, ...] = ()


def resolve_layout(raw: pl.DataFrame, claim: Claim, hints: Hints, *, file: str, header: bool) -> Layout:
    """Settle how a file is read, from its first rows.

    Args:
        raw: Its first rows, columns as named in it.
        claim: What its path says.
        hints: What the importer was told.
        file: Its name, for messages.
        header: Whether the file itself names its columns.

    Raises:
        Unreadable: Something needed is neither said nor to be inferred; the message names the option that says it.
    """
    kind = hints.kind or {"aggregate_trades": "trades"}.get(claim.kind or "", claim.kind)
    kind = kind or choose_kind(raw.columns, hints.columns, file=file)
    notes: list[str] = []
    venue = hints.venue or name_venue(
        claim.venue or hints.default_venue, _tell_market(raw, claim, notes, header=header)
    )
    roles = match_columns(raw.columns, kind, hints.columns, file=file)
    if claim.source == "freqtrade" and kind == "funding" and "rate" not in roles and "open" in raw.columns:
        roles["rate"] = "open"
    if hints.venue:
        roles.pop("venue", None)
    symbol = None if "symbol" in roles else _choose_symbol(claim, hints, notes, file=file)
    if kind == "bars" and "volume" not in roles and symbol:
        roles = match_volumes_by_asset(roles, raw.columns, symbol)
    require_columns(roles, raw.columns, kind, file=file)
    bars = kind == "bars"
    roles = take_base_volume(raw, roles, hints, venue, notes) if bars else roles
    contract_size = choose_contract_size(raw, roles, kind, claim, hints, venue=venue, file=file)
    notes.append(f"contracts of {contract_size:g} base units, as said" if contract_size else "")
    _, clock = read_times(raw[roles["ts"]].head(1), file=file)
    notes.append(f"{roles['ts']}: {clock}" if clock else "")
    return Layout(
        file=file,
        kind=kind,
        roles=roles,
        venue=venue,
        symbol=symbol,
        timeframe=_choose_timeframe(raw, roles, claim.timeframe or hints.timeframe, notes, file=file) if bars else None,
        close_stamped=bars and _is_stamped_at_close(venue, roles, claim, hints, notes),
        aggregated=claim.kind == "aggregate_trades",
        complete=claim.complete if kind == "trades" else None,
        contract_size=contract_size,
        notes=tuple(note for note in notes if note),
    )


def _tell_market(raw: pl.DataFrame, claim: Claim, notes: list[str], *, header: bool) -> Market | None:
    """Binance Vision names spot and futures files alike; where no folder tells, the content does."""
    if claim.market is not None or claim.source != "binance_vision":
        return claim.market
    if header:
        notes.append("futures, as it has a header")
        return Market.PERPETUAL
    width = _WIDTHS_OF_SPOT.get(claim.kind or "")
    if width is not None:
        spot = raw.width >= width
        notes.append(f"{'spot' if spot else 'futures'}, as it has {raw.width} columns")
        return Market.SPOT if spot else Market.PERPETUAL
    first = raw[raw.columns[0]].drop_nulls()
    microseconds = len(first) > 0 and first.dtype.is_integer() and int(first[0]) >= _MICROSECONDS_SINCE
    notes.append(
        "spot, as its times are microseconds" if microseconds else "spot assumed, as it has no header: else --venue"
    )
    return Market.SPOT


def _choose_symbol(claim: Claim, hints: Hints, notes: list[str], *, file: str) -> str:
    if claim.symbol is None and hints.symbol is None:
        raise Unreadable(file, "no column and no word of its name is a symbol; say it with --symbol BTC-USDT")
    if claim.symbol is not None and hints.symbol not in {None, claim.symbol}:
        notes.append(f"its name says {claim.symbol}, so --symbol was not used")
    return claim.symbol or str(hints.symbol)


def _choose_timeframe(
    raw: pl.DataFrame, roles: Mapping[str, str], said: Timeframe | None, notes: list[str], *, file: str
) -> Timeframe | None:
    if "timeframe" in roles and _is_timeframe_column(raw[roles["timeframe"]]):
        return None
    smallest, commonest = _measure_spacing(raw, roles, file=file)
    if said is not None:
        if smallest is not None and smallest > said.ms:
            raise Unreadable(file, f"said to be bars of {said.name}, but none are nearer than {smallest // 1000} s")
        return said
    inferred = read_timeframe(f"{commonest // 60_000}m") if commonest and commonest % 60_000 == 0 else None
    if inferred is None:
        raise Unreadable(
            file, "neither a column, its name nor its spacing tells the timeframe; say it with --timeframe 1m"
        )
    notes.append(f"timeframe {inferred.name} by the commonest spacing")
    return inferred


def _is_timeframe_column(column: pl.Series) -> bool:
    sample = column.drop_nulls().head(1).to_list()
    return bool(sample) and read_timeframe(str(sample[0])) is not None


def _measure_spacing(raw: pl.DataFrame, roles: Mapping[str, str], *, file: str) -> tuple[int | None, int | None]:
    """Smallest and commonest distance between neighbouring times of one symbol, milliseconds; None of too few bars."""
    times, _ = read_times(raw[roles["ts"]], file=file)
    keys = [raw[roles[role]] for role in ("symbol", "timeframe") if role in roles]
    frame = pl.DataFrame([times.dt.epoch("ms").alias("ms"), *(key.alias(f"key{i}") for i, key in enumerate(keys))])
    groups = [column for column in frame.columns if column != "ms"]
    ordered = frame.drop_nulls().unique().sort(*groups, "ms")
    step = pl.col("ms").diff().over(groups) if groups else pl.col("ms").diff()
    steps = ordered.select(step).to_series().drop_nulls()
    if steps.is_empty():
        return None, None
    lengths, counts = np.unique(steps.to_numpy(), return_counts=True)
    smallest = int(lengths[0]) if len(steps) >= _BARS_THAT_SHOW_A_SPACING else None
    return smallest, int(lengths[np.argmax(counts)])


def _is_stamped_at_close(venue: str, roles: Mapping[str, str], claim: Claim, hints: Hints, notes: list[str]) -> bool:
    if hints.stamped is not None:
        return hints.stamped == "close"
    # BitMEX's own bars carry their end as `timestamp`; other people's exports of them are moved already.
    own = venue == "bitmex" and claim.source == "table" and roles["ts"].lower() == "timestamp" and "vwap" in roles
    if own:
        notes.append("BitMEX stamps bars at their close: each was moved back to its open")
    return own
