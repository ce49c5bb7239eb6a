"""Which rows of a batch are new, and what to say of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.stores import Written

if TYPE_CHECKING:
    from edgeproof.domain.frames import Table


def find_new(batch: pl.DataFrame, held: pl.DataFrame, table: Table, row_key: str) -> tuple[pl.DataFrame, Written]:
    """Compare the rows of one group with those it holds.

    Args:
        batch: Rows offered, all of one group; of equal keys the first counts.
        held: Rows of the same group that are there, at least those with a key of the batch; unique by key.
        table: Says which columns make two rows different.
        row_key: The column that names a row within its group.

    Returns:
        The rows to add, in the batch's order, and what became of every row of the batch.
    """
    if held.is_empty():
        if not _repeats(batch[row_key]):
            return batch, Written(new=batch.height)
        firsts = batch.unique(subset=row_key, keep="first", maintain_order=True)
        repeated = _judge(batch, firsts, table, row_key)
        # Each first row was compared with itself.
        return firsts, repeated + Written(new=firsts.height, already_there=-firsts.height)
    known = _judge(batch, held, table, row_key)
    unknown = batch.clear() if known.already_there + known.conflicting == batch.height else batch
    fresh, outcome = find_new(
        unknown.join(held, on=row_key, how="anti", maintain_order="left"), held.clear(), table, row_key
    )
    return fresh, known + outcome


def _judge(batch: pl.DataFrame, standing: pl.DataFrame, table: Table, row_key: str) -> Written:
    """Count the batch's rows whose key stands, by whether they say the same."""
    values = [c for c in standing.columns if c != row_key and c not in table.observed]
    there = standing.select(row_key, *values).rename({c: f"{c}_there" for c in values})
    offered = batch.select(row_key, *values)
    if there.height == offered.height and there[row_key].equals(offered[row_key]):
        pairs = pl.concat([offered, there.drop(row_key)], how="horizontal")  # the same file again: no need to search
    else:
        pairs = offered.join(there, on=row_key, how="inner")
    differs = pl.any_horizontal(_bits(pairs, c).ne_missing(_bits(pairs, f"{c}_there")) for c in values)
    conflicting = int(pairs.select(differs.sum()).item())
    return Written(already_there=pairs.height - conflicting, conflicting=conflicting)


def _repeats(keys: pl.Series) -> bool:
    # Most batches come in ascending order: one pass then spares a hash of every key.
    if keys.len() < 2 or bool((keys > keys.shift(1)).all()):  # noqa: PLR2004 - two make a pair
        return False
    return keys.n_unique() < keys.len()


def _bits(frame: pl.DataFrame, column: str) -> pl.Expr:
    # Bit for bit, as the data hash sees it: 0.0 is not -0.0, and NaN is NaN.
    bare = pl.col(column)
    return bare.reinterpret(dtype=pl.UInt64) if frame.schema[column] == pl.Float64 else bare
