"""Algebra of half-open spans of time: what is missing, what is left of it, and how few questions cover it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import IntArray


def find_missing(times: IntArray, window: Window, step_ms: int) -> list[Window]:
    """The parts of a window that rows do not cover, ascending.

    Args:
        times: Times of rows, UTC milliseconds, ascending, shape (n,); each covers the step that it begins.
        window: Where to look.
        step_ms: How much of the time a row covers.
    """
    inside = times[(times > window.start_ms - step_ms) & (times < window.end_ms)]
    ends = np.concatenate(([window.start_ms], inside + step_ms))
    starts = np.concatenate((inside, [window.end_ms]))
    holes = np.flatnonzero(starts > ends)
    return [Window(start_ms=int(ends[i]), end_ms=int(starts[i])) for i in holes]


def subtract(spans: Iterable[Window], taken: Iterable[Window]) -> list[Window]:
    """What is left of spans without others; in the order given."""
    left = list(spans)
    for away in taken:
        left = [part for span in left for part in _cut(span, away)]
    return left


def intersect(spans: Iterable[Window], frame: Window) -> list[Window]:
    """What of the spans lies within a frame."""
    clipped = ((max(span.start_ms, frame.start_ms), min(span.end_ms, frame.end_ms)) for span in spans)
    return [Window(start_ms=start, end_ms=end) for start, end in clipped if start < end]


def merge(spans: Iterable[Window]) -> list[Window]:
    """The same time in as few spans as possible, ascending."""
    merged: list[Window] = []
    for span in sorted(spans, key=lambda one: one.start_ms):
        if merged and span.start_ms <= merged[-1].end_ms:
            merged[-1] = replace(merged[-1], end_ms=max(merged[-1].end_ms, span.end_ms))
        else:
            merged.append(span)
    return merged


def cover(missing: Sequence[Window], reach_ms: int) -> list[Window]:
    """As few questions as cover what is missing, none longer than one answer reaches; the newest first.

    A question may span rows that are there: it costs one request, however much of it is new.
    """
    questions: list[Window] = []
    end_ms: int | None = None
    start_ms = 0
    for span in reversed(missing):
        tail_ms = span.end_ms
        while tail_ms > span.start_ms:
            if end_ms is not None and tail_ms > end_ms - reach_ms:
                start_ms = max(span.start_ms, end_ms - reach_ms)
            else:
                if end_ms is not None:
                    questions.append(Window(start_ms=start_ms, end_ms=end_ms))
                end_ms = tail_ms
                start_ms = max(span.start_ms, end_ms - reach_ms)
            tail_ms = start_ms
    if end_ms is not None:
        questions.append(Window(start_ms=start_ms, end_ms=end_ms))
    return questions


def _cut(span: Window, away: Window) -> list[Window]:
    if away.end_ms <= span.start_ms or span.end_ms <= away.start_ms:
        return [span]
    ends = ((span.start_ms, away.start_ms), (away.end_ms, span.end_ms))
    return [Window(start_ms=start, end_ms=end) for start, end in ends if start < end]
