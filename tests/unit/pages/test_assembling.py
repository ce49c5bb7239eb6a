from __future__ import annotations

import jinja2
import pytest

from edgeproof.pages import assemble_page, draw_waterfall, open_templates, say_number, say_percent, say_signed_percent
from fakes.pages import read_island

HOSTILE = "</title></script><script>alert(1)</script>"


def test_figures_and_islands_arrive_as_they_were_given() -> None:
    figure = {"data": [{"y": [1.5, None], "name": HOSTILE}], "layout": {}}
    page = assemble_page("<p>x</p>", title="t", figures={"one": figure}, islands={"more": {"a": [1, "é"]}})
    assert read_island(page, "figures") == {"one": figure}
    assert read_island(page, "more") == {"a": [1, "é"]}


def test_a_number_that_is_not_finite_becomes_null() -> None:
    page = assemble_page("", title="t", figures={"one": {"y": [float("nan"), (float("inf"), 1.0)]}})
    assert read_island(page, "figures") == {"one": {"y": [None, [None, 1.0]]}}


def test_a_title_stays_text() -> None:
    page = assemble_page("", title=HOSTILE, figures={})
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_templates_escape_what_is_filled_in_and_refuse_what_is_not() -> None:
    template = open_templates().from_string("{{ name }}")
    assert template.render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(jinja2.UndefinedError, match="name"):
        template.render()


def test_a_waterfall_falls_from_gross_to_net() -> None:
    costs = {"gross": 100.0, "slippage": 10.0, "fees": 20.0, "funding": -5.0, "net": 75.0}
    (trace,) = draw_waterfall(costs)["data"]
    assert dict(zip(trace["x"], trace["y"], strict=True)) == {
        "before<br>costs": 100.0,
        "slippage": -10.0,
        "fees": -20.0,
        "funding": 5.0,
        "net": 75.0,
    }
    assert sum(trace["y"][:-1]) == trace["y"][-1]


@pytest.mark.parametrize(("gross", "net", "colour"), [(100.0, 75.0, "--earned"), (10.0, -15.0, "--lost")])
def test_what_was_left_has_the_colour_of_its_sign(gross: float, net: float, colour: str) -> None:
    (trace,) = draw_waterfall({"gross": gross, "slippage": 10.0, "fees": 15.0, "funding": 0.0, "net": net})["data"]
    assert trace["totals"]["marker"]["color"] == colour
    # What prices gave is a step like any other: from zero up in green, or down in red.
    assert trace["measure"] == ["relative"] * 4 + ["total"]


def test_nothing_lost_is_not_a_loss() -> None:
    assert say_signed_percent(-1e-9) == "+0.0 %"
    assert say_number(-0.001) == "0.00"
    assert (say_percent(None), say_percent(0.1234), say_number(12_345.678)) == ("-", "12.3 %", "12,345.68")
