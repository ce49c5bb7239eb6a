"""What a sweep's table looks like around its best row: a peak that stands alone is more likely luck than an edge.

Two combinations are *neighbours* where no param is further than one step of the grid away, diagonals included; where
params were drawn instead, where none is further away than ``reach`` of the range that was drawn. Only rows of the same
strategy, symbol and timeframe are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from edgeproof.backtest.sweeps.labels import count_digits
from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray

TOLERANCE: Final = 0.2
REACH: Final = 0.1
_PLACE: Final = ("strategy", "symbol", "timeframe")
# A step or a range is compared with this much room for the rounding of floats.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """How the neighbours of the best combination score.

    Attributes:
        best: The best score.
        neighbours: How many neighbours were computed.
        near: Those whose score is at most ``tolerance`` of the best below it; one without a score is not near.
        mean: Mean score of those that have one; None where none has.
        tolerance: Share of the best score's size.
    """

    best: float
    neighbours: int
    near: int
    mean: float | None
    tolerance: float

    @property
    def share(self) -> float | None:
        """Share of the neighbours that are near; None where there are no neighbours."""
        return self.near / self.neighbours if self.neighbours else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """How the combinations score that are equally far from the best one.

    Attributes:
        steps: How far that is: 1 is what `Neighbourhood` calls neighbours, 2 those around them.
        scores: Of those that have one, ascending.
        count: How many there are, with and without a score.
    """

    steps: int
    scores: tuple[float, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Scores over two params; cells are medians over whatever else was swept.

    Attributes:
        x, y: Columns of the table.
        x_labels, y_labels: What each column and row of cells stands for: a value, or the first and last of several;
            no two are alike.
        cells: Row by row; None where there is no score.
        best: Row and column in which the best combination lies.
    """

    x: str
    y: str
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]
    best: tuple[int, int]


def find_best(table: pl.DataFrame) -> dict[str, Any] | None:
    """The row with the highest score, the first of equal ones; None where no row has a score."""
    scored = table.filter(pl.col("score").is_not_null())
    if scored.is_empty():
        return None
    return scored.sort("score", "combination", descending=[True, False]).row(0, named=True)


