"""What can be said about a strategy file beyond that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.strategies.document import find_comment, read_document
from edgeproof.strategies.library import read_text
from edgeproof.strategies.reading import parse_strategy

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.strategies.errors import Place
    from edgeproof.strategies.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A file's strategy, and how the file spells it.

    Attributes:
        strategy: What the file means.
        is_canonical: The file is spelled as ``Strategy.to_yaml`` spells it.
        first_comment: Where its first comment stands; the canonical spelling has none.
    """

    strategy: Strategy
    is_canonical: bool
    first_comment: Place | None


def inspect_file(path: Path) -> Inspection:
    """Read a strategy file and compare it with its canonical spelling.

    Raises:
        StrategyError, InvalidValue, Unreadable: As for ``load_strategy``.
    """
    text = read_text(path)
    strategy = parse_strategy(text, file=path.name)
    return Inspection(
        strategy=strategy,
        is_canonical=text == strategy.to_yaml(),
        first_comment=find_comment(read_document(text, path.name)),
    )
