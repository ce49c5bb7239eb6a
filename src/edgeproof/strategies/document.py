"""A strategy file as a tree of places: YAML, read without anything that could surprise.

1. Size and characters are checked, then commas inside parentheses are masked (`_mask_commas`), so that
   ``let: {z: zscore(close, 48)}`` means what it says although YAML ends a plain value at a comma.
2. PyYAML turns the text into events; its constructors, tags, anchors and aliases never run.
3. The events become maps, lists and scalars that know their places; doubled keys and depth are refused here.

Scalars stay text: whether ``48`` is a number is the schema's business, not YAML's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import yaml

from edgeproof.strategies.errors import Place, StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_CHARACTERS: Final = 65_536
_MAX_DEPTH: Final = 4
_MAX_EVENTS: Final = 5_000
_MASKED_COMMA: Final = "\ue000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text of one strategy and what to call it in messages."""

    name: str
    text: str

    def place(self, index: int) -> Place:
        """The place of a character."""
        at = min(max(index, 0), len(self.text))
        start = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        line = self.text[start : end if end >= 0 else len(self.text)]
        return Place(
            file=self.name, line=self.text.count("\n", 0, at) + 1, column=at - start + 1, text=line.rstrip("\r")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A piece of text and where it stands: characters ``start`` up to ``end`` of the source, quotes included."""

    source: Source
    text: str
    start: int
    end: int
    style: str | None = None

    def place(self, offset: int = 0) -> Place:
        """The place of one character of the text, also where YAML folded lines or unquoted."""
        return self.source.place(self._find(offset))

    def _find(self, offset: int) -> int:
        raw = self.source.text[self.start : self.end]
        at = _count_header(raw, self.style)
        # Folding changes only white space, so the n-th visible character of one is the n-th of the other.
        visible = sum(not c.isspace() for c in self.text[:offset])
        after = at
        for count, index in enumerate(_walk_visible(raw, at, self.style)):
            if count == visible:
                return self.start + index
            after = index + 1
        return self.start + after


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A map whose keys are text, in the order written."""

    source: Source
    entries: Mapping[str, tuple[Scalar, Node]]
    start: int

    def place(self) -> Place:
        """Where it begins."""
        return self.source.place(self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A list."""

    source: Source
    items: tuple[Node, ...]
    start: int

    def place(self) -> Place:
        """Where it begins."""
        return self.source.place(self.start)


Node = Scalar | MapNode | ListNode


def read_document(text: str, name: str) -> MapNode:
    """Read one YAML document whose top is a map.

    Raises:
        StrategyError: It is too large, not YAML, not one map, or uses tags, anchors or a key twice.
    """
    source = Source(name=name, text=text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) > MAX_CHARACTERS:
        raise StrategyError(source.place(0), f"{len(text):,} characters; a strategy has at most {MAX_CHARACTERS:,}")
    _refuse_odd_characters(source.text, source.place)
    top = _Reader(source).read()
    if not isinstance(top, MapNode):
        raise StrategyError(source.place(0), "a strategy is a map of keys such as name, timeframe and long")
    return top


def find_comment(document: MapNode) -> Place | None:
    """The first comment of a document, or None."""
    text = document.source.text
    spans = sorted((scalar.start, scalar.end) for scalar in _list_scalars(document))
    at = text.find("#")
    while at >= 0:
        inside = next((end for start, end in spans if start <= at < end), None)
        if inside is None:
            return document.source.place(at)
        at = text.find("#", inside)
    return None


def _list_scalars(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case ListNode():
            for item in node.items:
                yield from _list_scalars(item)
        case MapNode():
            for key, value in node.entries.values():
                yield key
                yield from _list_scalars(value)


class _Reader:
    """Builds the tree from PyYAML's events; its depth is bounded, so recursion is safe."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events = self._parse(_mask_commas(source.text))

    def read(self) -> Node | None:
        top: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if top is not None:
                    self._refuse(_index(event.start_mark), "a second document; one file holds one strategy")
                top = self._build(next(self._events), depth=0)
        return top

    def _parse(self, text: str) -> Iterator[yaml.Event]:
        try:
            for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
                if count > _MAX_EVENTS:
                    self._refuse(_index(event.start_mark), "too many values for one strategy")
                yield event
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = " ".join((error.problem or error.context or "it is broken").split())
            problem += "; quote a value that has a colon and a space in it" if "mapping values" in problem else ""
            self._refuse(_index(mark), f"not YAML: {problem}")
        except yaml.YAMLError as error:
            self._refuse(0, f"not YAML: {' '.join(str(error).split())[:120]}")

    def _build(self, event: yaml.Event, depth: int) -> Node:
        start = _index(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(start, "anchors and aliases (& and *) are not part of a strategy; write the value out")
        if getattr(event, "tag", None):
            self._refuse(start, "tags (!) are not part of a strategy; write the plain value")
        if isinstance(event, yaml.ScalarEvent):
            text = event.value.replace(_MASKED_COMMA, ",")
            # A quoted value can spell characters that the file itself does not contain.
            _refuse_odd_characters(text, lambda _: self._source.place(start))
            return Scalar(source=self._source, text=text, start=start, end=_index(event.end_mark), style=event.style)
        if depth >= _MAX_DEPTH:
            self._refuse(start, "nested too deeply for a strategy")
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(source=self._source, items=tuple(self._build_items(depth)), start=start)
        return MapNode(source=self._source, entries=self._build_entries(depth), start=start)

    def _build_items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._build(event, depth + 1)

    def _build_entries(self, depth: int) -> dict[str, tuple[Scalar, Node]]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._build(event, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(key.start, "a key must be a plain name")
            if key.text in entries:
                first = entries[key.text][0].place()
                self._refuse(key.start, f"'{key.text}' is given twice, first on line {first.line}; keep one")
            entries[key.text] = (key, self._build(next(self._events), depth + 1))
        return entries

    def _refuse(self, index: int, reason: str) -> NoReturn:
        raise StrategyError(self._source.place(index), reason.replace(_MASKED_COMMA, ","))


def _refuse_odd_characters(text: str, find_place: Callable[[int], Place]) -> None:
    for index, character in enumerate(text):
        if character == _MASKED_COMMA or not (character.isprintable() or character in "\n\t"):
            raise StrategyError(find_place(index), f"the character {character!a} has no place in a strategy")


def _index(mark: object) -> int:
    return int(getattr(mark, "index", 0))


def _mask_commas(text: str) -> str:
    """Replace commas inside parentheses by a character YAML does not act on, line by line, keeping every position."""
    masked = []
    depth = 0
    for character in text:
        if character == "\n":
            depth = 0
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        masked.append(_MASKED_COMMA if character == "," and depth else character)
    return "".join(masked)


def _count_header(raw: str, style: str | None) -> int:
    """How many characters of a scalar's source come before its text."""
    if style in ("|", ">"):
        return raw.find("\n") + 1
    return 1 if style in ("'", '"') else 0


def _walk_visible(raw: str, start: int, style: str | None) -> Iterator[int]:
    """Positions of visible characters in a scalar's source, an escape counted as the one character it stands for."""
    escape = {"'": "'", '"': "\\"}.get(style or "")
    index = start
    while index < len(raw):
        if raw[index].isspace():
            index += 1
            continue
        yield index
        index += 2 if raw[index] == escape else 1
