"""The sheet's figures as plain data, each a function of what it shows.

Times are UTC milliseconds on axes of type ``date``; colours are names of style variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.domain.time import MS_PER_DAY, from_ms
from edgeproof.pages import PLAIN_NUMBER
from edgeproof.sheets.periods import measure_underwater
from edgeproof.sheets.thinning import keep_extremes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.pages import Figure
    from edgeproof.sheets.periods import Drawdown, RollingSharpe
    from edgeproof.sheets.spreads import Cloud, Exposure, Histogram

_DATE: Final = {"type": "date"}
# Each name as wide as its text: on a narrow page three of them fit into one line.
_LEGEND_ABOVE: Final = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "entrywidth": 0}
_FLAT: Final = 0.012  # share of a level that nothing left by which its axis reaches beyond it


def draw_equity(ts: IntArray, equity: FloatArray, initial: float, falls: Sequence[Drawdown]) -> Figure:
    """Equity over time, with the deepest falls from peak to recovery shaded behind it."""
    kept = keep_extremes(equity)
    end = int(ts[-1])
    shades = [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": fall.peak_ms,
            "x1": end if fall.back_ms is None else fall.back_ms,
            "y0": 0,
            "y1": 1,
            "fillcolor": "--lost",
            "opacity": 0.10,
            "line": {"width": 0},
            "layer": "below",
        }
        for fall in falls
    ]
    start = _line(x=[int(ts[0]), end], y=[initial, initial], name="start", colour="--soft", width=1, dash="dot")
    curve = _line(x=ts[kept].tolist(), y=_round(equity[kept]), name="equity", colour="--series-1", width=2)
    axis = {"title": {"text": "quote units"}, "tickformat": PLAIN_NUMBER, **_frame_flat(np.append(equity, initial))}
    layout = {"xaxis": _DATE, "yaxis": axis, "shapes": shades, "hovermode": "x unified"}
    return {"data": [start, curve], "layout": layout}


def draw_underwater(ts: IntArray, equity: FloatArray) -> Figure:
    """How far below its highest so far equity stood."""
    depth = measure_underwater(equity)
    kept = keep_extremes(depth)
    deepest = float(depth.min()) or -_FLAT
    line = _line(x=ts[kept].tolist(), y=_round(depth[kept]), name="below the peak", colour="--lost", width=1)
    return {
        "data": [{**line, "fill": "tozeroy"}],
        "layout": {
            "xaxis": _DATE,
            "yaxis": {"tickformat": ".2~%", "range": [1.05 * deepest, 0.0]},
            "hovermode": "x unified",
        },
    }


def draw_rolling_sharpe(rolling: RollingSharpe) -> Figure:
    """The ratio in its 95 % interval, and zero."""
    days = [to_day_ms(day) for day in rolling.days]
    low, high, middle = (
        [None if one is None else round(getattr(one, name), 4) for one in rolling.values]
        for name in ("low", "high", "estimate")
    )
    return {
        "data": [
            _line(x=days, y=low, name="95 % from", colour="--series-1", width=0),
            {**_line(x=days, y=high, name="95 % to", colour="--series-1", width=0), "fill": "tonexty", "opacity": 0.25},
            _line(x=days, y=middle, name="Sharpe", colour="--series-1", width=2),
            _line(x=days[:1] + days[-1:], y=[0, 0], name="zero", colour="--soft", width=1, dash="dot"),
        ],
        "layout": {"xaxis": _DATE, "yaxis": {"title": {"text": "a year"}}, "hovermode": "x unified"},
    }


def draw_returns(histogram: Histogram) -> Figure:
    """How often trades returned how much."""
    middles = (histogram.edges[:-1] + histogram.edges[1:]) / 2.0
    return {
        "data": [
            {
                "type": "bar",
                "x": _round(middles),
                "y": histogram.counts.tolist(),
                "width": _round(np.diff(histogram.edges)),
                "customdata": np.stack([histogram.edges[:-1], histogram.edges[1:]], axis=1).tolist(),
                "hovertemplate": "%{customdata[0]:.2%} to %{customdata[1]:.2%}: %{y} trades<extra></extra>",
                "marker": {"color": ["--earned" if middle > 0.0 else "--lost" for middle in middles.tolist()]},
            }
        ],
        "layout": {
            "xaxis": {"tickformat": ".2~%", "title": {"text": "return on equity"}},
            "yaxis": {"title": {"text": "trades"}},
            "bargap": 0.05,
        },
    }


def draw_excursions(won: Cloud, lost: Cloud, *, worst: bool) -> Figure:
    """What became of trades by how far they went against (``worst``) or with them, shares of the entry price."""
    reach = max((float(cloud.x.max()) for cloud in (won, lost) if len(cloud.x)), default=0.0)
    clouds = (("won", won, "--earned", "circle"), ("lost", lost, "--lost", "x"))
    edge = _line(
        x=[0.0, reach],
        y=[0.0, -reach if worst else reach],
        name="ended at its worst" if worst else "ended at its best",
        colour="--soft",
        width=1,
        dash="dot",
    )
    return {
        "data": [edge, *(_points(*cloud) for cloud in clouds)],
        "layout": {
            "xaxis": {"tickformat": ".2~%", "title": {"text": "furthest against it" if worst else "furthest with it"}},
            "yaxis": {"tickformat": ".2~%", "title": {"text": "return, costs included"}},
            "showlegend": True,
            "legend": _LEGEND_ABOVE,
        },
    }


def draw_exposure(exposure: Exposure) -> Figure:
    """How many times the equity was at stake: long above zero, short below."""
    ts = [*exposure.ts.tolist(), int(exposure.ts[-1]) + exposure.step_ms]
    sides = (("long", exposure.long, "--series-1"), ("short", -exposure.short, "--series-2"))
    return {
        "data": [
            {
                **_line(x=ts, y=_round(np.append(values, values[-1])), name=name, colour=colour, width=1, shape="hv"),
                "fill": "tozeroy",
            }
            for name, values, colour in sides
        ],
        "layout": {
            "xaxis": _DATE,
            "yaxis": {"title": {"text": "times the equity"}},
            "showlegend": True,
            "legend": _LEGEND_ABOVE,
            "hovermode": "x unified",
        },
    }


def _frame_flat(level: FloatArray) -> Figure:
    """An axis for what never moved, on which it is a line; nothing where it moved."""
    low, high = float(level.min()), float(level.max())
    reach = _FLAT * max(abs(low), abs(high))
    return {} if high - low > reach * _FLAT or not reach else {"range": [low - reach, high + reach]}


def to_day_ms(day: date) -> int:
    """The UTC midnight that begins a day."""
    return (day - from_ms(0).date()).days * MS_PER_DAY


def _points(name: str, cloud: Cloud, colour: str, symbol: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": _round(cloud.x),
        "y": _round(cloud.y),
        "customdata": cloud.counts.tolist(),
        "hovertemplate": "%{x:.2%}, ended %{y:.2%}: %{customdata} trades<extra></extra>",
        "marker": {"color": colour, "symbol": symbol, "size": 6, "opacity": 0.6},
    }


def _line(  # noqa: PLR0913 - one keyword for each thing a line has
    *, x: list[Any], y: list[Any], name: str, colour: str, width: float, dash: str = "solid", shape: str = "linear"
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width, "dash": dash, "shape": shape},
    }


def _round(values: FloatArray) -> list[float]:
    """Seven digits are more than a picture shows, and half the size."""
    return [float(f"{value:.7g}") for value in values.tolist()]
