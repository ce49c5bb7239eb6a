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
