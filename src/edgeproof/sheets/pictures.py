"""Figures as PNG, drawn without a browser.

Reads the same plain figures as the page does: those traces and that part of a layout which sheets use. What a browser
adds when one points at a figure is not in a picture.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.domain.errors import MissingExtra
from edgeproof.pages import read_text
from edgeproof.sheets.rendering import draw_markets, draw_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.pages import Figure
    from edgeproof.sheets.account import Sheet

_INCHES: Final = (10.0, 5.0)
_DOTS: Final = 144
_MS_PER_DAY: Final = 86_400_000.0
_VARIABLE: Final = re.compile(r"(--[a-z0-9-]+):\s*([^;]+);")
_NO_FILE_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 60
_MARKERS: Final = {
    "circle": "o", "circle-open": "o", "x": "x", "x-thin-open": "x", "star": "*",
    "triangle-up": "^", "triangle-down": "v",
}  # fmt: skip
# Years, months, days, hours, minutes, seconds; then the same where the smaller part is zero.
_DATES: Final = ("%Y", "%b", "%b %d", "%H:%M", "%H:%M", "%S.%f")
_ROUND_DATES: Final = ("", "%b %Y", "%b %d", "%b %d", "%H:%M", "%H:%M")
_POINTS_A_PIXEL: Final = 0.75
_DASHES: Final = {"solid": "-", "dot": ":"}


def require_drawing() -> None:
    """Refuse at once what would fail at the end.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtra("a picture", "matplotlib", "png")


def render_pictures(sheet: Sheet) -> dict[str, bytes]:
    """Every figure of a sheet as PNG, by name, in the colours of day; of several markets, each has its price.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require_drawing()
    pictures = draw_pictures(sheet)
    if pictures.pop("price", None) is not None:
        priced = draw_markets(sheet)
        pictures |= dict(zip(_name_files(list(priced)), priced.values(), strict=True))
    return {name: _draw(picture.figure, f"{picture.heading}\n{sheet.title}") for name, picture in pictures.items()}


def _name_files(markets: list[str]) -> list[str]:
    """What the pictures of markets are called: names that differ wherever they become files."""
    if len(markets) == 1:
        return ["price"]
    plain = [_NO_FILE_NAME.sub("-", market)[:_LONGEST_NAME] for market in markets]
    alike = len({name.casefold() for name in plain}) < len(plain)
    return [f"price-{place}-{name}" if alike else f"price-{name}" for place, name in enumerate(plain, 1)]


def _draw(figure: Figure, title: str) -> bytes:
    colours = _read_colours()
    data, layout = (_resolve(figure[part], colours) for part in ("data", "layout"))
    # No pyplot: it keeps global state, and picks a window system.
    canvas = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    paper = import_module("matplotlib.figure").Figure(figsize=_INCHES, dpi=_DOTS, layout="constrained")
    canvas(paper)
    paper.suptitle(title.replace("$", r"\$"), fontsize=11, color=colours["--ink"])
    below = "yaxis2" in layout
    axes = paper.subplots(2, 1, sharex=True, height_ratios=[3, 1]) if below else np.array([paper.subplots()])
    for number, axis in enumerate(axes):
        own = layout.get("yaxis2" if number else "yaxis", {})
        _dress(axis, layout.get("xaxis", {}) if number == len(axes) - 1 else {}, own, colours)
    for trace in data:
        _TRACES[trace["type"]](axes[1] if trace.get("yaxis") == "y2" else axes[0], trace, layout, data)
    for shade in layout.get("shapes", ()):
        at = _to_days([shade["x0"], shade["x1"]])
        axes[0].axvspan(at[0], at[1], color=shade["fillcolor"], alpha=shade["opacity"], linewidth=0)
    if layout.get("xaxis", {}).get("type") == "date":
        _date(axes[-1])
    if layout.get("showlegend"):
        axes[0].legend(loc="best", fontsize=8, frameon=False)
    kept = BytesIO()
    # Without a date or version inside, the same figure is the same file.
    paper.savefig(kept, format="png", metadata={"Software": None}, facecolor=colours["--card"])
    return kept.getvalue()


def _read_colours() -> dict[str, str]:
    """The page's style variables by day, which are declared first."""
    css = read_text("edgeproof.pages", "page.css")
    return dict(_VARIABLE.findall(css[: css.index("@media")]))


def _resolve(value: Any, colours: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if isinstance(value, str):
        return colours[value].strip() if value.startswith("--") else value
    if isinstance(value, list):
        return [_resolve(item, colours) for item in value]
    return {key: _resolve(item, colours) for key, item in value.items()} if isinstance(value, dict) else value


def _dress(axis: Any, across: Figure, along: Figure, colours: Mapping[str, str]) -> None:  # noqa: ANN401 - untyped library
    ticker = import_module("matplotlib.ticker")
    axis.set_facecolor(colours["--card"])
    axis.grid(visible=True, color=colours["--line"], linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[:].set_visible(False)
    axis.tick_params(colors=colours["--soft"], labelsize=8, length=0)
    for side, own in ((axis.xaxis, across), (axis.yaxis, along)):
        if "title" in own:
            side.set_label_text(own["title"]["text"], fontsize=9, color=colours["--soft"])
        if "%" in own.get("tickformat", ""):
            side.set_major_formatter(ticker.PercentFormatter(1.0))
    if along.get("autorange") == "reversed":
        axis.invert_yaxis()


def _date(axis: Any) -> None:  # noqa: ANN401
    dates = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator()
    axis.xaxis_date()
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, formats=_DATES, zero_formats=_ROUND_DATES))


