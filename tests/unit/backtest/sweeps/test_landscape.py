"""The table around its best row."""

from __future__ import annotations

import math
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest.sweeps import (
    count_digits,
    draw_heat_map,
    find_best,
    list_swept,
    measure_neighbourhood,
    measure_rings,
)
from edgeproof.domain.errors import InvalidValue


def make_table(scores: list[list[float | None]], *, symbol: str = "BTC-USDT", first: int = 0) -> pl.DataFrame:
    """Rows of params ``a`` (down: 10, 20, 40, 80 ...) and ``b`` (right: 1, 2, 3 ...)."""
    rows = [
        {"combination": first + at, "strategy": "s", "symbol": symbol, "timeframe": "5m", "a": 10 * 2**row}
        | {"b": float(column + 1), "c": 7, "score": scores[row][column]}
        for at, (row, column) in enumerate(product(range(len(scores)), range(len(scores[0]))))
    ]
    return pl.DataFrame(rows, schema_overrides={"score": pl.Float64})


SLOPE: list[list[float | None]] = [[1.0, 1.7, 1.0], [1.9, 2.0, 1.6], [0.0, None, -4.0], [1.99, 1.99, 1.99]]


def test_neighbours_are_one_step_away_whatever_the_size_of_the_step() -> None:
    found = measure_neighbourhood(make_table(SLOPE), ["a", "b"], tolerance=0.2)
    assert found is not None
    assert (found.best, found.neighbours, found.near) == (2.0, 8, 3)
    assert found.share == 3 / 8
    assert found.mean is not None
    assert math.isclose(found.mean, (1.0 + 1.7 + 1.0 + 1.9 + 1.6 + 0.0 - 4.0) / 7)


def test_other_symbols_are_no_neighbours() -> None:
    other = make_table([[1.9] * 3] * 4, symbol="ETH-USDT", first=100)
    together = pl.concat([make_table(SLOPE), other])
    assert measure_neighbourhood(together, ["a", "b"]) == measure_neighbourhood(make_table(SLOPE), ["a", "b"])


def test_drawn_params_are_neighbours_within_a_share_of_their_range() -> None:
    table = make_table([[1.0, 1.5, 2.0, 1.9, 1.0, 0.5]])
    near = measure_neighbourhood(table, ["b"], reach=0.2)
    far = measure_neighbourhood(table, ["b"], reach=0.4)
    assert near is not None
    assert far is not None
    assert (near.neighbours, near.near) == (2, 1)
    assert far.neighbours == 4


def test_a_loss_has_a_tolerance_too() -> None:
    found = measure_neighbourhood(make_table([[-1.1, -1.0, -1.3]]), ["b"], tolerance=0.2)
    assert found is not None
    assert (found.neighbours, found.near) == (2, 1)


def test_without_scores_there_is_no_best() -> None:
    table = make_table([[None, None]])
    assert find_best(table) is None
    assert measure_neighbourhood(table, ["b"]) is None
    assert draw_heat_map(table, "a", "b") is None
    assert list_swept(table, ["a", "b"]) == []


def test_the_first_of_equal_rows_is_best() -> None:
    best = find_best(make_table([[1.0, 3.0, 3.0]]))
    assert best is not None
    assert best["combination"] == 1


def test_a_lonely_combination_has_no_share() -> None:
    found = measure_neighbourhood(make_table([[1.0]]), ["a", "b"])
    assert found is not None
    assert found.share is None
    assert found.mean is None


def test_only_params_that_moved_were_swept() -> None:
    assert list_swept(make_table(SLOPE), ["a", "b", "c"]) == ["a", "b"]


def test_the_map_has_a_cell_for_every_pair() -> None:
    heat = draw_heat_map(make_table(SLOPE), "b", "a")
    assert heat is not None
    assert heat.cells == tuple(tuple(row) for row in SLOPE)
    assert heat.x_labels == ("1", "2", "3")
    assert heat.y_labels == ("10", "20", "40", "80")
    assert heat.best == (1, 1)


