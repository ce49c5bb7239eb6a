"""Figures as PNG, drawn without a browser.

Reads the same plain figures as the page does: those traces and that part of a layout which sheets use. What a browser
adds when one points at a figure is not in a picture; what the page says beside it is.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.domain.errors import MissingExtra
from edgeproof.pages import read_text
from edgeproof.sheets.rendering import draw_markets, draw_pictures
from edgeproof.sheets.tables import draw_tables
from edgeproof.sheets.traces import draw_trace, to_days

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgeproof.pages import Figure
    from edgeproof.sheets.account import Sheet
    from edgeproof.sheets.rendering import Picture

_WIDTH: Final = 10.0  # inches, as all lengths of paper here
_HEIGHT: Final = 5.4
_DOTS: Final = 144
_ROW: Final = 0.3
_LEAST_LAND: Final = 1.3
_MOST_LAND: Final = 8.0
_EDGE: Final = 0.15
_HEADING: Final = 0.30
_LINE: Final = 0.17
_LETTERS: Final = 145  # in a line of small print
_MOST_LINES: Final = 4
_VARIABLE: Final = re.compile(r"(--[a-z0-9-]+):\s*([^;]+);")
_MAKER: Final = "edgeproof"
_MARK: Final = b"tEXtSoftware\x00" + _MAKER.encode()  # as PNG writes it, before the first pixel
_HEAD: Final = 1_024  # bytes in which the mark lies
_OURS: Final = re.compile(
    r"(map|flatness|along-.+|equity|underwater|rolling|price(-.+)?|returns|mae|mfe|exposure|costs|months|hours)\.png"
)
_NO_FILE_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 60
# Years, months, days, hours, minutes, seconds; then the same where the smaller part is zero; then what all ticks share.
_DATES: Final = ("%Y", "%b", "%b %d", "%H:%M", "%H:%M", "%S.%f")
_ROUND_DATES: Final = ("", "%b %Y", "%b %d", "%b %d", "%H:%M", "%H:%M")
_SHARED_DATES: Final = ("", "", "%Y", "%Y", "%b %d %Y", "%b %d %Y")


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
    pictures = draw_pictures(sheet)
    if pictures.pop("price", None) is not None:
        priced = draw_markets(sheet)
        pictures |= dict(zip(_name_files(list(priced)), priced.values(), strict=True))
    return paint_pictures(pictures | draw_tables(sheet.account), sheet.title)


def paint_pictures(pictures: Mapping[str, Picture], title: str) -> dict[str, bytes]:
    """Figures as PNG, each under its heading and the title, above what is told of it.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require_drawing()
    colours = _read_colours()
    return {name: _paint(picture, title, colours) for name, picture in pictures.items()}


def list_painted(folder: Path) -> list[Path]:
    """Pictures in a folder that this program painted: by their names and by the mark inside them."""
    named = [path for path in sorted(folder.glob("*.png")) if _OURS.fullmatch(path.name) and path.is_file()]
    return [path for path in named if _MARK in _read_head(path)]


