"""The compiled replay and its specification are one function."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings

from edgeproof.kernels.replay import TRADE_RECORD, replay
from edgeproof.kernels.replay_events import gather_events, gather_events_py
from edgeproof.kernels.replay_py import replay_py
from fakes.replay_cases import ReplayCase, replay_cases

SMALL = settings(deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])


@SMALL
@given(case=replay_cases())
def test_the_kernel_and_its_specification_agree_to_the_last_bit(case: ReplayCase) -> None:
    flags = case.long, case.short, case.exit_long, case.exit_short
    index, code, ambiguous = gather_events(*flags)
    listed, codes, both = gather_events_py(*flags)
    assert (index.tolist(), code.tolist(), ambiguous) == (listed.tolist(), codes.tolist(), both)

    arguments = case.arguments(index, code)
    with_block = (*arguments, np.empty(1, TRADE_RECORD))
    trades, late, refused = replay(*with_block)
    specified, specified_late, specified_refused = replay_py(*arguments)
    assert (len(trades), late, refused) == (len(specified), specified_late, specified_refused)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(trades[field], specified[field], err_msg=field)
