"""What a sweep looks like: its heat-map, how flat it is around the best, and each param alone."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.sweeps import NEUTRAL, draw_heat_map, measure_rings
from edgeproof.cli._sweep_view import say_map, say_neighbourhood
from edgeproof.pages import draw_landscape
from edgeproof.sheets import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from edgeproof.backtest.sweeps import Ring
    from edgeproof.pages import Figure

_MOST_CELLS: Final = 60
_LEAST_CELLS: Final = 4
_DRAWN_A_CELL: Final = 3
_FEW_STEPS: Final = 20
_WIDEST: Final = 300  # pixels for the bars of all rings together, each of which is from 2 to 14 wide
_THINNEST: Final = 2
_THICKEST: Final = 14
_LEGEND_ABOVE: Final = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "entrywidth": 0}


def draw_sweep(document: Mapping[str, Any], table: pl.DataFrame) -> dict[str, Picture]:
    """The figures of a sweep by name, in the order of a page; none where no combination has a score."""
    pictures: dict[str, Picture] = {}
    swept, best = document["params"], document["best"]
    if best is None:
        return pictures
    reach = document["neighbourhood"]["reach"]
    most = _MOST_CELLS if reach is None else _count_cells(document["combinations"])
    heat = draw_heat_map(table, swept[1], swept[0], most_x=most, most_y=most) if len(swept) > 1 else None
    if heat is not None:
        pictures["map"] = Picture(
            heading=f"Score over {heat.y} and {heat.x}",
            told=say_map(document, heat, best="the star is the best"),
            figure=draw_landscape(heat, NEUTRAL.get(document["metric"])),
        )
    rings = measure_rings(table, swept, reach=reach)
    if any(ring.scores for ring in rings):
        pictures["flatness"] = Picture(
            heading="How flat it is around the best",
            told=f"{say_neighbourhood(document)} {_say_scored(rings)}",
            figure=_draw_rings(rings, document["neighbourhood"]),
        )
    for name in swept:
        pictures[f"along-{name}"] = Picture(
            heading=f"Every combination's score along {name}",
            told=f"Scores by {document['metric']} of {best['strategy']} on {best['symbol']} {best['timeframe']},"
            " whatever the other params are; the star is the best.",
            figure=_draw_along(best, table, name),
        )
    return pictures


def _count_cells(drawn: int) -> int:
    """How many to a side for combinations that were drawn, of which a cell should have several."""
    return min(max(round(math.sqrt(drawn / _DRAWN_A_CELL)), _LEAST_CELLS), _MOST_CELLS)


def _draw_rings(rings: Sequence[Ring], around: Mapping[str, Any]) -> Figure:
    """Scores by their distance from the best: from worst to best, the median, and the least that counts as near.

    Where no combination lies so far away, or none of those has a score, nothing is drawn.
    """
    end = rings[-1].steps
    found = {ring.steps: ring.scores for ring in rings if ring.scores}
    steps = range(1, end + 1)
    scores = [found.get(far, ()) for far in steps]
    spread = [edge for known in scores for edge in ((known[0], known[-1], None) if known else (None, None, None))]
    best, floor = around["best"], around["best"] - around["tolerance"] * abs(around["best"])
    reach = around["reach"]
    away = "steps away from the best" if reach is None else f"steps of {reach:.0%} of the range away from the best"
    near = f"{around['tolerance']:.0%} below the best"
    wide = min(max(_WIDEST / end, _THINNEST), _THICKEST)
    return {
        "data": [
            {
                **_line(
                    "from the lowest score to the highest", [far for far in steps for _ in range(3)], spread, width=wide
                ),
                "opacity": 0.25,
                "hoverinfo": "skip",
            },
            {
                **_line("half of the scores are less", steps, [median(known) if known else None for known in scores]),
                "mode": "lines+markers",
                "marker": {"symbol": "circle", "size": 7, "color": "--series-1"},
                "customdata": [[known[0], known[-1], len(known)] if known else [None, None, 0] for known in scores],
                "hovertemplate": "%{y:.4g}; all %{customdata[2]} from %{customdata[0]:.4g} to %{customdata[1]:.4g}",
            },
            {**_line(near, [0, end], [floor, floor], width=1), "line": _stroke("--soft", 1, "dot")},
            _star(0, best),
        ],
        "layout": {
            "xaxis": {
                "title": {"text": away},
                "range": [-0.5, end + 0.5],
                **({"dtick": 1} if end <= _FEW_STEPS else {}),
            },
            "yaxis": {"title": {"text": "score"}},
            "showlegend": True,
            "legend": _LEGEND_ABOVE,
            "hovermode": "x unified",
        },
    }


def _say_scored(rings: Sequence[Ring]) -> str:
    """How many are drawn, the best included: what has no score cannot be."""
    known, count = sum(len(ring.scores) for ring in rings), sum(ring.count for ring in rings)
    return f"On this market and timeframe {known + 1:,} of {count + 1:,} combinations have a score."


def _draw_along(best: Mapping[str, Any], table: pl.DataFrame, name: str) -> Figure:
    rows = table.filter(strategy=best["strategy"], symbol=best["symbol"], timeframe=best["timeframe"])
    scored = rows.filter(rows["score"].is_not_null())
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "combinations",
        "x": scored[name].to_list(),
        "y": scored["score"].to_list(),
        "marker": {"symbol": "circle", "size": 6, "color": "--series-1", "opacity": 0.6},
    }
    return {
        "data": [points, _star(best[name], best["score"])],
        "layout": {"xaxis": {"title": {"text": name}}, "yaxis": {"title": {"text": "score"}}},
    }


def _star(x: float, y: float) -> Figure:
    marker = {"symbol": "star", "size": 14, "color": "--earned"}
    return {"type": "scatter", "mode": "markers", "name": "the best", "x": [x], "y": [y], "marker": marker}


def _line(name: str, x: Sequence[int], y: Sequence[float | None], *, width: float = 2) -> Figure:
    line = _stroke("--series-1", width, "solid")
    return {"type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": list(y), "line": line}


def _stroke(colour: str, width: float, dash: str) -> dict[str, Any]:
    return {"color": colour, "width": width, "dash": dash}
