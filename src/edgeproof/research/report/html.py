"""The report as one self-contained page: styles, charts and the chart library inside, nothing fetched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from edgeproof.research.report import words
from edgeproof.research.report.figures import draw_figures, draw_sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping


def render_html(report: Mapping[str, Any]) -> str:
    """The page of a report, as `build_report` gives it.

    Everything that comes from a strategy's file or a data source is escaped, and the page's own policy forbids it to
    reach any network.
    """
    return _load_template().render(
        report=report,
        css=_read("page.css"),
        javascript=_read("page.js"),
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - the library's own code
        figures=draw_figures(report),
        sparklines={r["rank"]: draw_sparkline(r["curve"]) for r in report["pools"]["strategies"] if r["curve"]},
        skipped=words.group_skipped(report),
        gates=words.count_gates(report),
        headline=words.say_headline(report),
        trials=words.say_trials(report),
        promise=words.PROMISE,
        conditions=words.say_conditions(report),
        drawdown=words.DRAWDOWN,
        ingredient_names=words.INGREDIENTS,
    )


@cache
def _load_template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "days": words.say_days,
        "percent": words.say_percent,
        "signed_percent": words.say_signed_percent,
        "number": words.say_number,
        "sharpe": words.say_sharpe,
        "gate_words": words.say_gate,
        "ingredient": words.say_ingredient,
        "more_days": words.say_more_days,
        "funding": words.say_funding,
    }
    return environment.from_string(_read("page.html.j2"))


@cache
def _read(name: str) -> Markup:
    text = files("edgeproof.research.report").joinpath(name).read_text("utf-8")
    return Markup(text)  # noqa: S704 - files of this package
