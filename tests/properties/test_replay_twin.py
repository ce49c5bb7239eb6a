"""The compiled replay and its specification are one function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.kernels.replay import replay
from edgeproof.kernels.replay_events import gather_events, gather_events_py
from edgeproof.kernels.replay_py import replay_py
from edgeproof.kernels.replay_records import PART_RECORD, TRADE_RECORD
from fakes.replay_cases import NO_ORDERS, ReplayCase, replay_cases

SOME = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
SMALL = settings(deadline=None, max_examples=1_200, suppress_health_check=[HealthCheck.too_slow])


@SMALL
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_the_kernel_and_its_specification_agree_to_the_last_bit(case: ReplayCase) -> None:
    flags = case.long, case.short, case.exit_long, case.exit_short
    index, code, ambiguous = gather_events(*flags)
    listed, codes, both = gather_events_py(*flags)
    assert (index.tolist(), code.tolist(), ambiguous) == (listed.tolist(), codes.tolist(), both)

    arguments = case.arguments(index, code)
    trades, parts, rested, counts = replay(*(*arguments, np.empty(1, TRADE_RECORD)))
    specified, specified_parts, specified_rested, specified_counts = replay_py(*arguments)
    assert (len(trades), len(parts), counts) == (len(specified), len(specified_parts), specified_counts)
    np.testing.assert_array_equal(rested, specified_rested)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(trades[field], specified[field], err_msg=field)
    for field in PART_RECORD.names or ():
        np.testing.assert_array_equal(parts[field], specified_parts[field], err_msg=field)


@SOME
@given(case=replay_cases())
def test_terms_that_ask_for_nothing_change_nothing(case: ReplayCase) -> None:
    index, code, _ = gather_events(case.long, case.short, case.exit_long, case.exit_short)
    plain = replace(case, orders=None).arguments(index, code)
    idle = replace(case, orders=NO_ORDERS).arguments(index, code)
    without, without_parts, _, without_counts = replay(*(*plain, np.empty(1, TRADE_RECORD)))
    trades, parts, rested, counts = replay(*(*idle, np.empty(1, TRADE_RECORD)))
    assert (len(parts), int(rested.sum()), counts) == (len(without_parts), 0, without_counts)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(trades[field], without[field], err_msg=field)
