from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_difference_on_the_page_has_its_test_and_every_test_its_line() -> None:
    page = (ROOT / "docs" / "concepts" / "parity.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)`", page)
    tree = ast.parse(Path(__file__).with_name("test_differences.py").read_text("utf-8"))
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert sorted(named) == sorted(written)
