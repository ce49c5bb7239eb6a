"""A sweep as one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.sweeps import LEAST_DIGITS
from edgeproof.cli._sweep_pictures import draw_sweep
from edgeproof.cli._sweep_view import (
    count_column_digits,
    say_conditions,
    say_headline,
    say_luck,
    say_measure,
    say_neighbourhood,
)
from edgeproof.pages import assemble_page, open_templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_MEASURES: Final = ("score", "total_return", "sharpe", "sharpe_low", "max_drawdown", "trades", "profit_factor")
_PAGE: Final = """<header>
<p class="kicker">edgeproof sweep, scored by {{ document.metric }}</p>
<h1>{{ headline }}</h1>
<p>{{ luck }}</p>
<p>{{ neighbourhood }}</p>
<p>{{ conditions[:1] | upper }}{{ conditions[1:] }}.</p>
{% for remark in document.remarks %}<p>{{ remark }}</p>
{% endfor %}</header>
{% for name, picture in pictures.items() %}
<h2>{{ picture.heading }}</h2>
<div class="card"><div class="figure" data-figure="{{ name }}" role="img" aria-label="{{ picture.heading }}. {{ picture.told }}" style="height: 460px"></div>
<p class="soft after"><small>{{ picture.told }}</small></p></div>
{% endfor %}
<h2>The best {{ document.rows | length }}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="The best combinations">
<table>
<thead><tr><th class="n">#</th><th>strategy</th><th>market</th>
{% for name in columns %}<th class="n">{{ name | replace("_", " ") }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in document.rows %}
<tr><td class="n">{{ loop.index }}</td><td>{{ row.strategy }}</td><td class="nowrap">{{ row.symbol }} {{ row.timeframe }}</td>
{% for name in columns %}<td class="n">{{ say(name, row[name], digits.get(name, least)) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
"""  # noqa: E501 - a page is written as a browser reads it


def render_page(document: Mapping[str, Any], table: pl.DataFrame) -> str:
    """The page of a sweep; it reaches no network and escapes what comes from strategies and data."""
    pictures = draw_sweep(document, table)
    content = (
        open_templates()
        .from_string(_PAGE)
        .render(
            document=document,
            headline=say_headline(document),
            luck=say_luck(document),
            neighbourhood=say_neighbourhood(document),
            conditions=say_conditions(document),
            pictures=pictures,
            say=say_measure,
            digits=count_column_digits(document, table),
            least=LEAST_DIGITS,
            columns=[
                *document["columns"],
                *(name for name in _MEASURES if name == "score" or name != document["metric"]),
            ],
        )
    )
    return assemble_page(
        content,
        title=f"edgeproof sweep of {', '.join(document['strategies'])}",
        figures={name: picture.figure for name, picture in pictures.items()},
    )
