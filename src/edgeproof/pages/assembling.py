"""One self-contained page: styles, script, figures and the chart library inside, nothing fetched."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from edgeproof.pages.words import say_number, say_percent, say_signed_percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.pages.figures import Figure

_HERE = "edgeproof.pages"


def open_templates() -> jinja2.Environment:
    """Where a page's text is made: whatever is filled in is escaped, and what is not given is an error.

    Filters: ``percent``, ``signed_percent`` and ``number`` say numbers as every page does.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": say_percent, "signed_percent": say_signed_percent, "number": say_number}
    return environment


def assemble_page(  # noqa: PLR0913 - one keyword for each thing a page may hold
    content: str,
    *,
    title: str,
    figures: Mapping[str, Figure],
    islands: Mapping[str, Any] | None = None,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """A page of a text that a template of `open_templates` has made, and the figures it has places for.

    The page's own policy forbids it to reach any network.

    Args:
        content: What stands between ``<main>`` and ``</main>``; a place for a figure is
            ``<div class="figure" data-figure="NAME">``.
        title: The page's title, escaped here.
        figures: Each by its name; numbers that are not finite become null.
        islands: Further data for the scripts, each as JSON under an id.
        styles: Styles beyond those of every page.
        scripts: Scripts beyond that of every page, run after it.
    """
    return _load_shell().render(
        title=title,
        content=Markup(content),  # noqa: S704 - escaped by the template that made it
        styles=[_trust(read_text(_HERE, "page.css")), *map(_trust, styles)],
        islands={"figures": _embed(figures), **{name: _embed(data) for name, data in (islands or {}).items()}},
        scripts=[_trust(get_plotlyjs()), _trust(read_text(_HERE, "page.js")), *map(_trust, scripts)],
    )


@cache
def read_text(package: str, name: str) -> str:
    """A file that is part of a package."""
    return files(package).joinpath(name).read_text("utf-8")


@cache
def _load_shell() -> jinja2.Template:
    return open_templates().from_string(read_text(_HERE, "shell.html.j2"))


def _trust(code: str) -> Markup:
    return Markup(code)  # noqa: S704 - files of this house and of the chart library


def _embed(data: Any) -> Markup:  # noqa: ANN401 - whatever JSON can carry
    return htmlsafe_json_dumps(_drop_infinite(data), allow_nan=False, separators=(",", ":"))


def _drop_infinite(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if isinstance(value, dict):
        return {key: _drop_infinite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_drop_infinite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