def _to_days(moments: list[float | None]) -> FloatArray:
    return np.array([np.nan if ms is None else ms / _MS_PER_DAY for ms in moments])


def _read_x(trace: Figure, layout: Figure) -> Any:  # noqa: ANN401 - numbers or names
    if layout.get("xaxis", {}).get("type") == "date":
        return _to_days(trace["x"])
    return trace["x"]


def _read_y(trace: Figure) -> FloatArray:
    return np.array([np.nan if y is None else y for y in trace["y"]], dtype=np.float64)


def _draw_scatter(axis: Any, trace: Figure, layout: Figure, data: list[Figure]) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    x = _read_x(trace, layout)
    if trace["mode"] == "markers":
        _draw_marks(axis, trace, layout, data)
        return
    y, line = _read_y(trace), trace["line"]
    step = line.get("shape") == "hv"
    if trace.get("fill") == "tozeroy":
        axis.fill_between(x, y, color=line["color"], alpha=0.35, linewidth=0, step="post" if step else None)
    if trace.get("fill") == "tonexty":
        before = _read_y(data[data.index(trace) - 1])
        axis.fill_between(x, before, y, color=line["color"], alpha=trace.get("opacity", 0.5), linewidth=0)
    if line["width"]:
        dash = _DASHES[line.get("dash", "solid")]
        style = "steps-post" if step else "default"
        axis.plot(x, y, dash, color=line["color"], linewidth=line["width"], drawstyle=style, label=trace["name"])


def _draw_marks(axis: Any, trace: Figure, layout: Figure, data: list[Figure]) -> None:  # noqa: ANN401
    marker, x, y = trace["marker"], _read_x(trace, layout), trace["y"]
    land = next((other for other in data if other["type"] == "heatmap"), None)
    if land is not None:
        x, y = [land["x"].index(name) for name in x], [land["y"].index(name) for name in y]
    axis.scatter(
        x, y, s=(marker["size"] * _POINTS_A_PIXEL) ** 2, marker=_MARKERS[marker["symbol"]], color=marker["color"],
        alpha=marker.get("opacity", 1.0), linewidths=1.0, label=trace.get("name"), zorder=3,
        **({"facecolors": "none"} if marker["symbol"] == "circle-open" else {}),
    )  # fmt: skip


def _draw_bars(axis: Any, trace: Figure, layout: Figure, _: list[Figure]) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    dated = layout["xaxis"].get("type") == "date"
    width = trace["width"] / _MS_PER_DAY if dated else trace["width"]
    align = "edge" if "offset" in trace else "center"
    axis.bar(_read_x(trace, layout), trace["y"], width=width, color=trace["marker"]["color"], align=align)


def _draw_fall(axis: Any, trace: Figure, _: Figure, __: list[Figure]) -> None:  # noqa: ANN401
    steps = trace["y"]
    names = [name.replace("<br>", "\n") for name in trace["x"]]
    bottoms = [0.0, *np.cumsum(steps[:-1])[:-1].tolist(), 0.0]
    total, up, down = (trace[part]["marker"]["color"] for part in ("totals", "increasing", "decreasing"))
    changes = [up if step > 0.0 else down for step in steps]
    colours = [change if kind == "relative" else total for change, kind in zip(changes, trace["measure"], strict=True)]
    axis.bar(names, steps, bottom=bottoms, color=colours, width=0.7)
    for at, (bottom, step, text) in enumerate(zip(bottoms, steps, trace["text"], strict=True)):
        axis.annotate(text, (at, max(bottom, bottom + step)), ha="center", va="bottom", fontsize=9)


def _draw_cells(axis: Any, trace: Figure, _: Figure, __: list[Figure]) -> None:  # noqa: ANN401
    colours = import_module("matplotlib.colors")
    cells = np.array([[np.nan if cell is None else cell for cell in row] for row in trace["z"]], dtype=np.float64)
    shades = colours.LinearSegmentedColormap.from_list("score", trace["colorscale"])
    low, high = float(np.nanmin(cells)), float(np.nanmax(cells))
    if "zmid" in trace:
        reach = max(abs(low - trace["zmid"]), abs(high - trace["zmid"])) or 1.0
        low, high = trace["zmid"] - reach, trace["zmid"] + reach
    image = axis.imshow(cells, aspect="auto", cmap=shades, vmin=low, vmax=high)
    axis.grid(visible=False)
    for side, names in ((axis.xaxis, trace["x"]), (axis.yaxis, trace["y"])):
        every = max(1, len(names) // 12)
        side.set_ticks(range(0, len(names), every), names[::every])
    axis.figure.colorbar(image, ax=axis)


def _draw_candles(axis: Any, trace: Figure, layout: Figure, _: list[Figure]) -> None:  # noqa: ANN401
    if not trace["x"]:
        return
    x = _read_x(trace, layout)
    colour = trace["increasing"]["line"]["color"]
    width = float(np.diff(x).min()) * 0.7 if len(x) > 1 else 0.01
    axis.vlines(x, trace["low"], trace["high"], color=colour, linewidth=0.8)
    rise = np.array(trace["close"]) - np.array(trace["open"])
    fills = [trace["increasing" if up >= 0.0 else "decreasing"]["fillcolor"] for up in rise.tolist()]
    axis.bar(x, rise, width=width, bottom=trace["open"], color=fills, edgecolor=colour, linewidth=0.8, zorder=2)


_TRACES: Final[Mapping[str, Callable[[Any, Figure, Figure, list[Figure]], None]]] = {
    "scatter": _draw_scatter,
    "bar": _draw_bars,
    "waterfall": _draw_fall,
    "heatmap": _draw_cells,
    "candlestick": _draw_candles,
}
