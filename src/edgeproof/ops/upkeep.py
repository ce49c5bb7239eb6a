"""Keeping the lake small and the disk from filling: merges, vacuum, retention, and a guard that stops in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue, WorkError
from edgeproof.domain.frames import BARS, FUNDING, TRADES
from edgeproof.domain.time import MS_PER_DAY, MS_PER_SECOND

if TYPE_CHECKING:
    from edgeproof.domain.stores import Lake

_MB: Final = 1_000_000

Event = tuple[str, Mapping[str, object]]


class DiskNearlyFull(WorkError):  # noqa: N818 - reads as what happened
    """Too little space is left to go on safely."""

    def __init__(self, free_bytes: int, least_bytes: int) -> None:
        self.free_bytes = free_bytes
        self.least_bytes = least_bytes
        super().__init__(
            f"{free_bytes // _MB:,} MB are left on the lake's disk, fewer than the {least_bytes // _MB:,} MB it keeps"
            " free; everything taken in is written: free some space, or keep fewer days of trades, then start again"
        )

    def __reduce__(self) -> tuple[type[DiskNearlyFull], tuple[int, int]]:
        return (type(self), (self.free_bytes, self.least_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepPlan:
    """What is done how often.

    Attributes:
        keep_trades_days: Days that raw trades stay; None keeps them for ever. Bars and funding always stay.
        least_free_bytes: Space on the lake's disk below which the intake stops.
        merge_every_s: Between merges of small files.
        vacuum_every_s: Between deletions of files that no longer count.
        guard_every_s: Between looks at the disk.
        vacuum_keeps_hours: How long files stay that are no longer part of the lake.
    """

    keep_trades_days: int | None = None
    least_free_bytes: int = 2_000 * _MB
    merge_every_s: float = 60.0
    vacuum_every_s: float = 3_600.0
    guard_every_s: float = 10.0
    vacuum_keeps_hours: int = 1

    def __post_init__(self) -> None:
        if self.keep_trades_days is not None and self.keep_trades_days < 1:
            raise InvalidValue("keep_trades_days", self.keep_trades_days, "1 or more, or none to keep all")
        if self.least_free_bytes < 0:
            raise InvalidValue("least_free_bytes", self.least_free_bytes, "0 or more")


class Upkeep:
    """Does what is due. Use it from one thread at a time.

    Args:
        lake: What is kept.
        plan: How often.
        free_bytes: Measures the space on the lake's disk; None where the lake is in an object store.
    """

    def __init__(self, lake: Lake, plan: UpkeepPlan, free_bytes: Callable[[], int] | None = None) -> None:
        self._lake = lake
        self._plan = plan
        self._free_bytes = free_bytes
        self._due_ms = dict.fromkeys(("guard", "merge", "vacuum"), 0)

    def run_due(self, now_ms: int) -> Sequence[Event]:
        """Do what is due, the guard first; returns what was done.

        Raises:
            DiskNearlyFull: The guard says so.
            WorkError: The lake could not be written.
        """
        events = list[Event]()
        if self._is_due("guard", now_ms, self._plan.guard_every_s):
            self.guard()
        if self._is_due("merge", now_ms, self._plan.merge_every_s):
            events += self.merge()
        if self._is_due("vacuum", now_ms, self._plan.vacuum_every_s):
            events += [*self.forget(now_ms), *self.vacuum()]
        return events

    def run_all(self, now_ms: int) -> Sequence[Event]:
        """Do everything now."""
        return [*self.merge(), *self.forget(now_ms), *self.vacuum()]

    def guard(self) -> None:
        """Look at the disk.

        Raises:
            DiskNearlyFull: Less space than the plan's is left.
        """
        free = self._free_bytes() if self._free_bytes is not None else None
        if free is not None and free < self._plan.least_free_bytes:
            raise DiskNearlyFull(free, self._plan.least_free_bytes)

    def merge(self) -> Sequence[Event]:
        """Merge small files of every table."""
        merged = [(table.name, self._lake.merge_files(table)) for table in (TRADES, BARS, FUNDING)]
        return [("files_merged", {"table": name, **asdict(done)}) for name, done in merged if done.files_before]

    def forget(self, now_ms: int) -> Sequence[Event]:
        """Drop trades older than the plan keeps."""
        if self._plan.keep_trades_days is None:
            return []
        rows = self._lake.drop_before(TRADES, now_ms - self._plan.keep_trades_days * MS_PER_DAY)
        return [("trades_dropped", {"rows": rows, "older_than_days": self._plan.keep_trades_days})] if rows else []

    def vacuum(self) -> Sequence[Event]:
        """Delete files that no longer count."""
        files = self._lake.vacuum(keep_hours=self._plan.vacuum_keeps_hours)
        return [("files_deleted", {"files": files})] if files else []

    def _is_due(self, what: str, now_ms: int, every_s: float) -> bool:
        if now_ms < self._due_ms[what]:
            return False
        self._due_ms[what] = now_ms + int(every_s * MS_PER_SECOND)
        return True
