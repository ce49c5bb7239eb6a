"""A request as it came in, and its parameters, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgeproof.simulator.exchange.engine.refusal import refuse_missing, refuse_parameter

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        method: Upper case.
        path: Without the query.
        target: Path and query exactly as sent, which is what a signature covers.
        query: The query's parameters.
        headers: With names in lower case.
        body: The body's bytes.
        address: Who asks.
    """

    method: str
    path: str
    target: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = "127.0.0.1"


def require_text(parameters: Mapping[str, Any], name: str) -> str:
    """A parameter that has to be there."""
    value = parameters.get(name)
    if value is None or value == "":
        raise refuse_missing(name)
    if not isinstance(value, str):
        raise refuse_parameter(name)
    return value


def read_whole(parameters: Mapping[str, Any], name: str) -> int | None:
    """A parameter that is a whole number, 0 or more, if it is there."""
    value = str(parameters.get(name, ""))
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise refuse_parameter(name)
    return int(value)


def read_limit(parameters: Mapping[str, Any], name: str, *, default: int, most: int) -> int:
    """How many records are wanted; more than the most means the most."""
    value = read_whole(parameters, name)
    if value == 0:
        raise refuse_parameter(name)
    return min(default if value is None else value, most)


def read_choice(parameters: Mapping[str, Any], name: str, known: Container[str], *, default: str) -> str:
    """A parameter that is one of some words."""
    value = parameters.get(name) or default
    if not isinstance(value, str) or value not in known:
        raise refuse_parameter(name)
    return value
