"""A run of the bench as ratios: times of peers and targets in edgeproof's, row by row, and the picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

_NAMES: Final = {"backtesting": "backtesting.py", "talib": "TA-Lib", "plain": "plain loop"}
_COLOURS: Final = {
    "vectorbt": "#c8553d", "backtesting.py": "#6b7fd7", "plain loop": "#7a7a7a", "ta": "#b08900", "TA-Lib": "#8f5a99",
    "polars": "#3b7ea1",
}  # fmt: skip
_OURS: Final = "#0b6e4f"
_MISSED: Final = "#b5400a"
_OTHER: Final = "#444444"
_NEAR: Final = 6.0  # of two labels this close on a logarithmic axis, one stands higher
_LEVELS_POINTS: Final = (6, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; times are told in edgeproof's.

    Attributes:
        name: Of the case.
        work: What was done.
        target: The time that was aimed at: 1 or more where it was reached. None without one, or where none is judged.
        peers: Time by peer, the fastest first: above 1 is slower than edgeproof.
    """

    name: str
    work: str
    target: float | None
    peers: Mapping[str, float]


def relate_rows(cases: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The rows of a run that have something to stand beside; what was skipped is left out."""
    rows = []
    for case in cases:
        ours, *others = case["engines"]
        if not ours["median"]:
            continue
        peers = {
            _NAMES.get(other["engine"], other["engine"]): other["edgeproof_is_faster_by"]
            for other in sorted(others, key=lambda other: other["edgeproof_is_faster_by"] or 0.0)
            if other["edgeproof_is_faster_by"]
        }
        judged = case["target"] is not None and case["target_met"] is not None
        aim = case["target"] / ours["median"] if judged else None
        target = 1.0 / aim if aim is not None and case["more_is_better"] else aim
        if peers or target is not None:
            rows.append(Row(name=case["name"], work=case["work"], target=target, peers=peers))
    return rows


def draw_ratios(panel: Axes, rows: Sequence[Row]) -> None:
    """A line a row, the first on top: a diamond for edgeproof, a dot a peer, a bar for the target."""
    panel.axvline(1.0, color=_OURS, linewidth=1.2, alpha=0.5, zorder=1)
    for place, row in enumerate(reversed(rows)):
        panel.axhline(place, color="#d8dce1", linewidth=0.7, zorder=0)
        panel.plot(1.0, place, "D", color=_OURS, markersize=6, zorder=3)
        if row.target is not None:
            _draw_target(panel, place, row.target)
        last, level = 0.0, 0
        for name, times in row.peers.items():
            colour = _COLOURS.get(name, _OTHER)
            level = 1 - level if times < last * _NEAR else 0
            panel.plot(times, place, "o", color=colour, markersize=6, zorder=3)
            _label(panel, (times, place), f"{name} {_tell(times)}", colour, _LEVELS_POINTS[level])
            last = times
    panel.set(
        xscale="log", ylim=(-0.7, len(rows) - 0.3), xlabel="time, edgeproof (the diamond) = 1; further right is slower",
        yticks=range(len(rows)),
    )  # fmt: skip
    panel.set_yticklabels([f"{row.name}\n{row.work}" for row in reversed(rows)], fontsize=8)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    low, high = panel.get_xlim()
    panel.set_xlim(min(low, 0.1), high * 4.0)  # room for the last label
    panel.tick_params(length=0)
    panel.minorticks_off()
    panel.grid(visible=True, axis="x", alpha=0.25)
    panel.spines[:].set_visible(False)


def _draw_target(panel: Axes, place: int, target: float) -> None:
    colour = _OURS if target >= 1.0 else _MISSED
    told = "reached" if target >= 1.0 else "missed"
    panel.plot(target, place, "|", color=colour, markersize=15, markeredgewidth=2.2, zorder=2)
    _label(panel, (target, place), f"target {_tell(target)}, {told}", colour, -14)


def _label(panel: Axes, at: tuple[float, int], text: str, colour: str, up: int) -> None:
    panel.annotate(
        text, at, xytext=(0, up), textcoords="offset points", ha="center", fontsize=7.5, color=colour, zorder=4,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )  # fmt: skip


def _tell(times: float) -> str:
    return f"{times:,.0f}" if times >= 10.0 else f"{times:.2g}"  # noqa: PLR2004 - two digits of each
