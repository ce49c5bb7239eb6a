from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.frames import BARS, FUNDING, TRADES, Table
from edgeproof.domain.hashing import combine_hashes, hash_json, hash_rows
from fakes.lake_rows import bar_rows, funding_rows, trade_rows

TABLES = [(BARS, bar_rows(40)), (FUNDING, funding_rows(40)), (TRADES, trade_rows(40))]


@pytest.mark.parametrize(("table", "rows"), TABLES)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(0, 40))
@settings(deadline=None, max_examples=20)
def test_the_data_hash_sees_neither_order_nor_chunks_nor_column_order(
    table: Table, rows: pl.DataFrame, seed: int, cut: int
) -> None:
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    chunked = pl.concat([shuffled[cut:], shuffled[:cut]], rechunk=False).select(reversed(rows.columns))
    assert hash_rows(chunked, table) == hash_rows(rows, table)


@pytest.mark.parametrize(("table", "rows"), TABLES)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_the_data_hash_changes_with_any_value(table: Table, rows: pl.DataFrame, data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(rows.columns))
    at = data.draw(st.integers(0, rows.height - 1))
    before = rows[column].to_physical().to_list()
    after = list(before)
    after[at] = data.draw(other_value(before[at], rows.schema[column]))
    changed = rows.with_columns(
        pl.Series(column, after, dtype=rows[column].to_physical().dtype).cast(rows.schema[column])
    )
    assert hash_rows(changed, table) != hash_rows(rows, table)


def other_value(value: Any, dtype: pl.DataType) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a cell of any column
    if dtype == pl.String:
        return st.text(max_size=12).filter(lambda text: text != value)
    if dtype == pl.Float64:
        return st.one_of(st.none(), st.floats()).filter(lambda number: repr(number) != repr(value))
    return st.integers(-(2**40), 2**40).filter(lambda number: number != value)


@pytest.mark.parametrize(("table", "rows"), TABLES)
def test_the_data_hash_changes_with_the_number_of_rows(table: Table, rows: pl.DataFrame) -> None:
    hashes = {hash_rows(rows[:height], table) for height in range(41)}
    assert len(hashes) == 41


def test_text_cannot_move_to_its_neighbour_unnoticed() -> None:
    rows = trade_rows(2)
    apart = [rows.with_columns(side=pl.Series(["ab", "c"])), rows.with_columns(side=pl.Series(["a", "bc"]))]
    assert hash_rows(apart[0], TRADES) != hash_rows(apart[1], TRADES)


@pytest.mark.parametrize(
    ("one", "other"), [(0.0, -0.0), (0.0, None), (math.nan, None), (1.0, math.nextafter(1.0, 2.0))]
)
def test_the_least_difference_counts(one: float, other: float | None) -> None:
    rows = [bar_rows(1).with_columns(quote_volume=pl.lit(v, dtype=pl.Float64)) for v in (one, other)]
    assert hash_rows(rows[0], BARS) != hash_rows(rows[1], BARS)


def test_equal_rows_of_two_tables_have_two_names() -> None:
    assert hash_rows(bar_rows(0), BARS) != hash_rows(funding_rows(0), FUNDING)


def test_a_data_hash_stays_the_same_from_release_to_release() -> None:
    rows = funding_rows(3).with_columns(rate=pl.Series([0.0001, -0.00025, 0.0]))
    assert hash_rows(rows, FUNDING) == "41a5d72332809481"


def test_json_has_one_name_however_its_keys_are_ordered() -> None:
    assert hash_json({"a": 1, "b": [1.5, None]}) == hash_json({"b": [1.5, None], "a": 1})
    assert hash_json({"a": 1}) != hash_json({"a": 2})
    assert len(hash_json({})) == 16


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_json_without_a_spelling_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        hash_json([value])


def test_a_set_of_names_has_a_name() -> None:
    assert combine_hashes(["b", "a"]) == combine_hashes(iter(["a", "b"]))
    assert combine_hashes(["a"]) != combine_hashes(["a", "a"])
