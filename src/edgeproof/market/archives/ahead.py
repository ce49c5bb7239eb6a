"""Work on one thing while the next is being fetched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def read_ahead(items: Iterator[T]) -> Iterator[T]:
    """Give out the items in order, the next one being made in a thread meanwhile; what making one raises is raised.

    At most two items are held at a time, and whoever stops early waits for no more than the one being made.
    """
    end = object()
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = worker.submit(next, items, end)
            yield item  # type: ignore[misc] # whatever is not the end is an item
