"""An expression's text as words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

KEYWORDS: Final = frozenset({"and", "or", "not"})
MAX_TOKENS: Final = 1_000
SPLIT_ADVICE: Final = "; split it with `let`"

_PATTERN: Final = re.compile(
    r"""
    (?P<SPACE>\s+)
  | (?P<NUMBER>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))
  | (?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<TEXT>"[^"]*"|'[^']*')
  | (?P<SIGN><=|>=|==|!=|[-+*/(),<>])
    """,
    re.VERBOSE,
)
# What people write from habit, and what to write here instead.
_HABITS: Final = {
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not', or != to compare",
    "=": "write == to compare",
    "%": "there is no remainder",
    "^": "there is no power; write x * x",
    "[": "there are no brackets; the value n bars ago is lag(x, n)",
    ".": 'names have no dots; on the hour bar it is on("1h", x)',
    '"': "close the quotation mark",
    "'": "close the quotation mark",
}


class TokenKind(Enum):
    """What a token is."""

    NUMBER = auto()
    WORD = auto()
    TEXT = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression and its offset in the text."""

    kind: TokenKind
    text: str
    at: int

    def __str__(self) -> str:
        return "the end" if self.kind is TokenKind.END else f"'{self.text}'"


class ExpressionError(Exception):
    """Something wrong at an offset of an expression; the reader of the file turns it into a place."""

    def __init__(self, at: int, reason: str) -> None:
        self.at = at
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[ExpressionError], tuple[int, str]]:
        return (type(self), (self.at, self.reason))


def split_tokens(text: str) -> list[Token]:
    """Split an expression into tokens, the last of kind END.

    Raises:
        ExpressionError: A character that begins nothing, or too many tokens.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _PATTERN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ExpressionError(at, _explain(text, at))
        if found.lastgroup != "SPACE":
            tokens.append(_make_token(found))
        if len(tokens) > MAX_TOKENS:
            raise ExpressionError(at, f"longer than {MAX_TOKENS:,} words{SPLIT_ADVICE}")
        at = found.end()
    return [*tokens, Token(TokenKind.END, "", len(text.rstrip()))]


def _make_token(found: re.Match[str]) -> Token:
    kind = TokenKind[found.lastgroup or "END"]
    text = found[0][1:-1] if kind is TokenKind.TEXT else found[0]
    return Token(kind, text, found.start())


def _explain(text: str, at: int) -> str:
    if text[at].isdigit() or (text[at] == "." and text[at + 1 : at + 2].isdigit()):
        return "this is neither a number nor a name; numbers look like 2, 0.5 or 1e-3, and names begin with a letter"
    hint = _HABITS.get(text[at])
    return f"{text[at]!a} is not part of an expression{f'; {hint}' if hint else ''}"
