"""What a plain replay does without: terms that few strategies and few accounts ask for.

A kernel that is given ``None`` instead of them is compiled without a trace of them, so nobody pays for what others use.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels.replay_records import STEP_SLACK


class Extras(NamedTuple):
    """The terms beyond the plain ones.

    Attributes:
        cool_down: Decision bars after an exit in which nothing is entered, 0 for none.
        take_share: Share of a position that leaves at its target, 1 for all of it.
    """

    cool_down: int
    take_share: float


NO_EXTRAS: Final = Extras(cool_down=0, take_share=1.0)


@register_jitable
def split_position(size: float, share: float, lot: float, min_size: float) -> float:
    """Size of the part that leaves at the target; 0 where that or the rest would be no order, so that all leaves."""
    part = size * share
    if lot > 0.0:
        part = lot * np.floor(part / lot + STEP_SLACK)
    rest = size - part
    if part <= 0.0 or rest <= lot * STEP_SLACK or part < min_size or rest < min_size:
        return 0.0
    return part
