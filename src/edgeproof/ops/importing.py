"""Files into the lake: many at once, each for itself.

1. Paths become files (``archive_files``); what is no market data by its name is left alone.
2. Each file is read a portion at a time, ahead of what is done with it. One that cannot be read is refused with its
   reason, and the next one is read.
3. Portions wait until a few of them fill a commit (``import_writing``); every file is told which of its rows were new.
4. Trades also become 1-minute bars where nobody published candles (``trade_minutes``).

Every commit is atomic and rows have keys, so an import that was killed is completed by the same command.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import BARS, TRADES
from edgeproof.domain.stores import Written
from edgeproof.market import QualityReport, inspect_bars
from edgeproof.market.archives import Hints, Portion, Refusal, merge_refusals, read_ahead, read_archive
from edgeproof.ops.archive_files import ArchiveFile, find_files
from edgeproof.ops.import_writing import ImportWriter, Tally
from edgeproof.ops.spans import measure_spans
from edgeproof.ops.trade_minutes import MinuteBuilder, fill_minutes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Lake

_Found: TypeAlias = "Portion | Unreadable | None"

# Up to here a file's rows are kept back until its end was read without fault.
_ROWS_HELD_BACK: Final = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How files are imported.

    Attributes:
        hints: What is known of them beyond their names and columns.
        dry_run: Read and check everything, write nothing.
    """

    hints: Hints = field(default_factory=Hints)
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: The file.
        status: ``imported``, ``refused`` or ``ignored``.
        reason: Why it was refused or ignored.
        tables: Tables its rows belong to.
        instruments: Whose rows it holds.
        timeframes: Of its bars.
        rows_read: Rows in it, the refused ones included.
        rows_accepted: Rows that conform.
        passed_over: Messages that are rightly no rows, such as quotes in a recording of trades.
        written: What the lake did with the rows.
        first_ms: Time of its first accepted row; None without one.
        last_ms: Time of its last accepted row.
        refusals: Rows that were refused.
        quality: Gaps and oddities of its bars.
        minutes_built: Whole 1-minute bars its trades give.
        notes: What was inferred or converted.
    """

    path: Path
    status: str
    reason: str = ""
    tables: tuple[str, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    timeframes: tuple[str, ...] = ()
    rows_read: int = 0
    rows_accepted: int = 0
    passed_over: int = 0
    written: Written = field(default_factory=Written)
    first_ms: int | None = None
    last_ms: int | None = None
    refusals: tuple[Refusal, ...] = ()
    quality: QualityReport = field(default_factory=QualityReport)
    minutes_built: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of an import.

    Attributes:
        files: Every file that was found, in the order they were read.
        minutes: What became of the 1-minute bars that trades gave.
        dry_run: Nothing was written.
    """

    files: tuple[FileReport, ...]
    minutes: Written
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether no file was refused."""
        return not any(file.status == "refused" for file in self.files)

    @property
    def written(self) -> Written:
        """What the lake did with the rows of all files, built minutes not counted."""
        return sum((file.written for file in self.files), Written())

    @property
    def rows_read(self) -> int:
        """Rows in all files."""
        return sum(file.rows_read for file in self.files)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Rows that were refused, by reason, over all files."""
        return merge_refusals([refusal for file in self.files for refusal in file.refusals])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """Where an import is."""

    path: Path
    files_done: int
    files: int
    bytes_done: int
    bytes_total: int
    rows_read: int


class ProgressListener(Protocol):
    """Is told where an import is, at each file and each portion."""

    def __call__(self, progress: ImportProgress, /) -> None:
        """Take note."""


def import_files(
    paths: Sequence[Path | str],
    lake: Lake,
    *,
    options: ImportOptions | None = None,
    progress: ProgressListener | None = None,
) -> ImportReport:
    """Read files of market data into the lake.

    Args:
        paths: Files, folders (with all below them) and globs.
        lake: Where rows go.
        options: What is known of the files, and whether to write.
        progress: Is told where the import is.

    Raises:
        RequestError: A path does not exist or a glob matches nothing; nothing was read.
        WorkError: The lake could not be written. What was committed before stays; the same import completes it.
    """
    return _Import(lake, options or ImportOptions(), find_files(paths), progress).run()


