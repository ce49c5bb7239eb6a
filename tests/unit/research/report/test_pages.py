"""The report for people: one page that fetches nothing, Markdown that breaks nothing, and no name that can do harm."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.domain.errors import WorkError
from edgeproof.execution import Costs, HourlySlippage, Regime
from edgeproof.research.report import build_report, render_html, render_markdown, write_reports
from edgeproof.research.report.figures import draw_figures, draw_sparkline
from edgeproof.research.report.markdown import escape_markdown
from fakes.cycle_results import make_result
from fakes.pages import PageReader

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><script>alert(1)</script> | `x` <img src=x onerror=alert(2)> {{ 7*7 }}"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return build_report(make_result())


@pytest.fixture(scope="module")
def page(report: dict[str, Any]) -> str:
    return render_html(report)


def test_the_page_reaches_for_nothing_outside_itself(page: str) -> None:
    tags = PageReader(page).tags
    assert not [tag for tag, _ in tags if tag in {"link", "iframe", "object", "embed", "img", "base", "form"}]
    assert not [attrs for _, attrs in tags if "src" in attrs or str(attrs.get("href", "#"))[:1] != "#"]
    policy = [attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy[0] is not None
    assert policy[0].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "told",
    [
        "no lot, tick or minimum size: the venue's rules are not known for imported data",
        "measured at hourly closes; a fall inside an hour that came back is not in it",
        "taker fee 0.060 %",
        "slippage 0.052 % a side, latency 250 ms; entries that rest pay 0.020 %",
        "filled by a touch 67 % of the time",
        "funding settled",
    ],
)
def test_both_forms_say_what_was_assumed(page: str, report: dict[str, Any], told: str) -> None:
    assert told in PageReader(page).words
    assert told in render_markdown(report)


def test_both_forms_say_which_slippage_was_assumed_where(report: dict[str, Any]) -> None:
    costs = Costs(
        hourly=HourlySlippage(buy=(0.0003,) * 23 + (0.0008,), sell=(0.0004,) * 24),
        fill_probability=0.5,
        regimes=(Regime(when="close < 2 and open > 1", factor=1.8), Regime(when="adx(14) > 40", factor=0.5)),
    )
    calibrated = {**report, "costs": {**report["costs"], "assumed": costs.to_dict()}}
    told = (
        "slippage 0.030 % to 0.080 % by UTC hour and side, times 0.5 where adx(14) > 40, times 1.8 where close < 2 and"
        " open > 1, latency 250 ms; entries that rest pay 0.020 % and are filled by a touch 50 % of the time"
    )
    assert told in PageReader(render_html(calibrated)).words
    assert escape_markdown(told) in render_markdown(calibrated)


def test_a_report_from_before_funding_was_counted_can_still_be_read(report: dict[str, Any]) -> None:
    new = ("funding_settlements", "longest_unfunded_hours")
    rows = [{key: value for key, value in one.items() if key not in new} for one in report["data"]["symbols"]]
    costs = {key: value for key, value in report["costs"].items() if key != "rules"}
    older = {**report, "data": {**report["data"], "symbols": rows}, "costs": costs}
    assert "| - | - |" in render_markdown(older)
    assert '<td class="n">-</td><td class="n">-</td></tr>' in render_html(older)


def test_the_chart_library_is_inside_once(page: str) -> None:
    assert page.count("plotly.js v") == 1


def test_the_verdict_and_the_trials_come_before_the_sharpe_ratio(page: str) -> None:
    words = PageReader(page).words
    verdict, trials, sharpe = (words.index(w) for w in ("Nothing is proven", "trials ever recorded", "Sharpe"))
    assert verdict < trials < sharpe


def test_every_strategy_gate_and_market_is_on_the_page(report: dict[str, Any], page: str) -> None:
    words = PageReader(page).words
    for row in report["pools"]["strategies"]:
        assert row["strategy"] in words
        assert row["summary"] in words
        for gate in row["evidence"]["gates"]:
            assert gate["question"] in words
    for market in report["data"]["symbols"]:
        assert market["instrument"] in words


def test_every_chart_of_the_page_has_a_figure(report: dict[str, Any], page: str) -> None:
    wanted = {attrs["data-figure"] for _, attrs in PageReader(page).tags if "data-figure" in attrs}
    assert wanted == set(draw_figures(report))
    embedded = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert json.loads(embedded[1]) == json.loads(json.dumps(draw_figures(report)))


def test_every_colour_of_a_figure_is_a_style_of_the_page(report: dict[str, Any], page: str) -> None:
    named = set(re.findall(r'"(--[a-z0-9-]+)"', json.dumps(draw_figures(report))))
    assert named
    assert named <= set(re.findall(r"(--[a-z0-9-]+):", page))


def test_a_hostile_thesis_stays_text() -> None:
    hostile = build_report(make_result(thesis=HOSTILE))
    plain = build_report(make_result())
    attacked, harmless = PageReader(render_html(hostile)), PageReader(render_html(plain))
    assert [tag for tag, _ in attacked.tags] == [tag for tag, _ in harmless.tags]
    assert HOSTILE in attacked.words


def test_a_hostile_name_stays_text_in_figures_too() -> None:
    names = (HOSTILE, "b", "c", "d")
    attacked = PageReader(render_html(build_report(make_result(strategies=names))))
    assert not [tag for tag, attrs in attacked.tags if tag == "img" or "onerror" in attrs]
    assert sum(tag == "script" for tag, _ in attacked.tags) == 3


def test_markdown_tables_keep_their_columns() -> None:
    text = render_markdown(build_report(make_result(strategies=("a|b", "<i>", "`c`", "d_e"), thesis=HOSTILE)))
    tables = [line for line in text.splitlines() if line.startswith("|")]
    pool = [line for line in tables if "a\\|b" in line]
    assert len(re.findall(r"(?<!\\)\|", pool[0])) == 12
    assert "<script" not in text.replace("\\<script", "")


def test_markdown_escapes_what_it_would_read_as_its_own() -> None:
    assert escape_markdown("a_b |c|\n# d") == "a\\_b \\|c\\| \\# d"


def test_markdown_says_the_verdict_before_the_sharpe_ratio(report: dict[str, Any]) -> None:
    text = render_markdown(report)
    assert text.index("Nothing is proven") < text.index("trials ever recorded") < text.index("Sharpe")


def test_a_report_without_a_pool_still_has_its_pages() -> None:
    empty = {**build_report(make_result()), "archived": [], "failures": [], "review": []}
    empty["pools"] = {"strategies": [], "models": [], "ensembles": []}
    assert "No strategy could be ranked." in render_html(empty)
    assert "## Data" in render_markdown(empty)


def test_a_sparkline_stays_in_its_box() -> None:
    points = draw_sparkline({"equity": [1.0, 3.0, 2.0, 5.0]}).split()
    assert points[0] == "0.0,23.0"
    assert points[-1] == "96.0,1.0"
    assert draw_sparkline({"equity": [2.0]}) == "0.0,23.0"


def test_reports_are_written_beside_each_other(report: dict[str, Any], tmp_path: Path) -> None:
    written = write_reports(report, tmp_path / "reports")
    assert json.loads(written["json"].read_text("utf-8")) == report
    assert written["markdown"].read_text("utf-8") == render_markdown(report)
    assert written["html"].read_text("utf-8") == render_html(report)
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == sorted(p.name for p in written.values())


def test_a_place_that_cannot_be_written_is_one_line(report: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken", "utf-8")
    with pytest.raises(WorkError, match="cannot write"):
        write_reports(report, tmp_path / "file")
