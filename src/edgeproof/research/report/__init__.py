"""What a cycle found, written down: JSON for machines, Markdown and one HTML page for people."""

from edgeproof.research.report.build import TIME_KEYS, build_report, close_report
from edgeproof.research.report.files import render_json, write_reports
from edgeproof.research.report.html import render_html
from edgeproof.research.report.markdown import render_markdown
from edgeproof.research.report.words import say_headline, say_trials

__all__ = [
    "TIME_KEYS",
    "build_report",
    "close_report",
    "render_html",
    "render_json",
    "render_markdown",
    "say_headline",
    "say_trials",
    "write_reports",
]
