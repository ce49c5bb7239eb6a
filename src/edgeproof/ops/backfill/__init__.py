"""The past, asked of a venue: planned, paced, and resumed where it was left."""

from edgeproof.ops.backfill._plan import (
    BackfillPlan,
    BackfillRequest,
    EmptySpans,
    Series,
    SeriesPlan,
    plan_backfill,
)
from edgeproof.ops.backfill._run import (
    BackfillProgress,
    BackfillReport,
    ProgressListener,
    SeriesReport,
    run_backfill,
)

__all__ = [
    "BackfillPlan",
    "BackfillProgress",
    "BackfillReport",
    "BackfillRequest",
    "EmptySpans",
    "ProgressListener",
    "Series",
    "SeriesPlan",
    "SeriesReport",
    "plan_backfill",
    "run_backfill",
]
