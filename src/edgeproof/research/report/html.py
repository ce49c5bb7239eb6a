"""The report as one self-contained page: styles, charts and the chart library inside, nothing fetched."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from edgeproof.pages import assemble_page, open_templates, read_text
from edgeproof.research.report import words
from edgeproof.research.report.figures import draw_figures, draw_sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2


def render_html(report: Mapping[str, Any]) -> str:
    """The page of a report, as `build_report` gives it.

    Everything that comes from a strategy's file or a data source is escaped, and the page's own policy forbids it to
    reach any network.
    """
    content = _load_template().render(
        report=report,
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
    return assemble_page(content, title=f"edgeproof report {report['run_id']}", figures=draw_figures(report))


@cache
def _load_template() -> jinja2.Template:
    environment = open_templates()
    environment.filters |= {
        "days": words.say_days,
        "sharpe": words.say_sharpe,
        "gate_words": words.say_gate,
        "ingredient": words.say_ingredient,
        "more_days": words.say_more_days,
        "funding": words.say_funding,
    }
    return environment.from_string(read_text("edgeproof.research.report", "page.html.j2"))
