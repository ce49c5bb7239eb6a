"""A strategy file's text to a Strategy: a strict schema, every refusal with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from edgeproof.domain.errors import InvalidValue, offer_names
from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.domain.time import Timeframe
from edgeproof.strategies.checking import Checker
from edgeproof.strategies.content import CONDITIONS, CONSTANTS, DISTANCES, RULES, Param
from edgeproof.strategies.document import ListNode, MapNode, Node, Scalar, read_document
from edgeproof.strategies.entering import Entry, LimitEntry, MarketEntry
from edgeproof.strategies.errors import StrategyError
from edgeproof.strategies.expressions import Expression, Kind
from edgeproof.strategies.formatting import sort_definitions
from edgeproof.strategies.operators import MAX_WINDOW
from edgeproof.strategies.sizing import FixedSize, Size, VolatilityTarget
from edgeproof.strategies.strategy import Strategy
from edgeproof.strategies.tokens import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUIRED_KEYS: Final = ("name", "thesis", "timeframe")
KEYS: Final = ("name", "thesis", "source", "tags", "timeframe", "params", "let", *RULES, "entry", "size")
MAX_LEVERAGE: Final = 150.0
_ENTRIES: Final = {"market": (), "limit": ("offset", "wait")}
_SIZES: Final = {"fixed": ("leverage",), "volatility_target": ("annual", "max_leverage")}
_RANGES: Final = {"take_share": (0.01, 1, False), "max_hold": (1, MAX_WINDOW, True), "cool_down": (1, MAX_WINDOW, True)}
_MAX_NAMES: Final = 100
_MAX_TEXT: Final = 2_000
_MAX_YEARLY_VOLATILITY: Final = 10.0
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def parse_strategy(text: str, *, file: str = "strategy") -> Strategy:
    """Read a strategy from YAML text.

    Args:
        text: The YAML.
        file: What messages call it.

    Raises:
        StrategyError: Whatever is wrong, with line and column.
    """
    top = read_document(text, file)
    _check_keys(top, KEYS, REQUIRED_KEYS, "key")
    if "long" not in top.entries and "short" not in top.entries:
        _refuse(top, "a strategy needs long or short: a condition to enter")
    timeframe = _read_timeframe(_scalar(top, "timeframe"))
    params = _read_params(top)
    definitions = _read_definitions(top, params)
    checker = Checker(params, definitions, timeframe)
    rules = _read_rules(top, checker)
    entry, size = _read_entry(top, checker), _read_size(top, checker)
    checker.check_definitions()
    _check_used(top, checker)
    return Strategy(
        name=_read_slug(_scalar(top, "name"), "name"),
        thesis=_read_prose(_scalar(top, "thesis")),
        source=_read_prose(_scalar(top, "source")) if "source" in top.entries else "",
        tags=_read_tags(top),
        timeframe=timeframe,
        params=_mark_counting(params, checker, top),
        let=sort_definitions(checker.let),
        entry=entry,
        size=size,
        **rules,
    )


def _read_rules(top: MapNode, checker: Checker) -> dict[str, Expression]:
    rules = {key: checker.check(_scalar(top, key), Kind.CONDITION) for key in CONDITIONS if key in top.entries}
    for side in ("long", "short"):
        if f"exit_{side}" in rules and side not in rules:
            _refuse(top.entries[f"exit_{side}"][0], f"exit_{side} without {side} has nothing to leave")
    rules |= {key: checker.check(_scalar(top, key), Kind.NUMBER) for key in DISTANCES if key in top.entries}
    if "take_share" in top.entries and "take" not in top.entries:
        _refuse(top.entries["take_share"][0], "take_share without take has no target at which to leave")
    for key in CONSTANTS:
        if key in top.entries:
            low, high, whole = _RANGES[key]
            rules[key] = checker.check_constant(_scalar(top, key), key, low, high, whole=whole)
    return rules


def _read_entry(top: MapNode, checker: Checker) -> Entry:
    if "entry" not in top.entries:
        return MarketEntry()
    node = _map(top, "entry")
    _check_keys(node, ("kind", *_ENTRIES["limit"]), ("kind",), "key of entry")
    kind = _scalar(node, "kind")
    if kind.text not in _ENTRIES:
        _refuse(kind, f"no kind of entry '{kind.text}'; {offer_names(kind.text, _ENTRIES)}")
    _check_keys(node, ("kind", *_ENTRIES[kind.text]), (), f"key of a {kind.text} entry")
    if kind.text == "market":
        return MarketEntry()
    if "offset" not in node.entries:
        _refuse(node, "a limit entry needs offset, a distance from the close such as 0.2 * atr(14)")
    offset = checker.check(_scalar(node, "offset"), Kind.NUMBER)
    if "wait" not in node.entries:
        return LimitEntry(offset=offset)
    return LimitEntry(
        offset=offset, wait=checker.check_constant(_scalar(node, "wait"), "wait", 1, MAX_WINDOW, whole=True)
    )


def _read_size(top: MapNode, checker: Checker) -> Size:
    if "size" not in top.entries:
        return FixedSize()
    node = _map(top, "size")
    _check_keys(node, ("kind", *{key for keys in _SIZES.values() for key in keys}), ("kind",), "key of size")
    kind = _scalar(node, "kind")
    if kind.text not in _SIZES:
        _refuse(kind, f"no kind of size '{kind.text}'; {offer_names(kind.text, _SIZES)}")
    _check_keys(node, ("kind", *_SIZES[kind.text]), (), f"key of a {kind.text} size")

    def read(key: str, high: float) -> Expression:
        return checker.check_constant(_scalar(node, key), key, 0.01, high, whole=False)

    if kind.text == "fixed":
        return FixedSize(leverage=read("leverage", MAX_LEVERAGE)) if "leverage" in node.entries else FixedSize()
    if "annual" not in node.entries:
        _refuse(node, "a volatility_target size needs annual, such as 0.2 for 20 % a year")
    annual = read("annual", _MAX_YEARLY_VOLATILITY)
    if "max_leverage" not in node.entries:
        _refuse(node, "a volatility_target size needs max_leverage, such as 2")
    return VolatilityTarget(annual=annual, max_leverage=read("max_leverage", MAX_LEVERAGE))


def _read_params(top: MapNode) -> dict[str, Param]:
    node = _map(top, "params") if "params" in top.entries else None
    if node is None:
        return {}
    _check_names(node, "params", ())
    return {name: _read_param(node, name) for name in node.entries}


def _read_param(params: MapNode, name: str) -> Param:
    key, node = params.entries[name]
    if not isinstance(node, MapNode):
        _refuse(key, f"param {name} is a map, as in {name}: {{default: 20, low: 5, high: 60}}")
    _check_keys(node, ("default", "low", "high"), ("default", "low", "high"), "key of a param")
    default, low, high = (_read_number(_scalar(node, part), f"{part} of {name}") for part in ("default", "low", "high"))
    if not low <= default <= high:
        _refuse(key, f"param {name} needs low <= default <= high; got {low:g}, {default:g}, {high:g}")
    return Param(default=default, low=low, high=high)


def _mark_counting(params: Mapping[str, Param], checker: Checker, top: MapNode) -> dict[str, Param]:
    """Params that count bars become whole; their numbers must be."""
    marked = {}
    for name, param in params.items():
        counts = name in checker.counting
        if counts and any(value != int(value) for value in (param.default, param.low, param.high)):
            _refuse(_map(top, "params").entries[name][0], f"param {name} counts bars, so its numbers must be whole")
        marked[name] = Param(default=param.default, low=param.low, high=param.high, integer=counts)
    return marked


def _read_definitions(top: MapNode, params: Mapping[str, Param]) -> dict[str, Scalar]:
    if "let" not in top.entries:
        return {}
    node = _map(top, "let")
    _check_names(node, "let", params)
    return {name: _scalar(node, name) for name in node.entries}


def _check_names(node: MapNode, what: str, taken: Iterable[str]) -> None:
    if len(node.entries) > _MAX_NAMES:
        _refuse(node, f"{len(node.entries)} names in {what}; at most {_MAX_NAMES}")
    for name, (key, _) in node.entries.items():
        _read_slug(key, f"a name in {what}")
        if name in KEYWORDS or name in VALUE_COLUMNS:
            _refuse(key, f"'{name}' already means something in every strategy; choose another name")
        if name in taken:
            _refuse(key, f"'{name}' is already a param; choose another name")


def _check_used(top: MapNode, checker: Checker) -> None:
    for what in ("params", "let"):
        if what not in top.entries:
            continue
        for name, (key, _) in _map(top, what).entries.items():
            if name not in checker.used:
                _refuse(key, f"'{name}' in {what} is used nowhere; use it or remove it")


def _check_keys(node: MapNode, known: Iterable[str], required: Iterable[str], what: str) -> None:
    names = tuple(known)
    for name, (key, _) in node.entries.items():
        if name not in names:
            _refuse(key, f"no {what} '{name[:40]}'; {offer_names(name[:40], names)}")
    for name in required:
        if name not in node.entries:
            _refuse(node, f"{name} is missing")


def _read_tags(top: MapNode) -> tuple[str, ...]:
    if "tags" not in top.entries:
        return ()
    key, node = top.entries["tags"]
    if not isinstance(node, ListNode):
        _refuse(key, "tags are a list, as in [trend, breakout]")
    tags = set()
    for item in node.items:
        if not isinstance(item, Scalar):
            _refuse(item, "a tag is one word, such as trend")
        tags.add(_read_slug(item, "a tag"))
    return tuple(sorted(tags))


def _read_timeframe(scalar: Scalar) -> Timeframe:
    try:
        return Timeframe.parse(scalar.text)
    except InvalidValue as error:
        return _refuse(scalar, str(error))


def _read_slug(scalar: Scalar, what: str) -> str:
    if not _SLUG.fullmatch(scalar.text):
        expected = "a lower-case letter, then letters, digits and underscores, 64 at most"
        _refuse(scalar, f"{what} cannot be '{scalar.text[:40]}'; expected {expected}")
    return scalar.text


def _read_prose(scalar: Scalar) -> str:
    text = " ".join(scalar.text.split())
    if not 0 < len(text) <= _MAX_TEXT:
        _refuse(scalar, f"{len(text)} characters; expected some, at most {_MAX_TEXT:,}")
    return text


def _read_number(scalar: Scalar, what: str) -> float:
    text = scalar.text.strip()
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    if value in (float("inf"), float("-inf")):
        _refuse(scalar, f"{what} cannot be '{text[:40]}'; expected a finite number")
    # Zero has one spelling.
    return value + 0.0


def _scalar(node: MapNode, key: str) -> Scalar:
    at, value = node.entries[key]
    if not isinstance(value, Scalar):
        _refuse(at, f"{key} is one value, not a map or a list; quote it if it begins with a bracket")
    if not value.text.strip():
        _refuse(at, f"{key} is empty; give it a value or remove it")
    return value


def _map(node: MapNode, key: str) -> MapNode:
    at, value = node.entries[key]
    if not isinstance(value, MapNode):
        _refuse(at, f"{key} is a map of names to values")
    return value


def _refuse(node: Node, reason: str) -> NoReturn:
    raise StrategyError(node.place(), reason)