class _Import:
    """One import while it runs."""

    def __init__(
        self, lake: Lake, options: ImportOptions, files: list[ArchiveFile], progress: ProgressListener | None
    ) -> None:
        self._lake = lake
        self._options = options
        self._files = files
        self._progress = progress
        self._writer = ImportWriter(lake)
        self._minutes: list[pl.DataFrame] = []
        self._rows_read = 0

    def run(self) -> ImportReport:
        """Read every file, then build what trades allow."""
        # One reader for all files: the next one's first rows are being read while the last of this one are written.
        found = read_ahead(self._read_files())
        drafts = [self._take(i, file, found) for i, file in enumerate(self._files)]
        self._tell(len(self._files))
        self._writer.flush()
        # Built minutes come last: candles of the same import stand before them whatever the order of files.
        built = Written() if self._options.dry_run else fill_minutes(self._lake, self._minutes)
        return ImportReport(
            files=tuple(draft.report() for draft in drafts), minutes=built, dry_run=self._options.dry_run
        )

    def _take(self, position: int, file: ArchiveFile, found: Iterator[_Found]) -> _Draft:
        draft = _Draft(file.path)
        if file.ignored:
            draft.ignore(file.ignored)
            return draft
        self._tell(position)
        held: list[Portion] = []
        for portion in _take_portions(found, draft):
            draft.add(portion)
            held.append(portion)
            self._rows_read += portion.rows_read
            self._tell(position)
            if sum(one.frame.height for one in held) > _ROWS_HELD_BACK:
                self._write(held, draft)
                held.clear()
        draft.refuse_if_nothing_was_accepted()
        if not draft.reason:
            self._write(held, draft)
            self._minutes.append(draft.finish_minutes())
        return draft

    def _read_files(self) -> Iterator[_Found]:
        """What every file holds; each ends with None, or with what was wrong with it."""
        for file in self._files:
            if file.ignored:
                continue
            # Only what the parser raises is the file's fault: the lake's own errors end the import.
            try:
                yield from read_archive(file.path, self._options.hints)
            except Unreadable as error:
                yield error
            else:
                yield None

    def _write(self, portions: list[Portion], draft: _Draft) -> None:
        if self._options.dry_run:
            return
        for portion in portions:
            self._writer.add(portion.table, portion.frame, draft.tally)
            draft.rows_written += portion.frame.height

    def _tell(self, position: int) -> None:
        if self._progress is None:
            return
        sizes = [file.size for file in self._files]
        self._progress(
            ImportProgress(
                path=self._files[min(position, len(self._files) - 1)].path,
                files_done=position,
                files=len(self._files),
                bytes_done=sum(sizes[:position]),
                bytes_total=sum(sizes),
                rows_read=self._rows_read,
            )
        )


def _take_portions(found: Iterator[_Found], draft: _Draft) -> Iterator[Portion]:
    """The portions of one file, up to its end."""
    for item in found:
        if item is None:
            return
        if isinstance(item, Unreadable):
            draft.refuse(item.reason)
            return
        yield item


class _Draft:
    """One file's report while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = "imported"
        self.reason = ""
        self.tally = Tally()
        self.rows_written = 0
        self._tables: dict[str, None] = {}
        self._instruments: set[Instrument] = set()
        self._timeframes: set[str] = set()
        self._rows_read = self._rows_accepted = self._passed_over = 0
        self._ends: tuple[int, int] | None = None
        self._refusals: list[Refusal] = []
        self._quality = QualityReport()
        self._minutes = MinuteBuilder()
        self._minutes_built = 0
        self._notes: dict[str, None] = {}

    def ignore(self, reason: str) -> None:
        """The file is no market data."""
        self.status, self.reason = "ignored", reason

    def refuse(self, reason: str) -> None:
        """The file cannot be read, or not to its end."""
        kept = f"; {self.rows_written} rows before that were sound and kept" if self.rows_written else ""
        self.status, self.reason = "refused", reason + kept

    def refuse_if_nothing_was_accepted(self) -> None:
        """A file of which no row is sound is no better than one that cannot be read."""
        if not self.reason and not self._rows_accepted and self._rows_read:
            self.refuse(f"none of its {self._rows_read} rows is sound: {merge_refusals(self._refusals)[0].reason}")

    def add(self, portion: Portion) -> None:
        """Count a portion."""
        frame = portion.frame
        self._rows_read += portion.rows_read
        self._rows_accepted += frame.height
        self._passed_over += portion.passed_over
        self._refusals += portion.refusals
        self._tables[portion.table.name] = None
        self._notes |= dict.fromkeys(portion.notes)
        for span in measure_spans(frame):
            self._instruments.add(span.instrument)
            self._timeframes |= {span.timeframe} if span.timeframe else set()
            first, last = self._ends or (span.first_ms, span.last_ms)
            self._ends = (min(first, span.first_ms), max(last, span.last_ms))
        if portion.table is BARS:
            self._quality = self._quality.merge(inspect_bars(frame))
        elif portion.table is TRADES:
            self._minutes.add(portion)

    def finish_minutes(self) -> pl.DataFrame:
        """The file's whole minutes, where it holds trades."""
        bars, note = self._minutes.finish()
        self._minutes_built = bars.height
        if note:
            self._notes[note] = None
        return bars

    def report(self) -> FileReport:
        """The file's report, once all is written."""
        return FileReport(
            path=self.path,
            status=self.status,
            reason=self.reason,
            tables=tuple(self._tables),
            instruments=tuple(sorted(self._instruments)),
            timeframes=tuple(sorted(self._timeframes)),
            rows_read=self._rows_read,
            rows_accepted=self._rows_accepted,
            passed_over=self._passed_over,
            written=self.tally.written,
            first_ms=self._ends[0] if self._ends else None,
            last_ms=self._ends[1] if self._ends else None,
            refusals=merge_refusals(self._refusals),
            quality=self._quality,
            minutes_built=self._minutes_built,
            notes=tuple(self._notes),
        )
