"""Reports on disk: whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edgeproof.pages import write_atomically
from edgeproof.research.report.html import render_html
from edgeproof.research.report.markdown import render_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def render_json(report: Mapping[str, Any]) -> str:
    """The report as one JSON document; raises ValueError for a number JSON cannot carry."""
    return json.dumps(report, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def write_reports(report: Mapping[str, Any], directory: Path) -> dict[str, Path]:
    """Write the report as JSON, Markdown and HTML beside each other, named by its run.

    Returns:
        Kind to path: ``json``, ``markdown``, ``html``.

    Raises:
        WorkError: The directory cannot be written.
    """
    stem = f"report-{report['run_id']}"
    written = {
        "json": directory / f"{stem}.json",
        "markdown": directory / f"{stem}.md",
        "html": directory / f"{stem}.html",
    }
    for kind, render in (("json", render_json), ("markdown", render_markdown), ("html", render_html)):
        write_atomically(written[kind], render(report))
    return written
