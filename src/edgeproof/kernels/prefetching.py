"""Memory asked for before it is needed.

A replay touches a few places of many arrays for each trade, and which ones depends on how the trade before ended: no
processor can foresee that, so it would wait for each of them. The list of decisions tells where it may go next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

Prefetch: TypeAlias = Callable[[npt.NDArray[Any], int], None]

# As `llvm.prefetch` counts: to read, to keep in every cache, and data rather than instructions.
_READ: Final = 0
_KEEP: Final = 3
_DATA: Final = 1


def _prefetch(typing_context: object, array: types.Array, index: types.Integer) -> tuple[object, Callable[..., object]]:  # noqa: ARG001 - numba gives it
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> object:  # noqa: ANN401 - numba carries no types
        values = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(values.data, [arguments[1]])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        hint = cgutils.get_or_insert_function(builder.module, takes, "llvm.prefetch.p0")  # type: ignore[no-untyped-call] # numba carries no types
        builder.call(hint, [builder.bitcast(place, byte), number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, index), generate


prefetch: Final = cast("Prefetch", intrinsic(_prefetch))
"""Ask for the memory of one element of a contiguous array, from a compiled kernel alone; any index will do."""
