"""Traces of plain figures drawn on matplotlib's axes; the axes come from `pictures`, which knows their frame."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.pages import Figure

_MS_PER_DAY: Final = 86_400_000.0
_MARKERS: Final = {
    "circle": "o", "circle-open": "o", "x": "x", "x-thin-open": "x", "star": "*",
    "triangle-up": "^", "triangle-down": "v",
}  # fmt: skip
_POINTS_A_PIXEL: Final = 0.75
_DASHES: Final = {"solid": "-", "dot": ":"}
_SMALL: Final = 6  # pixels; marks below this have thin strokes
_THINNEST_BAR: Final = 1 / 350  # share of what is in view; a thinner bar would be hard to see
_MOST_NUMBERED: Final = 250  # cells of a heat-map with room for their numbers
_LETTERS_ACROSS: Final = 110  # in the names of a heat-map's columns
_ROWS_NAMED: Final = 32
_CORNER: Final = (0.34, -0.28)  # where the star stands in a cell that has a number


def draw_trace(axis: Any, trace: Figure, layout: Figure, data: list[Figure], *, card: str) -> None:  # noqa: ANN401 - untyped library
    """Draw one trace whose colours are resolved; ``card`` is the colour of the paper."""
    _TRACES[trace["type"]](axis, trace, layout, data, card)


def to_days(moments: Sequence[float | None]) -> FloatArray:
    """UTC milliseconds as matplotlib counts time."""
    return np.array([np.nan if ms is None else ms / _MS_PER_DAY for ms in moments])


def _read_x(trace: Figure, layout: Figure) -> Any:  # noqa: ANN401 - numbers or names
    if layout.get("xaxis", {}).get("type") == "date":
        return to_days(trace["x"])
    return trace["x"]


def _read_y(trace: Figure) -> FloatArray:
    return np.array([np.nan if y is None else y for y in trace["y"]], dtype=np.float64)


def _draw_scatter(axis: Any, trace: Figure, layout: Figure, data: list[Figure], card: str) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    if trace["mode"] == "markers":
        _draw_marks(axis, trace, layout, data, card)
        return
    x, y, line = _read_x(trace, layout), _read_y(trace), trace["line"]
    step = line.get("shape") == "hv"
    if trace.get("fill") == "tozeroy":
        axis.fill_between(x, y, color=line["color"], alpha=0.35, linewidth=0, step="post" if step else None)
    if trace.get("fill") == "tonexty":
        before = _read_y(data[data.index(trace) - 1])
        label = trace["name"] if trace.get("showlegend") else None
        opacity = trace.get("opacity", 0.5)
        axis.fill_between(x, before, y, color=line["color"], alpha=opacity, linewidth=0, label=label)
    if line["width"]:
        dash = _DASHES[line.get("dash", "solid")]
        style = "steps-post" if step else "default"
        axis.plot(
            x, y, dash, color=line["color"], linewidth=line["width"], drawstyle=style, label=trace["name"],
            alpha=1.0 if "fill" in trace else trace.get("opacity", 1.0), solid_capstyle="butt", **_choose_points(trace),
        )  # fmt: skip


def _choose_points(trace: Figure) -> dict[str, Any]:
    """What stands on each point of a line, where something does: one point alone has no line."""
    if "markers" not in trace["mode"]:
        return {}
    return {
        "marker": _MARKERS[trace["marker"]["symbol"]],
        "markersize": trace["marker"]["size"] * _POINTS_A_PIXEL,
    }


def _draw_marks(axis: Any, trace: Figure, layout: Figure, data: list[Figure], card: str) -> None:  # noqa: ANN401
    marker, x, y = trace["marker"], _read_x(trace, layout), trace["y"]
    size, edge = marker["size"], "face"
    land = next((other for other in data if other["type"] == "heatmap"), None)
    if land is not None:
        numbered = _number_cells(land) is not None
        right, up = _CORNER if numbered else (0.0, 0.0)
        cells = trace["customdata"]
        x, y = [column + right for column, _ in cells], [row + up for _, row in cells]
        edge = card
    axis.scatter(
        x, y, s=(size * _POINTS_A_PIXEL) ** 2, marker=_MARKERS[marker["symbol"]], color=marker["color"],
        alpha=marker.get("opacity", 1.0), linewidths=0.7 if size < _SMALL else 1.1, label=trace.get("name"), zorder=3,
        **_choose_edges(marker["symbol"], edge),
    )  # fmt: skip


def _choose_edges(symbol: str, edge: str) -> dict[str, str]:
    if symbol == "circle-open":
        return {"facecolors": "none"}
    return {"edgecolors": edge} if symbol == "star" and edge != "face" else {}


def _draw_bars(axis: Any, trace: Figure, layout: Figure, _: list[Figure], card: str) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    dated = layout["xaxis"].get("type") == "date"
    x, width = _read_x(trace, layout), trace["width"]
    if dated:
        low, high = axis.get_xlim()
        width = max(width / _MS_PER_DAY, (high - low) * _THINNEST_BAR)
    align = "edge" if "offset" in trace else "center"
    axis.bar(
        x, trace["y"], width=width, color=trace["marker"]["color"], align=align,
        edgecolor=card, linewidth=0.0 if dated else 0.8,
    )  # fmt: skip


def _draw_fall(axis: Any, trace: Figure, _: Figure, __: list[Figure], ___: str) -> None:  # noqa: ANN401
    steps = trace["y"]
    names = [name.replace("<br>", "\n") for name in trace["x"]]
    bottoms = [0.0, *np.cumsum(steps[:-1])[:-1].tolist(), 0.0]
    total, up, down = (trace[part]["marker"]["color"] for part in ("totals", "increasing", "decreasing"))
    changes = [up if step > 0.0 else down for step in steps]
    colours = [change if kind == "relative" else total for change, kind in zip(changes, trace["measure"], strict=True)]
    link = trace["connector"]["line"]
    axis.axhline(0.0, color=link["color"], linewidth=1.2, zorder=1)
    axis.bar(names, steps, bottom=bottoms, color=colours, width=0.6)
    levels = [bottom + step for bottom, step in zip(bottoms[:-1], steps[:-1], strict=True)]
    for at, level in enumerate(levels):
        axis.plot([at + 0.3, at + 0.7], [level, level], color=link["color"], linewidth=link["width"] * 1.2, zorder=1)
    for at, (bottom, step, text) in enumerate(zip(bottoms, steps, trace["text"], strict=True)):
        # Beyond the end that a step reached, where no other bar is.
        falls = step < 0.0
        axis.annotate(
            text, (at, bottom + step), xytext=(0, -4 if falls else 4), textcoords="offset points",
            ha="center", va="top" if falls else "bottom", fontsize=9,
        )  # fmt: skip
    axis.use_sticky_edges = False  # bars end where their labels begin
    axis.margins(y=0.12)


def _draw_cells(axis: Any, trace: Figure, _: Figure, __: list[Figure], ___: str) -> None:  # noqa: ANN401
    colours = import_module("matplotlib.colors")
    cells = _read_cells(trace)
    shades = colours.LinearSegmentedColormap.from_list("score", trace["colorscale"])
    low, high = float(np.nanmin(cells)), float(np.nanmax(cells))
    if "zmid" in trace:
        reach = max(abs(low - trace["zmid"]), abs(high - trace["zmid"])) or 1.0
        low, high = trace["zmid"] - reach, trace["zmid"] + reach
    veil = trace.get("opacity", 1.0)
    image = axis.imshow(cells, aspect="auto", cmap=shades, vmin=low, vmax=high, alpha=veil)
    axis.grid(visible=False)
    across = max(_LETTERS_ACROSS // (1 + max(len(name) for name in trace["x"])), 1)
    for side, names, most in ((axis.xaxis, trace["x"], across), (axis.yaxis, trace["y"], _ROWS_NAMED)):
        every = -(-len(names) // most)
        side.set_ticks(range(0, len(names), every), names[::every])
    if "text" in trace:
        axis.set_yticks(np.arange(len(cells) + 1) - 0.5, minor=True)
        axis.grid(which="minor", axis="y", linewidth=0.3)
        axis.tick_params(which="minor", length=0)
    texts = _number_cells(trace) or []
    for row, column in np.ndindex(cells.shape) if texts else ():
        share = (cells[row, column] - low) / ((high - low) or 1.0)
        ink = "black" if veil < 1.0 or not np.isfinite(share) or _is_light(shades(share)) else "white"
        axis.text(column, row, texts[row][column], ha="center", va="center", fontsize=7.5, color=ink)
    if trace.get("showscale", True):
        bar = axis.figure.colorbar(image, ax=axis, pad=0.015, aspect=35)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, length=0)
        bar.ax.set_title(trace["colorbar"]["title"]["text"], fontsize=8)


def _read_cells(trace: Figure) -> FloatArray:
    return np.array([[np.nan if cell is None else cell for cell in row] for row in trace["z"]], dtype=np.float64)


def _number_cells(trace: Figure) -> list[list[str]] | None:
    """What stands in each cell: its own words, or its number where there is room; None where nothing does."""
    if "text" in trace:
        texts: list[list[str]] = trace["text"]
        return texts
    if len(trace["x"]) * len(trace["y"]) > _MOST_NUMBERED:
        return None
    return [["" if cell is None else f"{cell:.3g}" for cell in row] for row in trace["z"]]


def _is_light(colour: tuple[float, float, float, float]) -> bool:
    """By relative luminance, roughly."""
    red, green, blue, _ = colour
    return 0.3 * red + 0.59 * green + 0.11 * blue > 0.5  # noqa: PLR2004 - half way


def _draw_candles(axis: Any, trace: Figure, layout: Figure, _: list[Figure], __: str) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    x = _read_x(trace, layout)
    colour = trace["increasing"]["line"]["color"]
    width = float(np.diff(x).min()) * 0.7 if len(x) > 1 else 0.01
    axis.vlines(x, trace["low"], trace["high"], color=colour, linewidth=0.8)
    rise = np.array(trace["close"]) - np.array(trace["open"])
    fills = [trace["increasing" if up >= 0.0 else "decreasing"]["fillcolor"] for up in rise.tolist()]
    axis.bar(x, rise, width=width, bottom=trace["open"], color=fills, edgecolor=colour, linewidth=0.8, zorder=2)


_TRACES: Final[Mapping[str, Callable[[Any, Figure, Figure, list[Figure], str], None]]] = {
    "scatter": _draw_scatter,
    "bar": _draw_bars,
    "waterfall": _draw_fall,
    "heatmap": _draw_cells,
    "candlestick": _draw_candles,
}
