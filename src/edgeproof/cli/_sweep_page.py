"""A sweep as one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.sweeps import NEUTRAL, draw_heat_map
from edgeproof.cli._sweep_view import say_headline, say_luck, say_map, say_neighbourhood
from edgeproof.pages import assemble_page, draw_landscape, open_templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_MOST_CELLS: Final = 60
_MEASURES: Final = ("score", "total_return", "sharpe", "sharpe_low", "max_drawdown", "trades", "profit_factor")
_PAGE: Final = """<header>
<p class="kicker">edgeproof sweep, scored by {{ document.metric }}</p>
<h1>{{ headline }}</h1>
<p>{{ luck }}</p>
<p>{{ neighbourhood }}</p>
{% for remark in document.remarks %}<p>{{ remark }}</p>
{% endfor %}</header>
{% for name, caption in captions.items() %}
<h2>{{ caption }}</h2>
<div class="card"><div class="figure" data-figure="{{ name }}" role="img" aria-label="{{ caption }}" style="height: 460px"></div></div>
{% endfor %}
<h2>The best {{ document.rows | length }}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="The best combinations">
<table>
<thead><tr><th class="n">#</th><th>strategy</th><th>market</th>
{% for name in columns %}<th class="n">{{ name | replace("_", " ") }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in document.rows %}
<tr><td class="n">{{ loop.index }}</td><td>{{ row.strategy }}</td><td class="nowrap">{{ row.symbol }} {{ row.timeframe }}</td>
{% for name in columns %}<td class="n">{{ "-" if row[name] is none else "%.4g" | format(row[name]) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
"""  # noqa: E501 - a page is written as a browser reads it


def render_page(document: Mapping[str, Any], table: pl.DataFrame) -> str:
    """The page of a sweep; it reaches no network and escapes what comes from strategies and data."""
    figures: dict[str, Any] = {}
    captions: dict[str, str] = {}
    swept = document["params"]
    heat = draw_heat_map(table, swept[1], swept[0], most_x=_MOST_CELLS, most_y=_MOST_CELLS) if len(swept) > 1 else None
    if heat is not None:
        figures["map"], captions["map"] = draw_landscape(heat, NEUTRAL.get(document["metric"])), say_map(document, heat)
    for name in swept if document["best"] else ():
        figures[f"along-{name}"] = _draw_along(document, table, name)
        captions[f"along-{name}"] = f"Every combination's score along {name}"
    content = (
        open_templates()
        .from_string(_PAGE)
        .render(
            document=document,
            headline=say_headline(document),
            luck=say_luck(document),
            neighbourhood=say_neighbourhood(document),
            captions=captions,
            columns=[
                *document["columns"],
                *(name for name in _MEASURES if name == "score" or name != document["metric"]),
            ],
        )
    )
    return assemble_page(content, title=f"edgeproof sweep of {', '.join(document['strategies'])}", figures=figures)


def _draw_along(document: Mapping[str, Any], table: pl.DataFrame, name: str) -> dict[str, Any]:
    best = document["best"]
    rows = table.filter(strategy=best["strategy"], symbol=best["symbol"], timeframe=best["timeframe"])
    scored = rows.filter(rows["score"].is_not_null())
    points = {"x": scored[name].to_list(), "y": scored["score"].to_list()}
    return {
        "data": [
            {"type": "scatter", "mode": "markers", **points, "marker": {"color": "--series-1", "opacity": 0.6}},
            {
                "type": "scatter",
                "mode": "markers",
                "x": [best[name]],
                "y": [best["score"]],
                "marker": {"symbol": "star", "size": 14, "color": "--earned"},
            },
        ],
        "layout": {"xaxis": {"title": {"text": name}}, "yaxis": {"title": {"text": "score"}}},
    }
