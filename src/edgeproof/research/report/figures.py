"""The page's charts as plain figures, from the report alone; the page draws them when they come into view.

A colour is the name of a style variable (``--earned``), so that one figure serves the light and the dark page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.pages import draw_waterfall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.pages import Figure

_COMPARED: Final = 5
_SPARK_POINTS: Final = 40
_SPARK_WIDTH: Final = 96
_SPARK_HEIGHT: Final = 24
_FLAT: Final = 1e-12


def draw_figures(report: Mapping[str, Any]) -> dict[str, Figure]:
    """Every figure of a page, by name."""
    rows = report["pools"]["strategies"]
    figures = {"equity": _draw_comparison(rows), "stages": _draw_stages(report["stages"])}
    if rows:
        figures["costs"] = draw_waterfall(report["costs"]["pool"])
    for row in rows:
        figures[f"waterfall-{row['rank']}"] = draw_waterfall(row["costs"])
        if row["curve"]:
            figures[f"curve-{row['rank']}"] = _draw_curve(row["curve"])
    return figures


def draw_sparkline(curve: Mapping[str, Any]) -> str:
    """The equity curve as points of an SVG polyline, 96 by 24."""
    equity: Sequence[float] = curve["equity"]
    step = max(1, len(equity) // _SPARK_POINTS)
    points = [*equity[:-1:step], equity[-1]]
    low, high = min(points), max(points)
    scale = (_SPARK_HEIGHT - 2) / (high - low) if high - low > _FLAT else 0.0
    across = _SPARK_WIDTH / max(1, len(points) - 1)
    return " ".join(
        f"{i * across:.1f},{_SPARK_HEIGHT - 1 - (value - low) * scale:.1f}" for i, value in enumerate(points)
    )


def _draw_comparison(rows: Sequence[Mapping[str, Any]]) -> Figure:
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{row['rank']}. {row['strategy']}",
            "x": row["curve"]["ts"],
            "y": [value / row["metrics"]["initial_equity"] - 1.0 for value in row["curve"]["equity"]],
            "line": {"color": f"--series-{row['rank']}", "width": 2},
        }
        for row in rows[:_COMPARED]
        if row["curve"]
    ]
    return {"data": traces, "layout": {"yaxis": {"tickformat": ".1%"}, "showlegend": True, "hovermode": "x unified"}}


def _draw_curve(curve: Mapping[str, Any]) -> Figure:
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "equity",
                "x": curve["ts"],
                "y": curve["equity"],
                "line": {"color": "--series-1", "width": 2},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": "drawdown at hourly closes",
                "x": curve["ts"],
                "y": [-value for value in curve["drawdown"]],
                "yaxis": "y2",
                "fill": "tozeroy",
                "line": {"color": "--lost", "width": 1},
            },
        ],
        "layout": {
            "yaxis": {"domain": [0.38, 1.0], "title": {"text": "equity"}},
            "yaxis2": {"domain": [0.0, 0.28], "tickformat": ".1%", "title": {"text": "drawdown"}},
            "xaxis": {"anchor": "y2"},
            "hovermode": "x unified",
        },
    }


def _draw_stages(stages: Sequence[Mapping[str, Any]]) -> Figure:
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [stage["name"] for stage in stages],
                "x": [stage["seconds"] for stage in stages],
                "text": [f"{stage['seconds']:.1f} s" for stage in stages],
                "textposition": "auto",
                "marker": {"color": "--series-1"},
            }
        ],
        "layout": {"xaxis": {"title": {"text": "seconds"}}, "yaxis": {"autorange": "reversed"}},
    }
