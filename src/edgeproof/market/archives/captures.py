"""Trades from recorded Binance WebSocket streams: lines of ``<receive time in ns> <JSON message>``.

Two clocks are kept as they are: ``ts`` is the venue's, ``seen_at`` the recorder's. A recorder whose clock runs slow
has seen a trade before it happened; that is a fact about the recorder, and correcting it would invent one about the
market.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from edgeproof.domain.errors import InvalidValue, Unreadable
from edgeproof.domain.frames import TRADES, UTC_MS
from edgeproof.domain.instruments import parse_symbol
from edgeproof.market.archives.containers import open_whole, read_lines
from edgeproof.market.archives.portions import Portion, Refusal, cut_text, merge_refusals
from edgeproof.market.archives.venues import Market, name_venue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgeproof.market.archives.names import Claim
    from edgeproof.market.archives.portions import Hints

_LINE: Final = re.compile(rb"(?P<ns>\d{19}) (?P<message>\{.*\})\s*")
_TRADE_EVENTS: Final = (b'"trade"', b'"aggTrade"')
_NS_PER_MS: Final = 1_000_000
_ORDINARY: Final = "MARKET"


def looks_like_capture(head: bytes) -> bool:
    """Whether a file's first bytes are a receive time and a message."""
    return re.match(rb"\d{19} \{", head) is not None


def read_capture(path: Path, claim: Claim, hints: Hints) -> Iterator[Portion]:
    """Read the trades of one recorded stream; books and quotes are passed over and counted.

    Futures trades that are no ordinary ones (``X`` other than MARKET, such as the insurance fund's), and trades without
    a price or size, are refused: nobody could have traded at them.

    Raises:
        Unreadable: The file holds no line of a recording.
    """
    with open_whole(path) as stream:
        for block in read_lines(stream):
            portion = _read_block(block, claim, hints)
            if portion.rows_read == portion.passed_over == 0:
                raise Unreadable(path.name, "no line is a receive time and a message")
            yield portion


def _read_block(block: bytes, claim: Claim, hints: Hints) -> Portion:
    rows: list[tuple[Any, ...]] = []
    refusals: list[Refusal] = []
    passed_over = 0
    aggregated = False
    for line in block.splitlines():
        found = _LINE.fullmatch(line)
        if found is not None and not any(event in line for event in _TRADE_EVENTS):
            passed_over += 1
            continue
        try:
            row = _read_line(found, claim, hints)
        except (ValueError, KeyError, TypeError, InvalidValue):
            row = "not a receive time and a message of a trade"
        if isinstance(row, str):
            refusals.append(Refusal(reason=row, rows=1, sample=cut_text(line.decode("utf-8", errors="replace"))))
        elif row is None:
            passed_over += 1
        else:
            aggregated |= row[-1].startswith("a")
            rows.append(row)
    return Portion(
        table=TRADES,
        frame=_build_frame(rows),
        rows_read=len(rows) + len(refusals),
        refusals=merge_refusals(refusals),
        passed_over=passed_over,
        aggregated=aggregated,
    )


def _read_line(found: re.Match[bytes] | None, claim: Claim, hints: Hints) -> tuple[Any, ...] | str | None:
    """One trade as a row, a reason to refuse it, or None where the message is no trade."""
    if found is None:
        raise ValueError
    message = json.loads(found["message"])
    event = message.get("data", message)
    if event.get("e") not in {"trade", "aggTrade"}:
        return None
    price, size = float(event["p"]), float(event["q"])
    if event.get("X", _ORDINARY) != _ORDINARY:
        return f"a trade of kind {event['X']}, which was not made in the book"
    if not (0 < price < float("inf") and 0 < size < float("inf")):
        return "price or size is not positive"
    aggregate = event["e"] == "aggTrade"
    return (
        _name_origin(event, claim, hints),
        parse_symbol(event["s"]),
        int(event["T"]),
        int(found["ns"]) // _NS_PER_MS,
        price,
        size,
        "sell" if event["m"] else "buy",
        f"a{int(event['a'])}" if aggregate else f"{int(event['t'])}",
    )


def _name_origin(event: dict[str, Any], claim: Claim, hints: Hints) -> str:
    # Spot messages carry `M`, which futures messages never do.
    market = claim.market or (Market.SPOT if "M" in event else Market.PERPETUAL)
    return hints.venue or name_venue(claim.venue or "binance", market)


def _build_frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    integers = {"ts": pl.Int64(), "seen_at": pl.Int64()}
    frame = pl.DataFrame(rows, schema={**TRADES.schema, **integers}, orient="row")
    return frame.with_columns(pl.col("ts", "seen_at").cast(UTC_MS))
