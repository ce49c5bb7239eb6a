from __future__ import annotations

import pytest

from edgeproof.strategies.expressions import Binary, Call, Name, Number, Text, Unary, format_expression, measure_depth
from edgeproof.strategies.parsing import MAX_DEPTH, parse_expression
from edgeproof.strategies.tokens import ExpressionError


def refuse(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    return caught.value


A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a / b / c", Binary("/", Binary("/", A, B), C)),
        ("a - (b - c)", Binary("-", A, Binary("-", B, C))),
        ("-a * b", Binary("*", Unary("-", A), B)),
        ("a * -b", Binary("*", A, Unary("-", B))),
        ("- -a", Unary("-", Unary("-", A))),
        ("a < b + c", Binary("<", A, Binary("+", B, C))),
        ("not a < b", Unary("not", Binary("<", A, B))),
        (
            "a < b and b < c or c < a",
            Binary("or", Binary("and", Binary("<", A, B), Binary("<", B, C)), Binary("<", C, A)),
        ),
        ("not not a", Unary("not", Unary("not", A))),
        ("a and not b", Binary("and", A, Unary("not", B))),
        ("lag(a, 2)", Call("lag", (A, Number(2.0)))),
        ("obv()", Call("obv", ())),
        ("on('1h', a)", Call("on", (Text("1h"), A))),
        (".5", Number(0.5)),
        ("1e-3", Number(0.001)),
        ("2.", Number(2.0)),
        ("android", Name("android")),
    ],
)
def test_operators_bind_as_in_arithmetic(text: str, expected: object) -> None:
    assert parse_expression(text) == expected


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("((a))+(b*c)", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b+c)", "a - (b + c)"),
        ("(a-b)+c", "a - b + c"),
        ("-(a*b)", "-(a * b)"),
        ("(-a)*b", "-a * b"),
        ("not(a<b)", "not a < b"),
        ("(not a)and b", "not a and b"),
        ("not(a and b)", "not (a and b)"),
        ("a and(b or c)", "a and (b or c)"),
        ("2.0*lag( a,1 )", "2 * lag(a, 1)"),
        ("0.10", "0.1"),
        ("1e30", "1e+30"),
        ("on('1h',a)", 'on("1h", a)'),
        ("a  <=\n b", "a <= b"),
    ],
)
def test_one_expression_has_one_spelling(text: str, spelled: str) -> None:
    assert format_expression(parse_expression(text)) == spelled
    assert parse_expression(spelled) == parse_expression(text)


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("", 0, "an expression is missing"),
        ("a +", 3, "the end where a value was expected"),
        ("a b", 2, "'b' where an operator or the end was expected"),
        ("a < b < c", 6, "comparisons do not chain"),
        ("a < not b", 4, "'not' needs parentheses"),
        ("-not a", 1, "'not' needs parentheses"),
        ("(a", 2, "the end where ')' was expected"),
        ("f(a,)", 4, "')' where a value was expected"),
        ("f(a", 3, "the end where ')' was expected"),
        ("a)", 1, "')' where an operator"),
        ("and a", 0, "'and' where a value was expected"),
        ("a && b", 2, "write 'and'"),
        ("a || b", 2, "write 'or'"),
        ("!a", 0, "write 'not'"),
        ("a = b", 2, "write =="),
        ("a % b", 2, "no remainder"),
        ("a ^ 2", 2, "no power"),
        ("a ** 2", 3, "'*' where a value was expected"),
        ("close[1]", 5, "lag(x, n)"),
        ("on('1h, a)", 3, "close the quotation mark"),
        ("5m", 0, "neither a number nor a name"),
        ("1.2.3", 0, "neither a number nor a name"),
        ("1e999", 0, "cannot be kept"),
        ("a ; b", 2, "';' is not part"),
        ("ä > 1", 0, r"'\xe4' is not part"),
        ("a + '<' < b", 4, ""),
    ],
)
def test_a_mistake_is_told_with_its_offset(text: str, at: int, reason: str) -> None:
    if not reason:
        assert parse_expression(text)
        return
    error = refuse(text)
    assert error.at == at
    assert reason in error.reason


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 900 + "a" + ")" * 900,
        "(" * 300 + "a" + ")" * 300,
        "-" * 900 + "a",
        "not " * 900 + "a",
        "a" + " + a" * 400,
        "f(" * 400 + "a" + ")" * 400,
        "a and " * 10_000 + "a",
    ],
)
def test_hostile_depth_and_length_end_in_a_message(text: str) -> None:
    assert "`let`" in refuse(text).reason


def test_depth_up_to_the_limit_is_fine() -> None:
    text = "(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1)
    assert parse_expression(text) == A
    chain = parse_expression("a" + " + a" * (MAX_DEPTH - 1))
    assert measure_depth(chain) == MAX_DEPTH
