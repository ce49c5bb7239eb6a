"""Figures that several pages show, as plain data.

A figure is ``{"data": [traces], "layout": {...}}`` in the words of plotly.js. A colour is the name of a style variable
(``--earned``), so that one figure serves the light page, the dark page and a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Figure: TypeAlias = dict[str, Any]

PLAIN_NUMBER: Final = ",.10~g"  # thousands parted, no digit that says nothing; in the words of d3
_PAID: Final = ("slippage", "fees", "funding")
_SMALL_SUM: Final = 100.0  # below this, whole units would hide what was paid


class Landscape(Protocol):
    """Scores over two params, such as `backtest.sweeps.HeatMap`; ``cells`` row by row, None where there is no score."""

    @property
    def x(self) -> str: ...  # noqa: D102 - told above
    @property
    def y(self) -> str: ...  # noqa: D102
    @property
    def x_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def y_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def cells(self) -> Sequence[Sequence[float | None]]: ...  # noqa: D102
    @property
    def best(self) -> tuple[int, int]: ...  # noqa: D102


def draw_waterfall(costs: Mapping[str, float]) -> Figure:
    """The fall from what prices gave to what was left: ``gross, slippage, fees, funding, net`` in quote units."""
    values = [costs["gross"], *(-costs[name] for name in _PAID), costs["net"]]
    digits = 2 if max(abs(value) for value in values) < _SMALL_SUM else 0
    return {
        "data": [
            {
                "type": "waterfall",
                "measure": [*("relative" for _ in values[:-1]), "total"],
                "x": ["before<br>costs", *_PAID, "net"],
                "y": values,
                # Adding zero turns a negative zero into zero.
                "text": [f"{round(value, digits) + 0.0:+,.{digits}f}" for value in values],
                "textposition": "outside",
                "textangle": 0,
                "cliponaxis": False,
                "increasing": {"marker": {"color": "--earned"}},
                "decreasing": {"marker": {"color": "--lost"}},
                # What was left has the colour of its sign, as every step on the way has.
                "totals": {"marker": {"color": "--earned" if costs["net"] > 0.0 else "--lost"}},
                "connector": {"line": {"color": "--line", "width": 1}},
            }
        ],
        "layout": {"yaxis": {"title": {"text": "quote units"}, "tickformat": PLAIN_NUMBER}},
    }


def draw_landscape(land: Landscape, neutral: float | None) -> Figure:
    """A heat-map of scores with a star on the best; ``neutral`` is the score that is neither good nor bad, if any."""
    row, column = land.best
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(land.x_labels),
                "y": list(land.y_labels),
                "z": [list(cells) for cells in land.cells],
                "colorscale": [[0.0, "--lost"], [0.5, "--tint"], [1.0, "--earned"]],
                # A loss never looks like a gain.
                **({} if neutral is None else {"zmid": neutral}),
                "colorbar": {"title": {"text": "score"}},
                "hovertemplate": f"{land.x} %{{x}}<br>{land.y} %{{y}}<br>score %{{z:.4g}}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [land.x_labels[column]],
                "y": [land.y_labels[row]],
                "customdata": [[column, row]],  # the cell by number, whatever its labels are
                "marker": {"symbol": "star", "size": 14, "color": "--ink"},
                "hoverinfo": "skip",
            },
        ],
        "layout": {
            "xaxis": {"title": {"text": land.x}, "type": "category"},
            "yaxis": {"title": {"text": land.y}, "type": "category", "autorange": "reversed"},
        },
    }
