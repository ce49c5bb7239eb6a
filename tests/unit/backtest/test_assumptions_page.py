from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_assumption_has_its_test_and_every_test_its_line() -> None:
    page = (ROOT / "docs" / "assumptions.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    tree = ast.parse((ROOT / "tests" / "unit" / "backtest" / "test_assumptions.py").read_text("utf-8"))
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert named == written
