from __future__ import annotations

import pytest

from edgeproof.strategies.document import MapNode, Scalar, find_comment, read_document
from edgeproof.strategies.errors import StrategyError


def read(text: str) -> MapNode:
    return read_document(text, "desk.yaml")


def text_of(document: MapNode, key: str) -> str:
    node = document.entries[key][1]
    assert isinstance(node, Scalar)
    return node.text


def refuse(text: str) -> StrategyError:
    with pytest.raises(StrategyError) as caught:
        read(text)
    return caught.value


def test_values_stay_text_whatever_yaml_would_make_of_them() -> None:
    document = read("a: yes\nb: 0x10\nc: 2025-01-01\nd: 1_000\ne: null\non: off\n")
    assert [text_of(document, key) for key in ("a", "b", "c", "d", "e", "on")] == [
        "yes",
        "0x10",
        "2025-01-01",
        "1_000",
        "null",
        "off",
    ]


def test_commas_inside_parentheses_belong_to_the_expression_also_in_a_flow_map() -> None:
    inner = read('let: {z: zscore(close - vwap(48), 48), m: max(open, on("1h", close), lag(low, 2))}').entries["let"][1]
    assert isinstance(inner, MapNode)
    assert {key: text_of(inner, key) for key in inner.entries} == {
        "z": "zscore(close - vwap(48), 48)",
        "m": 'max(open, on("1h", close), lag(low, 2))',
    }


def test_an_unclosed_parenthesis_does_not_swallow_the_next_line() -> None:
    inner = read("thesis: a (b, c\nsize: {kind: fixed, leverage: 2}").entries["size"][1]
    assert isinstance(inner, MapNode)
    assert list(inner.entries) == ["kind", "leverage"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: one two", (1, 8)),
        ('a: "one two"', (1, 9)),
        ("a: 'one two'", (1, 9)),
        ("a: 'it''s two'", (1, 11)),
        ("a: >-\n  one\n  two\n", (3, 3)),
        ("a: |\n  one\n  two\n", (3, 3)),
        ("a: one\n  two\n", (2, 3)),
    ],
)
def test_a_word_is_found_where_it_stands_however_the_value_is_written(text: str, place: tuple[int, int]) -> None:
    scalar = read(text).entries["a"][1]
    assert isinstance(scalar, Scalar)
    found = scalar.place(scalar.text.index("two"))
    assert (found.line, found.column) == place


def test_the_end_of_a_value_has_a_place_too() -> None:
    scalar = read("a: one\nb: two\n").entries["a"][1]
    assert isinstance(scalar, Scalar)
    assert str(scalar.place(3)) == "desk.yaml:1:7"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\n", "anchors and aliases"),
        ("a: *x\n", "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "tags"),
        ("a: !thing 1\n", "tags"),
        ("a: 1\na: 2\n", "'a' is given twice, first on line 1"),
        ("a: {b: {c: {d: {e: 1}}}}\n", "nested too deeply"),
        ("? [a]\n: b\n", "a key must be a plain name"),
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("- 1\n", "a map of keys"),
        ("", "a map of keys"),
        ("just words\n", "a map of keys"),
        ("a: 'open\n", "not YAML"),
        ("a: b: c\n", "not YAML"),
        ("a: {b: 1\n", "not YAML"),
        ("a: \x07\n", r"the character '\x07' has no place"),
        ("a: \ue000\n", "has no place"),
        ('a: "\\e[31m"\n', r"the character '\x1b' has no place"),
        ("a: " + "x" * 70_000, "at most 65,536"),
        ("[" * 60_000, "nested too deeply"),
        ("a: [" + "x, " * 6_000 + "]", "too many values"),
    ],
)
def test_what_is_not_a_plain_map_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert reason in str(refuse(text))


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    laughs = "a: &a [ha, ha]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert refuse(laughs).place.line == 1


def test_messages_are_one_line_and_show_the_spot() -> None:
    message = str(refuse("name: x\nlong: &y clo\tse\n"))
    assert "\n" not in message
    assert message.startswith("desk.yaml:2:7: ")
    assert r"long: ^&y clo\tse" in message


def test_words_of_the_file_reach_the_message_shortened_and_without_line_breaks() -> None:
    message = str(refuse(f'"a\\n{"x" * 5_000}": 1\n"a\\n{"x" * 5_000}": 2\n'))
    assert "\n" not in message
    assert len(message) < 800


def test_a_long_line_is_shown_around_the_spot_only() -> None:
    excerpt = refuse(f"a: {'x' * 200}\nb: {'y' * 100} & b: c{'z' * 100}\n").place.excerpt
    assert excerpt.startswith("...")
    assert excerpt.endswith("...")
    assert len(excerpt) < 90


def test_windows_line_ends_do_not_move_the_place() -> None:
    assert refuse("a: 1\r\nb: 2\r\nb: 3\r\n").place.line == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n# why\nb: 2\n", 2),
        ("a: 1  # why\n", 1),
        ("a: 'not # one'\nb: >-\n  nor # this\n", None),
        ("a: {b: 1, c: 2} # yes\n", 1),
        ("a: x#y\n", None),
    ],
)
def test_comments_are_told_from_values(text: str, line: int | None) -> None:
    found = find_comment(read(text))
    assert (found.line if found else None) == line
