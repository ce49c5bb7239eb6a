"""The one place with numba's switches.

A kernel is written twice in one line: ``name_py`` is the plain Python that is read, stepped through and covered, and
``name = jit(name_py)`` is what runs. A property test holds the two together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.event import Event, Listener, register

from edgeproof.kernels.compiling import note_compilation

F = TypeVar("F", bound=Callable[..., Any])

_FLOOR: Final = Path(__file__).parent
_IMPORTED: Final = re.compile(r"^ *from edgeproof\.kernels\.(\w+) import", re.MULTILINE)


def jit(function: F) -> F:
    """Compile a kernel at its first call, keep the machine code on disk, and let go of the interpreter while it runs.

    Floating point stays IEEE (no fast-math), so that one input has one output and NaN means null. A division by zero
    gives inf or NaN in the compiled kernel and an exception in its plain twin: kernels test their divisors.
    """
    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    # What cache=True does, with a cache that looks further.
    compiled._cache = _FloorCache(function)  # type: ignore[no-untyped-call] # numba carries no types  # noqa: SLF001 - numba offers no other way
    return cast("F", compiled)


class _FloorCache(FunctionCache):
    """Machine code on disk that is stale once any kernel file has changed that its own file needs.

    numba's cache looks at the kernel's own file alone, and would go on running what another file no longer says.
    """

    def _index_key(self, sig: object, codegen: object) -> tuple[object, ...]:
        module = Path(self._py_func.__code__.co_filename).stem
        own = super()._index_key(sig, codegen)  # type: ignore[no-untyped-call] # numba carries no types
        return (*own, *(_hash_file(needed) for needed in _list_needed(module)))


@cache
def _list_needed(module: str) -> tuple[str, ...]:
    """This kernel module and all it imports on this floor, sorted."""
    needed, found = {module}, [module]
    while found:
        fresh = set(_IMPORTED.findall((_FLOOR / f"{found.pop()}.py").read_text("utf-8"))) - needed
        needed |= fresh
        found.extend(fresh)
    return tuple(sorted(needed))


@cache
def _hash_file(module: str) -> str:
    return hashlib.sha256((_FLOOR / f"{module}.py").read_bytes()).hexdigest()


class _Witness(Listener):
    """Sees kernels being compiled; those read from the disk are none."""

    def on_start(self, event: Event) -> None:  # noqa: ARG002 - every kernel is alike
        note_compilation()

    def on_end(self, event: Event) -> None:
        """Nobody asks when one is done."""


register("numba:compile", _Witness())  # type: ignore[no-untyped-call] # numba carries no types
