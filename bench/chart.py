"""Draw results as one picture: ``python -m bench.chart RESULTS.json [PICTURE.svg]``.

What `run.py` measured becomes ``docs/images/peers.svg``: every case a row, with the times of peers and targets in
edgeproof's. What `run.py --curves` measured becomes ``docs/images/scaling.svg``.

There, every curve has two panels. Above, the time of each bar or combination, 1 being edgeproof's (one thread, where
threads are compared) at the largest size it was asked: ratios, since seconds belong to a machine. Below, the largest
memory of the process that was asked; those that work for it, other processes or a cluster, have theirs beside it. All
axes are logarithmic.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from bench.curves import relate_times
from bench.ratios import draw_ratios, relate_rows
from bench.running import ROOT

mpl.use("svg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.ratios import Row
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_IMAGES: Final = ROOT / "docs" / "images"
# Text stays text and nothing is drawn at random: the same numbers make the same file.
_STYLE: Final[Any] = {"svg.fonttype": "none", "svg.hashsalt": "edgeproof", "font.size": 9, "font.family": "sans-serif"}
_MEMORY_TICKS: Final = (125, 250, 500, 1_000, 2_000, 4_000)
_COLOURS: Final = ("#0b6e4f", "#c8553d", "#6b7fd7", "#b08900", "#7a7a7a")


def main(arguments: Sequence[str]) -> int:
    """Draw the picture and say where it is; 1 where the file is nothing that can be drawn."""
    options = _parse(arguments)
    results = json.loads(Path(options.results).read_text())
    with mpl.rc_context(_STYLE):
        if results.get("curves"):
            figure, target = _draw_curves(results["curves"]), _IMAGES / "scaling.svg"
        elif rows := relate_rows(results.get("cases", ())):
            figure, target = _draw_rows(rows), _IMAGES / "peers.svg"
        else:
            print(f"{options.results} has no curves, and no case with a peer or a target", file=sys.stderr)
            return 1
        picture = Path(options.picture or target)
        figure.savefig(picture, format="svg", metadata={"Date": None, "Creator": None})
    print(f"picture: {picture}")
    return 0


def _draw_rows(rows: Sequence[Row]) -> Figure:
    figure, panel = plt.subplots(figsize=(10.5, 0.9 + 0.62 * len(rows)), layout="constrained")
    draw_ratios(panel, rows)
    return figure


def _draw_curves(curves: Sequence[Mapping[str, Any]]) -> Figure:
    figure, panels = plt.subplots(
        2, len(curves), figsize=(4.2 * len(curves), 6.4), sharex="col", squeeze=False, layout="constrained"
    )
    for column, curve in enumerate(curves):
        _draw_times(panels[0][column], curve)
        _draw_memory(panels[1][column], curve)
    return figure


def _draw_times(panel: Axes, curve: Mapping[str, Any]) -> None:
    for colour, (name, points) in zip(_COLOURS, relate_times(curve).items(), strict=False):
        if points:
            sizes, times = zip(*points, strict=True)
            panel.plot(sizes, times, "o-", color=colour, label=name, markersize=3.5, linewidth=1.4)
    thing = curve["over"].removesuffix("s")
    panel.set(xscale="log", yscale="log", title=curve["name"], ylabel=f"time of a {thing}, edgeproof = 1")
    panel.minorticks_off()
    panel.grid(visible=True, alpha=0.25)


def _draw_memory(panel: Axes, curve: Mapping[str, Any]) -> None:
    for colour, line in zip(_COLOURS, curve["lines"], strict=False):
        points = [point for point in line["points"] if point["best"] is not None]
        sizes, peaks = [point["at"] for point in points], [point["peak_mib"] for point in points]
        panel.plot(sizes, peaks, "o-", color=colour, label=line["name"], markersize=3.5, linewidth=1.4)
    panel.set(xscale="log", yscale="log", xlabel=curve["over"], ylabel="peak memory, MiB", yticks=_MEMORY_TICKS)
    panel.minorticks_off()
    panel.yaxis.set_major_formatter("{x:,.0f}")
    panel.grid(visible=True, alpha=0.25)
    panel.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.chart", description="Draw what `run.py` measured.")
    parser.add_argument("results", help="a file of bench/results")
    parser.add_argument("picture", nargs="?", help="where the picture goes; by default into docs/images")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
