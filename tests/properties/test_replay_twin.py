"""The compiled replay and its specification are one function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.kernels.replay import replay
from edgeproof.kernels.replay_events import gather_events, gather_events_py
from edgeproof.kernels.replay_py import replay_py
from edgeproof.kernels.replay_records import PART_RECORD, TRADE_RECORD
from fakes.replay_cases import NO_ORDERS, ReplayCase, replay_cases

if TYPE_CHECKING:
    import numpy.typing as npt

SOME = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
SMALL = settings(deadline=None, max_examples=1_200, suppress_health_check=[HealthCheck.too_slow])


@SMALL
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_the_kernel_and_its_specification_agree_to_the_last_bit(case: ReplayCase) -> None:
    flags = case.long, case.short, case.exit_long, case.exit_short
    index, code, ambiguous = gather_events(*flags)
    listed, codes, both = gather_events_py(*flags)
    assert (index.tolist(), code.tolist(), ambiguous) == (listed.tolist(), codes.tolist(), both)

    _assert_one_function(case, index, code)


@SOME
@given(case=replay_cases())
def test_terms_that_ask_for_nothing_change_nothing(case: ReplayCase) -> None:
    index, code, _ = gather_events(case.long, case.short, case.exit_long, case.exit_short)
    plain = replace(case, orders=None).compiled_arguments(index, code, room=1)
    idle = replace(case, orders=NO_ORDERS).compiled_arguments(index, code, room=1)
    without, without_parts, _, without_counts = replay(*plain)
    trades, parts, rested, counts = replay(*idle)
    assert (len(parts), int(rested.sum()), counts) == (len(without_parts), 0, without_counts)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(trades[field], without[field], err_msg=field)


@SOME
@given(
    case=replay_cases(quiet=True),
    short=st.booleans(),
    stop=st.sampled_from([0.5, 5.0, 20.0]),
    take=st.sampled_from([0.5, 5.0, 20.0]),
)
def test_they_agree_on_positions_held_over_hundreds_of_bars(
    *, case: ReplayCase, short: bool, stop: float, take: float
) -> None:
    silence, wishes = np.zeros(len(case.long), np.bool_), case.long | case.short
    held = replace(
        case,
        long=silence if short else wishes,
        short=wishes if short else silence,
        stop=np.array([stop]),
        take=np.array([take]),
        trail=np.array([np.nan]),
        leverage=np.ones(1),
        max_hold=0,
        funding_bar=case.funding_bar[:0],
        funding_rate=case.funding_rate[:0],
    )
    index, code, _ = gather_events(held.long, held.short, held.exit_long, held.exit_short)
    _assert_one_function(held, index, code)


def _assert_one_function(case: ReplayCase, index: npt.NDArray[np.int32], code: npt.NDArray[np.uint8]) -> None:
    arguments = case.arguments(index, code)
    trades, parts, rested, counts = replay(*case.compiled_arguments(index, code, room=1))
    specified, specified_parts, specified_rested, specified_counts = replay_py(*arguments)
    assert (len(trades), len(parts), counts) == (len(specified), len(specified_parts), specified_counts)
    np.testing.assert_array_equal(rested, specified_rested)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(trades[field], specified[field], err_msg=field)
    for field in PART_RECORD.names or ():
        np.testing.assert_array_equal(parts[field], specified_parts[field], err_msg=field)