@settings(deadline=None)
@given(values=st.integers(1, 60), most=st.integers(1, 12))
def test_values_share_cells_in_order_and_every_cell_has_one(values: int, most: int) -> None:
    scores: list[list[float | None]] = [[float(at) for at in range(values)]]
    heat = draw_heat_map(make_table(scores), "b", "a", most_x=most)
    assert heat is not None
    assert len(heat.x_labels) == len(heat.cells[0]) == min(values, most)
    cells = [score for score in heat.cells[0] if score is not None]
    assert cells == sorted(cells)
    assert len(cells) == min(values, most)
    assert heat.x_labels[0].split("..")[0] == "1"
    assert heat.x_labels[-1].split("..")[-1] == f"{values}"


def test_a_cell_is_the_median_of_what_it_holds() -> None:
    heat = draw_heat_map(make_table([[1.0, 2.0, 9.0]]), "b", "a", most_x=1)
    assert heat is not None
    assert heat.cells == ((2.0,),)


def test_values_that_lie_close_have_labels_of_their_own() -> None:
    close = [1.00005, 1.0001, 1.0002, 1.0003, 1.0004]
    table = make_table([[1.0, 3.0, 2.0, 0.0, 1.0]]).with_columns(b=pl.Series(close))
    heat = draw_heat_map(table, "b", "a")
    assert heat is not None
    assert heat.x_labels == ("1.00005", "1.0001", "1.0002", "1.0003", "1.0004")
    assert heat.best == (0, 1)
    shared = draw_heat_map(table, "b", "a", most_x=2)
    assert shared is not None
    assert shared.x_labels == ("1.0001..1.0002", "1.0003..1.0004")


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, unique=True))
def test_digits_keep_any_values_apart(values: list[float]) -> None:
    digits = count_digits(values)
    assert len({f"{value:.{digits}g}" for value in values}) == len(values)


def test_digits_are_as_few_as_will_do() -> None:
    assert count_digits([]) == count_digits([5, None, 20]) == count_digits([0.1 + 0.2, 0.1]) == 4
    assert count_digits([0.1 + 0.2, 0.3]) == 17


def test_a_tolerance_is_a_share() -> None:
    with pytest.raises(InvalidValue):
        measure_neighbourhood(make_table(SLOPE), ["a"], tolerance=20)


def test_rings_go_outward_from_the_best_and_hold_every_other_combination() -> None:
    rings = measure_rings(make_table(SLOPE), ["a", "b"])
    assert [(ring.steps, ring.count) for ring in rings] == [(1, 8), (2, 3)]
    assert rings[0].scores == (-4.0, 0.0, 1.0, 1.0, 1.6, 1.7, 1.9)
    assert rings[1].scores == (1.99, 1.99, 1.99)


def test_rings_of_drawn_params_are_as_wide_as_the_reach() -> None:
    rings = measure_rings(make_table([[1.0, 1.5, 2.0, 1.9, 1.0, 0.5]]), ["b"], reach=0.2)
    assert [(ring.steps, ring.scores) for ring in rings] == [(1, (1.5, 1.9)), (2, (1.0, 1.0)), (3, (0.5,))]


def test_a_table_without_a_score_has_no_rings() -> None:
    assert measure_rings(make_table([[None, None]]), ["b"]) == []


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(-9, 9) | st.none(), min_size=3, max_size=3), min_size=2, max_size=5),
    st.sampled_from([None, 0.1, 0.4]),
)
def test_the_first_ring_is_the_neighbourhood(scores: list[list[float | None]], reach: float | None) -> None:
    table = make_table(scores)
    around = measure_neighbourhood(table, ["a", "b"], reach=reach)
    rings = measure_rings(table, ["a", "b"], reach=reach)
    assert around is None or sum(ring.count for ring in rings) == table.height - 1
    assert sum(ring.count for ring in rings if ring.steps == 1) == (0 if around is None else around.neighbours)
