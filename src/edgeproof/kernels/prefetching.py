"""Memory asked for before it is needed.

A replay touches a few places of many arrays for each trade, and which ones depends on how the trade before ended: no
processor can foresee that, so it would wait for each of them. The list of decisions tells where it may go next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

# As `llvm.prefetch` counts: to read, to keep in every cache, and data rather than instructions.
_READ: Final = 0
_KEEP: Final = 3
_DATA: Final = 1


def prefetch(array: npt.NDArray[Any], index: int) -> None:
    """Ask for the memory of one element of a contiguous array; any index will do. Plain Python asks for nothing."""


@overload(prefetch, strict=False, inline="always")
def _compile_prefetch(array: types.Type, index: types.Type) -> Callable[..., None]:  # noqa: ARG001 - numba calls it so
    def hint(array: npt.NDArray[Any], index: int) -> None:
        _hint(array, index)  # type: ignore[call-arg] # numba gives the first

    return hint


@intrinsic
def _hint(typing_context: object, array: Any, index: Any) -> Any:  # noqa: ANN401, ARG001 - numba carries no types
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> object:  # noqa: ANN401 - as above
        values = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(values.data, [arguments[1]])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetching = cgutils.get_or_insert_function(builder.module, takes, "llvm.prefetch.p0")  # type: ignore[no-untyped-call] # as above
        builder.call(prefetching, [builder.bitcast(place, byte), number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, index), generate
