"""The data files of one table: written whole under a new name each, read by column and range."""

from __future__ import annotations

import json
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from deltalake.fs import DeltaStorageHandler

from edgeproof.adapters.lake._layout import STORED_TIME, to_stored_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edgeproof.adapters.lake._layout import Layout
    from edgeproof.adapters.lake._place import Place

_ROWS_PER_GROUP: Final = 1 << 16
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file that was written, and that no commit names yet.

    Attributes:
        path: Its place within the table.
        size: Bytes.
        partition: Partition column to value, as the caller named it.
        statistics: Row count and ranges, in the JSON that the Delta protocol wants.
    """

    path: str
    size: int
    partition: Mapping[str, str]
    statistics: str


def write_files(place: Place, layout: Layout, groups: Mapping[tuple[str, ...], pl.DataFrame]) -> list[DataFile]:
    """Put each group's rows into new files, one for each period; nobody sees them until a commit names them."""
    store = DeltaStorageHandler(place.url, dict(place.options))
    begun, written = list[str](), list[DataFile]()
    try:
        for names, rows in groups.items():
            for period, part in _split_periods(layout, rows):
                partition = dict(zip(layout.partitions, (*names, period), strict=True))
                path = _name_file(partition)
                begun.append(path)
                statistics = _write_rows(place, layout, path, part)
                size = store.get_file_info([path])[0].size
                written.append(DataFile(path=path, size=size, partition=partition, statistics=statistics))
    except BaseException:
        discard_files(place, begun)
        raise
    return written


def discard_files(place: Place, paths: Iterable[str]) -> None:
    """Remove files that no commit will ever name. One that cannot be removed is only wasted space."""
    store = DeltaStorageHandler(place.url, dict(place.options))
    for path in paths:
        with suppress(OSError):
            store.delete_file(path)


def read_rows(
    place: Place,
    layout: Layout,
    files: Sequence[str],
    *where: pl.Expr,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Rows of these files, in the table's types; ``where`` sees the stored types (times in microseconds)."""
    wanted = list(columns or layout.columns)
    stored = {c: to_stored_type(layout.table.schema[c]) for c in wanted}
    given = {c: layout.table.schema[c] for c in wanted}
    if not files:
        return pl.DataFrame(schema=given)
    rows = pl.scan_parquet(
        [place.locate(f) for f in files],
        glob=False,
        hive_partitioning=False,
        storage_options=dict(place.options) or None,
    )
    found = rows.filter(*where).select(wanted).collect()
    if found.schema != pl.Schema(stored):
        found = found.cast(pl.Schema(stored))
    return found.with_columns(pl.col(c).dt.cast_time_unit("ms") for c in wanted if stored[c] == STORED_TIME)


def is_ordered(rows: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Whether rows ascend by these columns, the first counting most; equal neighbours are in order."""
    in_order = pl.lit(value=True)
    for name in reversed(columns):
        column, before = pl.col(name), pl.col(name).shift(1)
        in_order = (column > before) | ((column == before) & in_order)
    return bool(rows.select(in_order.all()).item())


def _split_periods(layout: Layout, rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    ordered = rows if is_ordered(rows, layout.order) else rows.sort(layout.order)
    ends = pl.concat([ordered["ts"].head(1), ordered["ts"].tail(1)]).dt.truncate(layout.period_length)
    if ends.n_unique() == 1:  # most batches: no need to ask every row
        yield layout.name_period(ends[0]), ordered
        return
    runs = ordered.select(pl.col("ts").dt.truncate(layout.period_length).rle()).unnest("ts")
    start = 0
    for length, moment in runs.iter_rows():
        yield layout.name_period(moment), ordered.slice(start, length)
        start += length


def _name_file(partition: Mapping[str, str]) -> str:
    return "/".join((*(f"{c}={_tame(v)}" for c, v in partition.items()), f"{uuid.uuid4()}.zstd.parquet"))


def _tame(value: str) -> str:
    # The folder is for people; the value itself is in the log. So no name from outside ever becomes a path.
    return _UNSAFE.sub("_", value)[:_LONGEST_NAME]


def _write_rows(place: Place, layout: Layout, path: str, rows: pl.DataFrame) -> str:
    stored = rows.select(pl.col(c).cast(to_stored_type(layout.table.schema[c])) for c in layout.columns)
    stored.write_parquet(
        place.locate(path),
        compression="zstd",
        compression_level=1,
        row_group_size=_ROWS_PER_GROUP,
        storage_options=dict(place.options) or None,
        mkdir=place.folder is not None,
    )
    return _describe(layout, stored)


def _describe(layout: Layout, stored: pl.DataFrame) -> str:
    least = stored.select(pl.col(layout.ranged).min()).row(0, named=True)
    greatest = stored.select(pl.col(layout.ranged).max()).row(0, named=True)
    return json.dumps(
        {
            "numRecords": stored.height,
            "minValues": _spell(least),
            "maxValues": _spell(greatest),
            "nullCount": dict.fromkeys(layout.ranged, 0),
        }
    )


def _spell(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        c: v if isinstance(v, str) else v.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for c, v in values.items()
    }
