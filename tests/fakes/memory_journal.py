"""A journal that lives as long as its object: the same contract as the one in the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgeproof.ops.intake import Heartbeat, IntakeRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.ops.gaps import Gap


class MemoryJournal:
    """Implements ``ops.intake.Journal``."""

    def __init__(self) -> None:
        self._runs: dict[int, IntakeRun] = {}
        self._watermarks: dict[Instrument, int] = {}
        self._gaps: dict[tuple[Instrument, int], Gap] = {}

    def begin_run(self, venue: str, symbols: Sequence[str], *, pid: int, now_ms: int) -> int:
        """Open a run."""
        run_id = len(self._runs) + 1
        self._runs[run_id] = IntakeRun(
            run_id=run_id,
            venue=venue,
            symbols=tuple(symbols),
            pid=pid,
            started_ms=now_ms,
            heartbeat=None,
            finished_ms=None,
            detail="",
        )
        return run_id

    def beat(self, run_id: int, heartbeat: Heartbeat) -> None:
        """Replace a run's sign of life."""
        self._runs[run_id] = replace(self._runs[run_id], heartbeat=heartbeat)

    def finish_run(self, run_id: int, *, now_ms: int, detail: str) -> None:
        """Close a run."""
        self._runs[run_id] = replace(self._runs[run_id], finished_ms=now_ms, detail=detail)

    def runs(self, *, limit: int = 10) -> Sequence[IntakeRun]:
        """The newest runs first."""
        return [self._runs[run_id] for run_id in sorted(self._runs, reverse=True)][:limit]

    def watermarks(self, venue: str) -> Mapping[str, int]:
        """Up to when each symbol's trades were checked."""
        return {one.symbol: ms for one, ms in self._watermarks.items() if one.venue == venue}

    def advance(self, instrument: Instrument, checked_ms: int, gaps: Sequence[Gap] = ()) -> None:
        """Move a watermark and record gaps."""
        self._watermarks[instrument] = max(checked_ms, self._watermarks.get(instrument, checked_ms))
        for gap in gaps:
            self._gaps.setdefault((instrument, gap.start_ms), gap)

    def gaps(self, instrument: Instrument | None = None) -> Sequence[Gap]:
        """Every gap recorded, by instrument and time."""
        return [gap for (one, _), gap in sorted(self._gaps.items()) if instrument in {None, one}]
