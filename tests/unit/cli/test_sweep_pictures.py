"""What is drawn of a sweep."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import polars as pl

from edgeproof.backtest.sweeps import find_best, list_swept, measure_neighbourhood
from edgeproof.cli._sweep_pictures import draw_sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.sheets import Picture

CLOSE = (1.00005, 1.0001, 1.0002, 1.0003, 1.0004)


def make_table(a: Sequence[float], b: Sequence[float], scores: Sequence[float | None]) -> pl.DataFrame:
    """Rows of params ``a`` and ``b``, the last varying fastest."""
    rows = [
        {"combination": at, "strategy": "s", "symbol": "BTC-USDT", "timeframe": "5m", "a": one, "b": other}
        | {"score": scores[at]}
        for at, (one, other) in enumerate(product(a, b))
    ]
    return pl.DataFrame(rows, schema_overrides={"score": pl.Float64})


def describe(table: pl.DataFrame) -> dict[str, Any]:
    """What `describe_sweep` says of a table, as far as it is drawn."""
    swept = list_swept(table, ["a", "b"])
    around = measure_neighbourhood(table, swept)
    return {
        "metric": "sharpe",
        "params": swept,
        "combinations": table.height,
        "neighbourhood": around
        and {
            "best": around.best,
            "near": around.near,
            "neighbours": around.neighbours,
            "mean": around.mean,
            "tolerance": around.tolerance,
            "reach": None,
        },
        "best": find_best(table),
    }


def draw(a: Sequence[float], b: Sequence[float], scores: Sequence[float | None]) -> dict[str, Picture]:
    table = make_table(a, b, scores)
    return draw_sweep(describe(table), table)


def test_the_star_of_the_map_stands_on_the_best_cell_though_values_lie_close() -> None:
    scores = [-36.2, -34.0, -33.0, -32.1, -35.0, -40.0, -40.0, -40.0, -40.0, -40.0]
    heat, star = draw([5, 10], CLOSE, scores)["map"].figure["data"]
    ((column, row),) = star["customdata"]
    assert heat["z"][row][column] == -32.1
    assert (heat["x"][column], heat["y"][row]) == (star["x"][0], star["y"][0]) == ("1.0003", "5")
    assert len(set(heat["x"])) == 5


def test_one_ring_is_drawn_as_a_point_and_a_bar() -> None:
    picture = draw([5], [1, 2, 3], [1.0, 2.0, 1.5])["flatness"]
    spread, half, near, star = picture.figure["data"]
    assert (half["mode"], half["x"], half["y"]) == ("lines+markers", [1], [1.25])
    assert (spread["x"], spread["y"]) == ([1, 1, 1], [1.0, 1.5, None])
    assert near["y"] == [1.6, 1.6]
    assert (star["x"], star["y"]) == ([0], [2.0])


def test_nothing_is_drawn_where_no_combination_has_a_score() -> None:
    picture = draw([5], [1, 2, 3, 4, 5], [2.0, None, None, 1.9, None])["flatness"]
    spread, half, *_ = picture.figure["data"]
    assert (half["x"], half["y"]) == ([1, 2, 3, 4], [None, None, 1.9, None])
    assert spread["y"] == [None] * 6 + [1.9, 1.9] + [None] * 4
    assert picture.told.endswith("2 of 5 combinations have a score.")
    assert picture.figure["layout"]["xaxis"]["range"] == [-0.5, 4.5]


def test_a_best_whose_others_have_no_score_has_no_rings() -> None:
    assert "flatness" not in draw([5], [1, 2, 3], [2.0, None, None])


def test_every_score_stands_along_its_param_and_the_star_on_the_best() -> None:
    points, star = draw([5, 10], [1, 2], [1.0, None, 3.0, 2.0])["along-b"].figure["data"]
    assert (points["x"], points["y"]) == ([1, 1, 2], [1.0, 3.0, 2.0])
    assert (star["x"], star["y"]) == ([1], [3.0])