def list_swept(table: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those columns of params that the best row's strategy has and that were given several values."""
    chosen = _keep_settings_of_best(table)
    return [name for name in columns if chosen[name].drop_nulls().n_unique() > 1]


def measure_neighbourhood(
    table: pl.DataFrame, params: Sequence[str], *, tolerance: float = TOLERANCE, reach: float | None = None
) -> Neighbourhood | None:
    """Measure how flat the table is around its best row.

    Args:
        table: As `sweep` gives it.
        params: Columns of the params that were swept.
        tolerance: Share of the best score's size that counts as near, 0.2 = 20 %.
        reach: None on a grid; else the share of each param's range that counts as neighbouring, 0.1 = 10 %.

    Raises:
        InvalidValue: A tolerance or reach that is no share.
    """
    for name, share in (("tolerance", tolerance), ("reach", reach)):
        if share is not None and not 0.0 <= share <= 1.0:
            raise InvalidValue(name, share, "a share from 0 to 1")
    best = find_best(table)
    if best is None:
        return None
    rows = _keep_settings_of_best(table)
    beside = pl.Series(_count_steps(rows, params, best["combination"], reach) <= 1)
    near = rows.filter(beside & (pl.col("combination") != best["combination"]))["score"]
    floor = best["score"] - tolerance * abs(best["score"])
    mean = near.drop_nulls().mean()
    return Neighbourhood(
        best=best["score"],
        neighbours=len(near),
        near=int((near >= floor).sum()),
        mean=float(mean) if isinstance(mean, (int, float)) else None,
        tolerance=tolerance,
    )


def measure_rings(table: pl.DataFrame, params: Sequence[str], *, reach: float | None = None) -> list[Ring]:
    """The table ring by ring around its best row, nearest first; takes what `measure_neighbourhood` takes.

    Flat ground has rings whose scores fall off slowly; a peak that stands alone is far above its first.
    """
    best = find_best(table)
    if best is None:
        return []
    rows = _keep_settings_of_best(table)
    steps = pl.Series("steps", np.maximum(_count_steps(rows, params, best["combination"], reach), 1))
    others = rows.with_columns(steps).filter(pl.col("combination") != best["combination"])
    grouped = others.group_by("steps").agg(pl.len(), pl.col("score").drop_nulls().sort()).sort("steps")
    return [Ring(steps=far, scores=tuple(scores), count=count) for far, count, scores in grouped.iter_rows()]


def draw_heat_map(table: pl.DataFrame, x: str, y: str, *, most_x: int = 24, most_y: int = 24) -> HeatMap | None:
    """Lay scores out over two params; several values share a cell where there are more of them than cells.

    Args:
        table: As `sweep` gives it.
        x: Column of the param that runs to the right.
        y: Column of the param that runs down.
        most_x: Most cells to the right.
        most_y: Most cells down.
    """
    best = find_best(table)
    if best is None:
        return None
    rows = _keep_settings_of_best(table)
    x_places, x_labels = _group(rows[x], most_x)
    y_places, y_labels = _group(rows[y], most_y)
    placed = rows.with_columns(column=x_places, row=y_places)
    medians = placed.group_by("row", "column").agg(pl.col("score").median())
    cells: list[list[float | None]] = [[None] * len(x_labels) for _ in y_labels]
    for row, column, score in medians.iter_rows():
        cells[row][column] = score
    home = placed.row(by_predicate=pl.col("combination") == best["combination"], named=True)
    return HeatMap(
        x=x,
        y=y,
        x_labels=x_labels,
        y_labels=y_labels,
        cells=tuple(tuple(row) for row in cells),
        best=(home["row"], home["column"]),
    )


def _keep_settings_of_best(table: pl.DataFrame) -> pl.DataFrame:
    best = find_best(table)
    return table.clear() if best is None else table.filter(*(pl.col(name) == best[name] for name in _PLACE))


def _count_steps(rows: pl.DataFrame, params: Sequence[str], best: int, reach: float | None) -> IntArray:
    """How many steps each row is away from the best one in that param in which it is furthest, shape (rows,)."""
    far = np.zeros(rows.height)
    home = rows["combination"].to_numpy() == best
    for name in params:
        places, step = _place(rows[name], reach)
        away = np.abs(places - places[home])
        far = np.maximum(far, away / step if step > 0.0 else np.where(away > 0.0, np.inf, 0.0))
    return np.ceil(np.minimum(far - _ROUNDING, rows.height)).astype(np.int64)


def _place(values: pl.Series, reach: float | None) -> tuple[FloatArray, float]:
    """Where each value stands on its axis, and the length of a step."""
    numbers = values.cast(pl.Float64).to_numpy()
    if reach is None:
        return np.searchsorted(np.unique(numbers), numbers).astype(np.float64), 1.0
    return numbers, reach * float(np.ptp(numbers))


def _group(values: pl.Series, most: int) -> tuple[pl.Series, tuple[str, ...]]:
    """The cell of each value, and the cells' labels."""
    numbers = values.cast(pl.Float64).to_numpy()
    distinct, ranks = np.unique(numbers, return_inverse=True)
    cells = min(len(distinct), most)
    places = ranks * cells // len(distinct)
    firsts = [distinct[-(-cell * len(distinct) // cells)] for cell in range(cells)]
    lasts = [distinct[-(-(cell + 1) * len(distinct) // cells) - 1] for cell in range(cells)]
    digits = count_digits([*firsts, *lasts])
    labels = tuple(
        f"{first:.{digits}g}" if first == last else f"{first:.{digits}g}..{last:.{digits}g}"
        for first, last in zip(firsts, lasts, strict=True)
    )
    return pl.Series(places.astype(np.int64)), labels
