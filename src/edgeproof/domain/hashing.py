"""Names for content: equal content has an equal name, wherever and in whatever order it is kept."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.domain.frames import Table

_HASH_LENGTH = 16


def hash_json(value: object) -> str:
    """Name a JSON value: sorted keys, no spaces, finite numbers only; 16 hexadecimal digits of its SHA-256."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def hash_rows(frame: pl.DataFrame, table: Table) -> str:
    """Name exactly these rows of a table, whatever their order or chunking: the *data hash*.

    Rows are sorted by the table's key; each column then enters the SHA-256 as its null mask and its values.
    """
    rows = frame.select(table.schema.names()).sort(table.key)
    digest = hashlib.sha256(f"{table.name}:{rows.height}".encode())
    for name in rows.columns:
        column = rows[name]
        digest.update(name.encode())
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype == pl.String:
            # Lengths keep ["ab", "c"] and ["a", "bc"] apart.
            text = column.fill_null("")
            digest.update(text.str.len_bytes().to_numpy().tobytes())
            digest.update(text.str.join("").item().encode())
        else:
            digest.update(column.to_physical().fill_null(0).to_numpy().tobytes())
    return digest.hexdigest()[:_HASH_LENGTH]


def combine_hashes(hashes: Iterable[str]) -> str:
    """Name a set of named things, whatever their order."""
    return hash_json(sorted(hashes))
