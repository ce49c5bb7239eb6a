"""Where things stand on the paper, measured on the paper."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgeproof.pages import Figure, draw_waterfall
from edgeproof.sheets.traces import draw_trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Paper

PAINT = {"--earned": "green", "--lost": "red", "--line": "grey"}


def draw(figure: Figure) -> Axes:
    paper = Paper(figsize=(10, 5))
    FigureCanvasAgg(paper)
    axes: Axes = paper.subplots()
    for trace in figure["data"]:
        draw_trace(axes, paint(trace), figure["layout"], figure["data"], card="white")
    paper.draw_without_rendering()
    return axes


def paint(trace: Figure) -> Figure:
    return {
        key: paint(value) if isinstance(value, dict) else PAINT.get(value, value) if isinstance(value, str) else value
        for key, value in trace.items()
    }


@pytest.mark.parametrize(
    ("gross", "slippage", "fees", "funding"),
    [
        (-447.0, 2839.0, 3276.0, -2.0),
        (16_585.0, 10_740.0, 12_392.0, 267.0),
        (35_190.0, 3_886.0, 4_484.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (-5.0, 0.0, 0.0, 5_000.0),
        (1.0, 1_000_000.0, 1.0, -2_000_000.0),
    ],
)
def test_the_numbers_of_a_waterfall_stand_clear_of_bars_and_of_each_other(
    gross: float, slippage: float, fees: float, funding: float
) -> None:
    net = gross - slippage - fees - funding
    axes = draw(draw_waterfall({"gross": gross, "slippage": slippage, "fees": fees, "funding": funding, "net": net}))
    numbers = [text.get_window_extent() for text in axes.texts]
    bars = [bar.get_window_extent() for bar in axes.patches]
    assert len(numbers) == len(bars) == 5
    assert not any(one.overlaps(other) for one, other in combinations(numbers, 2))
    assert not any(number.overlaps(bar) for number in numbers for bar in bars if bar.height > 1.0)
    page = axes.get_window_extent()
    assert all(page.y0 <= number.y0 and number.y1 <= page.y1 for number in numbers)


def land(side: int) -> Figure:
    names = [str(number) for number in range(side)]
    cells = [[float(row * side + column) for column in range(side)] for row in range(side)]
    cells[0][0] = None  # type: ignore[call-overload] # a cell without a score
    heat = {
        "type": "heatmap", "x": names, "y": names, "z": cells, "colorscale": [[0.0, "red"], [1.0, "green"]],
        "colorbar": {"title": {"text": "score"}},
    }  # fmt: skip
    star = {
        "type": "scatter",
        "mode": "markers",
        "x": ["1"],
        "y": ["1"],
        "customdata": [[1, 1]],
        "marker": {"symbol": "star", "size": 14, "color": "k"},
    }
    return {"data": [heat, star], "layout": {}}


def test_cells_with_room_for_their_numbers_have_them_and_a_star_beside() -> None:
    axes = draw(land(5))
    assert [text.get_text() for text in axes.texts][:3] == ["", "1", "2"]
    (best,) = [text.get_window_extent() for text in axes.texts if text.get_text() == "6"]
    ((x, y),) = axes.transData.transform(np.asarray(axes.collections[0].get_offsets()))
    assert not (best.x0 <= x <= best.x1 and best.y0 <= y <= best.y1)


def test_the_star_stands_in_its_cell_even_where_names_repeat() -> None:
    figure = land(16)
    heat, star = figure["data"]
    heat["x"], heat["y"], star["customdata"] = ["1"] * 16, ["1"] * 16, [[5, 3]]
    assert np.asarray(draw(figure).collections[0].get_offsets()).tolist() == [[5.0, 3.0]]


def test_many_cells_have_no_numbers() -> None:
    assert not draw(land(16)).texts


def test_a_bar_of_one_moment_among_years_is_wide_enough_to_be_seen() -> None:
    day = 86_400_000
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "x",
        "x": [0, 3_000 * day],
        "y": [0, 1],
        "line": {"color": "k", "width": 1},
    }
    bar = {"type": "bar", "x": [day], "y": [1.0], "width": 60_000, "offset": 0, "marker": {"color": ["red"]}}
    axes = draw({"data": [line, bar], "layout": {"xaxis": {"type": "date"}}})
    assert axes.patches[0].get_window_extent().width > 1.5


def test_a_line_of_one_point_shows_it_and_a_line_with_gaps_leaves_them() -> None:
    line = {"type": "scatter", "mode": "lines+markers", "name": "x", "line": {"color": "k", "width": 2}}
    marker = {"symbol": "circle", "size": 8, "color": "k"}
    axes = draw({"data": [{**line, "marker": marker, "x": [1, 2, 3], "y": [None, 4.0, None]}], "layout": {}})
    (drawn,) = axes.lines
    assert (drawn.get_marker(), drawn.get_markersize()) == ("o", 6.0)
    assert np.isnan(np.asarray(drawn.get_ydata(), dtype=float)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("gross", "funding", "told"),
    [
        (7.42, 0.47, ["+7.42", "-2.00", "-3.00", "-0.47", "+1.95"]),
        (742.0, 0.4, ["+742", "-2", "-3", "+0", "+737"]),
        (0.0, 0.0, ["+0.00", "-2.00", "-3.00", "+0.00", "-5.00"]),
    ],
)
def test_small_sums_are_told_to_the_hundredth(gross: float, funding: float, told: list[str]) -> None:
    costs = {"gross": gross, "slippage": 2.0, "fees": 3.0, "funding": funding, "net": gross - 5.0 - funding}
    assert draw_waterfall(costs)["data"][0]["text"] == told
