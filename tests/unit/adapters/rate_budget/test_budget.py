from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Limit, Outcome, RateBudget, Urgency, Waiting

if TYPE_CHECKING:
    from pathlib import Path


class Time:
    """A clock that moves only while somebody sleeps."""

    def __init__(self) -> None:
        self.ms = 1_000_000.0
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return int(self.ms)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += seconds * 1_000


def open_budget(
    folder: Path, time: Time, *, limits: tuple[Limit, ...], seed: int = 1, told: list[Waiting] | None = None
) -> RateBudget:
    rules = BudgetRules(limits=limits, live_share=1.0)
    ledger = BudgetLedger(folder / "b.sqlite", "live", rules, now_ms=time.now_ms)
    return RateBudget(ledger, rules, seed=seed, sleep=time.sleep, on_pause=None if told is None else told.append)


def test_taking_leave_waits_until_the_window_has_room(tmp_path: Path) -> None:
    time = Time()
    budget = open_budget(tmp_path, time, limits=(Limit(requests=2, window_ms=60_000),))

    async def take_three() -> list[int]:
        return [(await budget.take(Urgency.LIVE)).at_ms for _ in range(3)]

    first, second, third = asyncio.run(take_three())
    assert first == second
    assert 60_000 < third - first < 60_500


def test_whoever_waits_for_a_pause_is_told_why_once(tmp_path: Path) -> None:
    time, told = Time(), list[Waiting]()
    budget = open_budget(tmp_path, time, limits=(Limit(requests=100, window_ms=60_000),), told=told)

    async def fail_and_return() -> None:
        grant = await budget.take(Urgency.LIVE)
        await budget.settle(grant, Outcome.LIMITED, retry_after_s=45.0)
        await budget.take(Urgency.LIVE)

    asyncio.run(fail_and_return())
    assert [waiting.reason for waiting in told] == ["too many requests"]
    assert told[0].ms == 45_000
    assert sum(time.slept) >= 45.0


def test_the_same_seed_waits_the_same(tmp_path: Path) -> None:
    def wait_for_failures(folder: Path, seed: int) -> list[float]:
        folder.mkdir()
        time = Time()
        budget = open_budget(folder, time, limits=(Limit(requests=100, window_ms=60_000),), seed=seed)

        async def fail() -> None:
            for _ in range(4):
                await budget.settle(await budget.take(Urgency.LIVE), Outcome.FAILED)

        asyncio.run(fail())
        return time.slept

    one = wait_for_failures(tmp_path / "one", 7)
    assert one == wait_for_failures(tmp_path / "two", 7)
    assert one != wait_for_failures(tmp_path / "three", 8)
