"""The one place with numba's switches.

A kernel is written twice in one line: ``name_py`` is the plain Python that is read, stepped through and covered, and
``name = jit(name_py)`` is what runs. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile a kernel at its first call, keep the machine code on disk, and let go of the interpreter while it runs.

    Floating point stays IEEE (no fast-math), so that one input has one output and NaN means null. A division by zero
    gives inf or NaN in the compiled kernel and an exception in its plain twin: kernels test their divisors.

    The disk cache notices a change of the file in which the kernel is written, not of another file whose kernels it
    calls: kernels that call one another live in one file.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("F", compiled)
