"""Who wants to know that kernels are being compiled: some seconds, once, in which nothing else seems to happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_waiting: Final[list[Callable[[], object]]] = []


def tell_at_first_compilation(listener: Callable[[], object]) -> None:
    """Call the listener when this process compiles a kernel for the first time; never where all come from the disk."""
    _waiting[:] = [listener]


def note_compilation() -> None:
    """A kernel is about to be compiled."""
    if _waiting:
        _waiting.pop()()
