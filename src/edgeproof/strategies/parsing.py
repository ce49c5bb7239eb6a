"""Expression text to expression tree: precedence climbing over the tokens.

    expression  = or
    or          = and { "or" and }
    and         = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum         = product { ("+" | "-") product }
    product     = signed { ("*" | "/") signed }
    signed      = "-" signed | atom
    atom        = number | text | name | name "(" [ expression { "," expression } ] ")" | "(" expression ")"

Types are the checker's business. Depth is bounded here, so that nothing behind the parser can recurse too far.
"""

from __future__ import annotations

import math
from typing import Final, NoReturn

from edgeproof.strategies.expressions import (
    COMPARISONS,
    NEGATE_PRECEDENCE,
    NOT_PRECEDENCE,
    PRECEDENCE,
    Binary,
    Call,
    Expression,
    Name,
    Number,
    Text,
    Unary,
    measure_depth,
)
from edgeproof.strategies.tokens import KEYWORDS, SPLIT_ADVICE, ExpressionError, Token, TokenKind, split_tokens

MAX_DEPTH: Final = 40


def parse_expression(text: str) -> Expression:
    """Parse one expression.

    Raises:
        ExpressionError: Not an expression, or nested too deeply; with the offset.
    """
    parser = _Parser(split_tokens(text))
    found = parser.parse_whole()
    if measure_depth(found) > MAX_DEPTH:
        raise ExpressionError(found.at, f"deeper than {MAX_DEPTH} levels{SPLIT_ADVICE}")
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def parse_whole(self) -> Expression:
        if self._peek().kind is TokenKind.END:
            self._refuse("an expression is missing here")
        found = self._parse(0)
        if self._peek().kind is not TokenKind.END:
            self._refuse(f"{self._peek()} where an operator or the end was expected")
        return found

    def _parse(self, binds_tighter_than: int) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"nested deeper than {MAX_DEPTH} levels{SPLIT_ADVICE}")
        left = self._parse_prefix(binds_tighter_than)
        while (binds := self._peek_precedence()) > binds_tighter_than:
            sign = self._take()
            right = self._parse(binds)
            left = Binary(sign.text, left, right, sign.at)
            if binds == self._peek_precedence() and sign.text in COMPARISONS:
                self._refuse("comparisons do not chain; write a < b and b < c")
        self._depth -= 1
        return left

    def _parse_prefix(self, binds_tighter_than: int) -> Expression:
        token = self._take()
        found: Expression
        match token.kind, token.text:
            case TokenKind.NUMBER, _:
                found = self._read_number(token)
            case TokenKind.TEXT, _:
                found = Text(token.text, token.at)
            case TokenKind.WORD, "not":
                if binds_tighter_than >= NOT_PRECEDENCE:
                    self._refuse("'not' needs parentheses here: write (not ...)", token)
                found = Unary("not", self._parse(NOT_PRECEDENCE - 1), token.at)
            case TokenKind.WORD, _ if token.text not in KEYWORDS:
                found = self._parse_name(token)
            case TokenKind.SIGN, "-":
                found = Unary("-", self._parse(NEGATE_PRECEDENCE - 1), token.at)
            case TokenKind.SIGN, "(":
                found = self._parse(0)
                self._expect_close(token)
            case _:
                self._refuse(f"{token} where a value was expected", token)
        return found

    def _parse_name(self, token: Token) -> Expression:
        if self._peek().text != "(" or self._peek().kind is not TokenKind.SIGN:
            return Name(token.text, token.at)
        opening = self._take()
        arguments: list[Expression] = []
        if not self._next_is(")"):
            arguments.append(self._parse(0))
            while self._next_is(","):
                self._take()
                arguments.append(self._parse(0))
        self._expect_close(opening)
        return Call(token.text, tuple(arguments), token.at)

    def _read_number(self, token: Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value):
            self._refuse("a number this large cannot be kept", token)
        return Number(value, token.at)

    def _expect_close(self, opening: Token) -> None:
        if not self._next_is(")"):
            self._refuse(f"{self._peek()} where ')' was expected, to close the '(' at character {opening.at + 1}")
        self._take()

    def _peek_precedence(self) -> int:
        token = self._peek()
        return PRECEDENCE.get(token.text, 0) if token.kind in (TokenKind.SIGN, TokenKind.WORD) else 0

    def _next_is(self, sign: str) -> bool:
        return self._peek().kind is TokenKind.SIGN and self._peek().text == sign

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _refuse(self, reason: str, token: Token | None = None) -> NoReturn:
        raise ExpressionError((token or self._peek()).at, reason)
