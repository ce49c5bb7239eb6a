"""What keeps a desk running: importing archives, and knowing what the lake covers."""

from edgeproof.ops.coverage import SeriesCoverage, cover_days, measure_coverage
from edgeproof.ops.importing import (
    FileReport,
    ImportOptions,
    ImportProgress,
    ImportReport,
    ProgressListener,
    import_files,
)

__all__ = [
    "FileReport",
    "ImportOptions",
    "ImportProgress",
    "ImportReport",
    "ProgressListener",
    "SeriesCoverage",
    "cover_days",
    "import_files",
    "measure_coverage",
]
