"""A strategy's canonical spelling: one order of keys, one way to write each value.

Params stand in the order of their names; a ``let`` name stands after those it uses, by name where that leaves a choice.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from edgeproof.strategies.expressions import Expression, Name, format_expression, format_number, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgeproof.strategies.content import Content, Param

_WIDTH: Final = 100
# Text that any YAML reader takes as it stands.
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9(]|-(?=[A-Za-z0-9(-]))[^:#]*")


def format_content(content: Content) -> str:
    """Spell a strategy canonically. Reading the text gives the strategy, and formatting that gives the text again."""
    return "\n".join(_list_lines(content)) + "\n"


def sort_definitions(let: Mapping[str, Expression]) -> dict[str, Expression]:
    """The definitions, each after those it uses; they form no circle."""
    uses = {name: {n.name for n in walk(made) if isinstance(n, Name) and n.name in let} for name, made in let.items()}
    placed: dict[str, Expression] = {}
    while len(placed) < len(let):
        ready = min(name for name in let if name not in placed and uses[name] <= placed.keys())
        placed[ready] = let[ready]
    return placed


def _list_lines(content: Content) -> Iterator[str]:
    yield f"name: {content.name}"
    yield from _spell("thesis", content.thesis)
    if content.source:
        yield from _spell("source", content.source)
    if content.tags:
        yield f"tags: [{', '.join(content.tags)}]"
    yield f"timeframe: {content.timeframe.name}"
    if content.params:
        yield "params:"
        yield from (f"  {name}: {_spell_param(param)}" for name, param in sorted(content.params.items()))
    if content.let:
        yield "let:"
        for name, expression in sort_definitions(content.let).items():
            yield from _spell(name, format_expression(expression), indent="  ")
    for key, rule in content.rules.items():
        yield from _spell(key, format_expression(rule))
    if content.entry.parts:
        yield "entry:"
        yield f"  kind: {content.entry.kind}"
        for key, part in content.entry.parts.items():
            yield from _spell(key, format_expression(part), indent="  ")
    yield "size:"
    yield f"  kind: {content.size.kind}"
    for key, part in content.size.parts.items():
        yield from _spell(key, format_expression(part), indent="  ")


def _spell(key: str, text: str, indent: str = "") -> Iterator[str]:
    line = f"{indent}{key}: {text}"
    if len(line) <= _WIDTH and _PLAIN.fullmatch(text):
        yield line
        return
    yield f"{indent}{key}: >-"
    inside = f"{indent}  "
    yield from textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=inside,
        subsequent_indent=inside,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _spell_param(param: Param) -> str:
    numbers = {"default": param.default, "low": param.low, "high": param.high}
    return f"{{{', '.join(f'{key}: {_spell_signed(value)}' for key, value in numbers.items())}}}"


def _spell_signed(value: float) -> str:
    return f"-{format_number(-value)}" if value < 0 else format_number(value)
