from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeproof.domain.errors import UnknownName
from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.features import FEATURES
from edgeproof.strategies import load_strategy
from edgeproof.strategies.operators import OPERATORS
from edgeproof.strategies.reading import KEYS

DOCS = Path(__file__).parents[3] / "docs"
CONCEPT = (DOCS / "concepts" / "strategies.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to" / "write-a-strategy.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", HOW_TO, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_guide_are_strategies(text: str) -> None:
    assert load_strategy(text).thesis


def test_the_guide_has_examples() -> None:
    assert len(EXAMPLES) == 3


def test_the_page_explains_every_key_operator_and_column() -> None:
    absent = [key for key in KEYS if f"`{key}`" not in CONCEPT]
    absent += [operator.signature for operator in OPERATORS if f"`{operator.signature}`" not in CONCEPT]
    absent += [column for column in VALUE_COLUMNS if column not in CONCEPT]
    assert absent == []


def test_calls_named_in_the_guide_exist() -> None:
    for name in re.findall(r"\b([a-z_]+)\(", HOW_TO):
        if name == "rsii":
            continue
        if name not in FEATURES and name not in OPERATORS:
            raise UnknownName("feature or operator", name, [*FEATURES.names, *OPERATORS.names])
