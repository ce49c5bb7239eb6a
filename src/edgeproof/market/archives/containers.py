"""Rows as files hold them: CSV, zip, JSON, Parquet and Arrow, a portion at a time, with nothing read into them yet.

Arrow and Parquet are opened by pyarrow, which answers a broken file with an error; polars' own readers panic on some.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from edgeproof.domain.errors import Unreadable
from edgeproof.market.archives.ahead import read_ahead
from edgeproof.market.archives.portions import PORTION_BYTES, PORTION_ROWS, Refusal, cut_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SEPARATORS: Final = ",;\t|"
_NULLS: Final = ["", "null", "NULL", "None", "none", "N/A", "\\N"]
_READ_BYTES: Final = 1 << 20
_PREAMBLE_LINES: Final = 5
_LINES_ASKED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRows:
    """A portion of a file's rows, columns named and typed as found, and lines that are no rows."""

    frame: pl.DataFrame
    header: bool = True
    refusals: tuple[Refusal, ...] = field(default=())


def verify_checksum(path: Path) -> bool:
    """Compare a file with the ``.CHECKSUM`` beside it; False where there is none.

    Raises:
        Unreadable: It is not the file the checksum was taken of.
    """
    beside = path.with_name(path.name + ".CHECKSUM")
    if not beside.is_file():
        return False
    words = beside.read_text(encoding="ascii", errors="replace").split()
    expected = words[0].lower() if words else ""
    digest = sha256()
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise Unreadable(path.name, f"its SHA-256 is {digest.hexdigest()[:12]}…, {beside.name} says {expected[:12]}…")
    return True


def read_parquet(path: Path) -> Iterator[RawRows]:
    """Rows of a Parquet file."""
    with pq.ParquetFile(path) as file:
        yield from _gather(file.iter_batches(batch_size=PORTION_ROWS), file.schema_arrow)


def read_arrow(path: Path) -> Iterator[RawRows]:
    """Rows of a feather (Arrow IPC) file."""
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        batches = (file.get_batch(i) for i in range(file.num_record_batches))
        yield from _gather(batches, file.schema)


def read_json(path: Path) -> Iterator[RawRows]:
    """Rows of a JSON file, plain or gzipped: a list of objects, or of lists without names."""
    with _open_plain_or_gzip(path) as stream:
        rows = json.load(stream)
    if not isinstance(rows, list):
        raise Unreadable(path.name, f"holds a JSON {type(rows).__name__}, expected a list of rows")
    if rows and all(isinstance(row, dict) for row in rows):
        yield RawRows(frame=pl.DataFrame(rows, infer_schema_length=None, strict=False))
        return
    width = max((len(row) for row in rows if isinstance(row, list)), default=0)
    whole = [row for row in rows if isinstance(row, list) and len(row) == width]
    broken = [row for row in rows if not (isinstance(row, list) and len(row) == width)]
    refusals = _refuse_lines([json.dumps(row) for row in broken], f"not a list of {width} values")
    names = _number_columns(width)
    frame = pl.DataFrame(whole, schema=names, orient="row", infer_schema_length=None, strict=False)
    yield RawRows(frame=frame, header=False, refusals=refusals)


def read_csv(path: Path) -> Iterator[RawRows]:
    """Rows of a CSV file, plain or gzipped."""
    with open_whole(path) as stream:
        yield from _read_csv_stream(stream, path.name)


def read_zip(path: Path, *, verified: bool) -> Iterator[RawRows]:
    """Rows of the one CSV file in a zip.

    Args:
        path: The archive.
        verified: Whether its content is known to be whole, so that it need not be read twice.
    """
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
        if len(members) != 1:
            raise Unreadable(path.name, f"holds {len(members)} CSV files, expected one")
        # A zip's own checksum comes at its end: rows are given out only once the whole is known to be sound. What fits
        # into one portion is read to its end before it is parsed.
        if not verified and members[0].file_size >= PORTION_BYTES:
            with archive.open(members[0]) as stream:
                _exhaust(stream)
        with archive.open(members[0]) as stream:
            yield from _read_csv_stream(stream, path.name)


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a plain or gzipped file; a gzip's end is reached once first, so that a cut one is found before row one."""
    if path.suffix == ".gz":
        with _open_plain_or_gzip(path) as stream:
            _exhaust(stream)
    with _open_plain_or_gzip(path) as stream:
        yield stream


