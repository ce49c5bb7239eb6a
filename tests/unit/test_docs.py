from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["cli.md", "settings.md"])
def test_generated_pages_say_what_the_code_does(page: str) -> None:
    written = (DOCS / "reference" / page).read_text("utf-8")
    assert written == load_generator().PAGES[page](), "renew it with `make docs`"


def test_every_command_explains_itself_and_its_options() -> None:
    generator = load_generator()
    for name, command in generator.walk_commands(generator.typer.main.get_command(generator.app), ("edgeproof",)):
        assert command.help, f"{name} has no help"
        silent = [p.name for p in command.params if p.name != "help" and not getattr(p, "help", None)]
        assert not silent, f"{name}: {silent} have no help"


def test_every_command_answers_in_json_and_takes_a_workspace() -> None:
    generator = load_generator()
    for name, command in generator.walk_commands(generator.typer.main.get_command(generator.app), ("edgeproof",)):
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--workspace"} <= options, name


def test_links_between_pages_lead_somewhere() -> None:
    pages = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.relative_to(DOCS.parent)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


def test_every_concept_and_how_to_is_on_the_index() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    absent = [
        str(page.relative_to(DOCS))
        for folder in ("concepts", "how-to", "reference")
        for page in (DOCS / folder).glob("*.md")
        if str(page.relative_to(DOCS)) not in index
    ]
    assert not absent


def test_every_command_is_on_the_index() -> None:
    generator = load_generator()
    rows = [line for line in (DOCS / "index.md").read_text("utf-8").splitlines() if line.startswith("| `edgeproof ")]
    for name, _ in generator.walk_commands(generator.typer.main.get_command(generator.app), ("edgeproof",)):
        _, first, *rest = name.split()
        # Of `features` and `strategies` the group alone is named.
        words = [first, *rest] if first in {"data", "simulate"} else [first]
        assert any(all(re.search(rf"\b{word}\b", row.split("|")[1]) for word in words) for row in rows), name
