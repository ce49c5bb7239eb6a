"""What an answer about the past may speak for.

That a row is not there says that nothing happened only where the venue had got that far when it answered. Our clock
may be ahead of the venue's, and the venue may be late with a row. So the end of an answer is held against the newest
row in it, the time that the answer was given by the venue's own clock, and rows that are there but cannot be believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.time import MS_PER_SECOND, Window

if TYPE_CHECKING:
    from edgeproof.adapters.exchange._rows import RowsRead

# A venue that is later than this with a row, and gives none of later time, is not noticed.
_LATE_MS: Final = 10 * MS_PER_SECOND


def find_present(client: Any, now_ms: int) -> int:  # noqa: ANN401 - ccxt has no types
    """The present by our clock, or by the venue's newest answer where that is behind it, milliseconds."""
    headers = getattr(client, "last_response_headers", None)
    told = next((v for k, v in headers.items() if k.lower() == "date"), None) if isinstance(headers, Mapping) else None
    if not isinstance(told, str):
        return now_ms
    try:
        date = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return now_ms
    # The text counts whole seconds: the venue's clock may be almost one further.
    return min(now_ms, int(date.replace(tzinfo=date.tzinfo or UTC).timestamp() + 1) * MS_PER_SECOND)


def clip_answer(
    answered: Window, times: Sequence[int], read: RowsRead, *, present_ms: int, step_ms: int
) -> Window | None:
    """The part of a span, from its beginning on, that an answer may speak for; None where there is none.

    Args:
        answered: The span that the answer's extent suggests.
        times: Times of the answer's rows, those in the making or refused too.
        read: The rows that were believed, and how many were refused.
        present_ms: The present, as ``find_present`` tells it.
        step_ms: How much of the time a row covers; 1 where rows are moments.
    """
    believed = set(read.frame["ts"].dt.epoch("ms").to_list())
    doubted = [ts // step_ms * step_ms for ts in times if ts not in believed and ts >= answered.start_ms]
    if sum(read.refused.values()) > len(doubted):  # one that was refused has no time: it may belong anywhere
        hole_ms = answered.start_ms
        while hole_ms in believed:
            hole_ms += step_ms
        doubted.append(hole_ms)
    told_ms = max((ts + step_ms for ts in believed), default=answered.start_ms)
    reached_ms = max(told_ms, (present_ms - _LATE_MS) // step_ms * step_ms)
    end_ms = min([answered.end_ms, reached_ms, *doubted])
    return Window(start_ms=answered.start_ms, end_ms=end_ms) if answered.start_ms < end_ms else None
