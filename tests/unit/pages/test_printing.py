"""What a browser does with a page; skipped where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edgeproof.pages import assemble_page
from fakes.browser import Tab, require_browser, visit

if TYPE_CHECKING:
    from pathlib import Path

LINE = {"data": [{"type": "scatter", "y": [1, 3, 2], "line": {"color": "--earned"}}], "layout": {}}
FAR_DOWN = "".join(
    f'<div style="height: 3000px">far</div><details><summary>more</summary><div class="figure" data-figure="f{n}">'
    "</div></details>"
    for n in range(3)
)


@pytest.fixture
def page() -> str:
    require_browser()
    first = '<div class="figure" data-figure="first"></div>'
    return assemble_page(first + FAR_DOWN, title="t", figures={"first": LINE, **{f"f{n}": LINE for n in range(3)}})


COUNT = "document.querySelectorAll('.figure .main-svg .trace').length"


def ask_page(page: str, folder: Path, script: str) -> object:
    async def ask(tab: Tab) -> object:
        return await tab.run(script)

    return visit(page, folder, ask)


def test_only_what_is_in_view_is_drawn_on_a_screen(page: str, tmp_path: Path) -> None:
    assert ask_page(page, tmp_path, f"await wait(500); return {COUNT};") == 1


def test_paper_shows_every_figure_even_folded_ones_as_wide_as_the_paper(page: str, tmp_path: Path) -> None:
    script = f"""
        await wait(500);
        window.dispatchEvent(new Event("beforeprint"));
        const drawn = {COUNT};
        const widths = [...document.querySelectorAll(".figure")].map((one) => one.querySelector("svg").clientWidth);
        const open = document.querySelectorAll("details[open]").length;
        window.dispatchEvent(new Event("afterprint"));
        return [drawn, Math.max(...widths), open, document.querySelectorAll("details[open]").length];
    """
    assert ask_page(page, tmp_path, script) == [4, 680, 3, 0]


def test_printing_draws_what_was_never_scrolled_to(page: str, tmp_path: Path) -> None:
    async def ask(tab: Tab) -> tuple[bytes, object]:
        return await tab.print_paper(), await tab.run(f"return {COUNT};")

    paper, drawn = visit(page, tmp_path, ask)
    assert paper.startswith(b"%PDF")
    assert drawn == 4


def test_no_request_leaves_the_page(page: str, tmp_path: Path) -> None:
    script = """
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
        await fetch("http://127.0.0.1:9/").catch(() => 0);
        await wait(200);
        return refused;
    """
    assert ask_page(page, tmp_path, script) == ["connect-src"]
