from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_assumption_has_its_test_and_every_test_its_line() -> None:
    page = (ROOT / "docs" / "assumptions.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    files = (ROOT / "tests" / "unit" / "backtest").glob("test_assumptions*.py")
    trees = [ast.parse(file.read_text("utf-8")) for file in files if file.name != Path(__file__).name]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    written = {function.name for function in functions if function.name.startswith("test_")}
    assert named == written