def read_lines(stream: BinaryIO | IO[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines of about ``PORTION_BYTES``; the last may lack its newline."""
    rest = b""
    while block := stream.read(PORTION_BYTES):
        # A block shorter than asked for is the last: what follows its last newline belongs to it.
        if len(block) < PORTION_BYTES:
            yield rest + block
            rest = b""
            continue
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join((rest, memoryview(block)[:cut]))
            rest = block[cut:]
        else:
            rest += block
    if rest:
        yield rest


def _open_plain_or_gzip(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _exhaust(stream: BinaryIO | IO[bytes]) -> None:
    while stream.read(_READ_BYTES):
        pass


def _gather(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[RawRows]:
    """Join record batches up to a portion, each checked before polars trusts its offsets."""
    held: list[pa.RecordBatch] = []
    given = False
    for batch in batches:
        batch.validate(full=True)
        held.append(batch)
        if sum(one.num_rows for one in held) >= PORTION_ROWS:
            yield _to_rows(held, schema)
            held, given = [], True
    if held or not given:
        yield _to_rows(held, schema)


def _to_rows(batches: list[pa.RecordBatch], schema: pa.Schema) -> RawRows:
    table = pa.Table.from_batches(batches, schema)
    # Bare names and types: what else a schema may carry is of no use here, and may be broken too.
    frame = pl.from_arrow(pa.Table.from_arrays(table.columns, names=table.column_names))
    return RawRows(frame=cast("pl.DataFrame", frame))


def _read_csv_stream(stream: BinaryIO | IO[bytes], name: str) -> Iterator[RawRows]:
    form: _CsvForm | None = None
    for block in read_ahead(read_lines(stream)):
        body = block
        if form is None:
            form, body = _find_form(block, name)
            if len(body) < _READ_BYTES and not body.strip():
                yield RawRows(frame=pl.DataFrame(schema=dict.fromkeys(form.names, pl.String)), header=form.header)
                continue
        rows = _parse_csv(body, form)
        form = form.with_types(rows.frame)
        yield rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _CsvForm:
    separator: str
    names: tuple[str, ...]
    header: bool
    types: pl.Schema | None = None

    def with_types(self, frame: pl.DataFrame) -> _CsvForm:
        if self.types is not None:
            return self
        return _CsvForm(separator=self.separator, names=self.names, header=self.header, types=frame.schema)


def _find_form(block: bytes, name: str) -> tuple[_CsvForm, bytes]:
    """Tell separator and column names from the first lines, and give back what follows them."""
    if b"\0" in block[:_READ_BYTES]:
        raise Unreadable(name, "holds zero bytes, expected lines of text")
    at = len(_BYTE_ORDER_MARK) if block.startswith(_BYTE_ORDER_MARK) else 0
    for _ in range(_PREAMBLE_LINES):
        end = block.find(b"\n", at)
        end = len(block) if end < 0 else end + 1
        text = block[at:end].decode("utf-8", errors="replace").strip()
        separator = max(_SEPARATORS, key=text.count)
        if text.count(separator):
            fields = [field.strip().strip('"').strip() for field in text.split(separator)]
            if _are_names(fields):
                return _CsvForm(separator=separator, names=_make_unique(fields), header=True), block[end:]
            return _CsvForm(separator=separator, names=_number_columns(len(fields)), header=False), block[at:]
        at = end
    raise Unreadable(name, "its first lines are not columns parted by comma, semicolon, tab or bar")


def _are_names(fields: list[str]) -> bool:
    def is_value(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return text.lower() in {"", "true", "false"} or text[:4].isdigit()
        return True

    return not any(is_value(text) for text in fields if text) and any(fields)


def _make_unique(names: list[str]) -> tuple[str, ...]:
    """A second column of a name, and one without any, is told apart by its place."""
    numbered = _number_columns(len(names))
    return tuple(
        name if name and names.index(name) == i else f"{name}_{i + 1}" if name else numbered[i]
        for i, name in enumerate(names)
    )


def _number_columns(count: int) -> tuple[str, ...]:
    return tuple(f"column_{i}" for i in range(1, count + 1))


def _parse_csv(body: bytes, form: _CsvForm) -> RawRows:
    # Types told by the first lines hold for nearly every file; where they do not, all lines are asked, then each alone.
    for lines_asked in (_LINES_ASKED, None):
        try:
            return RawRows(frame=_parse_strictly(body, form, lines_asked), header=form.header)
        except pl.exceptions.PolarsError:
            continue
    return _parse_line_by_line(body, form)


def _parse_strictly(body: bytes, form: _CsvForm, lines_asked: int | None) -> pl.DataFrame:
    types = form.types if lines_asked else None
    return pl.read_csv(
        body,
        has_header=False,
        separator=form.separator,
        new_columns=None if types else list(form.names),
        schema=types,
        infer_schema_length=lines_asked,
        null_values=_NULLS,
    )


def _parse_line_by_line(body: bytes, form: _CsvForm) -> RawRows:
    """Keep the lines that have the right number of fields, as text; whoever reads the fields refuses bad ones."""
    width = len(form.names)
    text = body.decode("utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    whole = [line for line in lines if line.count(form.separator) == width - 1]
    broken = [line for line in lines if line.count(form.separator) != width - 1]
    cells = pl.Series([line.replace('"', "") for line in whole], dtype=pl.String).str.split(form.separator)
    columns = [cells.list.get(i).str.strip_chars().alias(name) for i, name in enumerate(form.names)]
    frame = pl.DataFrame(columns).with_columns(pl.when(~pl.all().is_in(_NULLS)).then(pl.all()).name.keep())
    return RawRows(frame=frame, header=form.header, refusals=_refuse_lines(broken, f"not {width} fields"))


def _refuse_lines(lines: list[str], reason: str) -> tuple[Refusal, ...]:
    return (Refusal(reason=reason, rows=len(lines), sample=cut_text(lines[0])),) if lines else ()