def _read_head(path: Path) -> bytes:
    """The beginning of a file; nothing of one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _name_files(markets: list[str]) -> list[str]:
    """What the pictures of markets are called: names that differ wherever they become files."""
    if len(markets) == 1:
        return ["price"]
    plain = [_NO_FILE_NAME.sub("-", market)[:_LONGEST_NAME] for market in markets]
    alike = len({name.casefold() for name in plain}) < len(plain)
    return [f"price-{place}-{name}" if alike else f"price-{name}" for place, name in enumerate(plain, 1)]


def _paint(picture: Picture, title: str, colours: Mapping[str, str]) -> bytes:
    data, layout = (_resolve(picture.figure[part], colours) for part in ("data", "layout"))
    above, below = _break(title), _break(picture.told)
    top, bottom = _EDGE + _HEADING + _LINE * len(above), _EDGE + _LINE * len(below)
    high = _choose_height(data) + _LINE * (len(above) + len(below))
    # No pyplot: it keeps global state, and picks a window system.
    canvas = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    engine = import_module("matplotlib.layout_engine").ConstrainedLayoutEngine(
        w_pad=0.12, h_pad=0.08, rect=(0.0, bottom / high, 1.0, 1.0 - (top + bottom) / high)
    )
    paper = import_module("matplotlib.figure").Figure(figsize=(_WIDTH, high), dpi=_DOTS, layout=engine)
    canvas(paper)
    left = _EDGE / _WIDTH
    for lines, at, style in (
        ([picture.heading], high - _EDGE, {"fontsize": 13, "fontweight": "bold", "color": colours["--ink"]}),
        (above, high - _EDGE - _HEADING, {"fontsize": 9, "color": colours["--soft"]}),
        (below, bottom, {"fontsize": 9, "color": colours["--soft"]}),
    ):
        paper.text(left, at / high, "\n".join(lines), va="top", parse_math=False, **style)
    _fill(paper, data, layout, colours)
    kept = BytesIO()
    # Without a date or version inside, the same figure is the same file.
    paper.savefig(kept, format="png", metadata={"Software": _MAKER}, facecolor=colours["--card"])
    return kept.getvalue()


def _break(text: str) -> list[str]:
    """Small print as lines; what is longer than a picture has room for ends with dots."""
    return wrap(text, _LETTERS, max_lines=_MOST_LINES, placeholder=" ...")


def _choose_height(data: list[Figure]) -> float:
    """Of the picture without small print; that of cells grows with their rows."""
    rows = next((len(trace["y"]) for trace in data if trace["type"] == "heatmap"), None)
    if rows is None:
        return _HEIGHT
    return min(max(_LEAST_LAND, 1.3 + _ROW * rows), _MOST_LAND)


def _fill(paper: Any, data: list[Figure], layout: Figure, colours: Mapping[str, str]) -> None:  # noqa: ANN401 - untyped library
    two = "yaxis2" in layout
    axes = paper.subplots(2, 1, sharex=True, height_ratios=[3, 1]) if two else np.array([paper.subplots()])
    dated = layout.get("xaxis", {}).get("type") == "date"
    for axis in axes:
        axis.ticklabel_format(useOffset=False)  # numbers whole, not as what they lie above another one
        if dated:
            axis.margins(x=0.01)
    for trace in data:
        draw_trace(axes[1] if trace.get("yaxis") == "y2" else axes[0], trace, layout, data, card=colours["--card"])
    for shade in layout.get("shapes", ()):
        at = to_days([shade["x0"], shade["x1"]])
        axes[0].axvspan(at[0], at[1], color=shade["fillcolor"], alpha=shade["opacity"], linewidth=0)
    for number, axis in enumerate(axes):
        own = layout.get("yaxis2" if number else "yaxis", {})
        _dress(axis, layout.get("xaxis", {}) if axis is axes[-1] else {}, own, colours)
    if dated:
        _date(axes[-1], colours)
    if layout.get("showlegend") and axes[0].get_legend_handles_labels()[0]:
        axes[0].legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, ncols=8, fontsize=8.5, frameon=False,
            labelcolor=colours["--ink"], handletextpad=0.5, columnspacing=1.6,
        )  # fmt: skip


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


def _dress(axis: Any, across: Figure, along: Figure, colours: Mapping[str, str]) -> None:  # noqa: ANN401
    axis.set_facecolor(colours["--card"])
    if not axis.images:
        axis.grid(visible=True, color=colours["--line"], linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[:].set_visible(False)
    axis.tick_params(colors=colours["--soft"], labelsize=8.5, length=0)
    _scale(axis, across, along, colours)


def _scale(axis: Any, across: Figure, along: Figure, colours: Mapping[str, str]) -> None:  # noqa: ANN401
    ticker = import_module("matplotlib.ticker")
    for side, own in ((axis.xaxis, across), (axis.yaxis, along)):
        if "title" in own:
            side.set_label_text(own["title"]["text"], fontsize=9, color=colours["--soft"])
        if "%" in own.get("tickformat", ""):
            side.set_major_formatter(ticker.PercentFormatter(1.0))
        elif "tickformat" in own:
            side.set_major_formatter("{x:" + own["tickformat"].replace("~", "") + "}")
        if "dtick" in own:
            side.set_major_locator(ticker.MultipleLocator(own["dtick"]))
    if "range" in across:
        axis.set_xlim(across["range"])
    if "range" in along:
        axis.set_ylim(along["range"])
    if not along.get("showticklabels", True):
        axis.tick_params(labelleft=False)
        axis.set_ylabel("")
    if across.get("side") == "top":
        axis.xaxis.tick_top()


def _date(axis: Any, colours: Mapping[str, str]) -> None:  # noqa: ANN401
    dates = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator()
    axis.xaxis_date()
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, formats=_DATES, zero_formats=_ROUND_DATES, offset_formats=_SHARED_DATES)
    )
    axis.xaxis.get_offset_text().set(fontsize=8.5, color=colours["--soft"])
