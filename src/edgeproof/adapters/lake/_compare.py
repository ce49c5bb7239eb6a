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
    if held.is_empty() and not _repeats(batch[row_key]):
        return batch, Written(new=batch.height)
    values = [c for c in held.columns if c != row_key and c not in table.observed]
    firsts = batch.unique(subset=row_key, keep="first", maintain_order=True)
    fresh = firsts.join(held, on=row_key, how="anti", maintain_order="left")
    standing = pl.concat([held.select(row_key, *values), fresh.select(row_key, *values)])
    pairs = batch.select(row_key, *values).join(standing, on=row_key, how="inner", suffix="_there")
    differs = pl.any_horizontal(_bits(pairs, c).ne_missing(_bits(pairs, f"{c}_there")) for c in values)
    conflicting = int(pairs.select(differs.sum()).item())
    return fresh, Written(
        new=fresh.height, already_there=batch.height - fresh.height - conflicting, conflicting=conflicting
    )


def _repeats(keys: pl.Series) -> bool:
    # Most batches come in ascending order: one pass then spares a hash of every key.
    if keys.len() < 2 or bool((keys > keys.shift(1)).all()):  # noqa: PLR2004 - two make a pair
        return False
    return keys.n_unique() < keys.len()


def _bits(frame: pl.DataFrame, column: str) -> pl.Expr:
    # Bit for bit, as the data hash sees it: 0.0 is not -0.0, and NaN is NaN.
    bare = pl.col(column)
    return bare.reinterpret(dtype=pl.UInt64) if frame.schema[column] == pl.Float64 else bare
