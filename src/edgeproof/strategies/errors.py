"""What can be wrong with a strategy, and where it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edgeproof.domain.errors import RequestError

_SHOWN_BEFORE: Final = 30
_SHOWN_AFTER: Final = 40
_LONGEST_REASON: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot in a strategy's text.

    Attributes:
        file: The file's name, or what stands for one.
        line: Counted from 1.
        column: Counted from 1, in characters.
        text: The whole line, without its end.
    """

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def excerpt(self) -> str:
        """The line around the spot, a caret before what is meant."""
        at = self.column - 1
        before = self.text[max(0, at - _SHOWN_BEFORE) : at].lstrip() if at > _SHOWN_BEFORE else self.text[:at].lstrip()
        after = self.text[at : at + _SHOWN_AFTER].rstrip()
        head = "..." if at > _SHOWN_BEFORE else ""
        tail = "..." if len(self.text) > at + _SHOWN_AFTER else ""
        return f"{head}{before}^{after}{tail}"


class StrategyError(RequestError):
    """A strategy that cannot be understood, with the place and the reason.

    Args:
        place: Where in the text.
        reason: What is wrong, what was expected, what to do.
    """

    def __init__(self, place: Place, reason: str) -> None:
        self.place = place
        self.reason = _escape(reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}...")
        super().__init__(f"{place}: {self.reason}; at ^ in: {_escape(place.excerpt)}")

    def __reduce__(self) -> tuple[type[StrategyError], tuple[Place, str]]:
        return (type(self), (self.place, self.reason))


class NotRunnable(RequestError):  # noqa: N818 - reads as what happened
    """A sound strategy that these bars or this timeframe cannot serve.

    Args:
        strategy: The strategy's name.
        reason: What is lacking.
    """

    def __init__(self, strategy: str, reason: str) -> None:
        self.strategy = strategy
        self.reason = reason
        super().__init__(f"strategy '{strategy}' cannot run here: {reason}")

    def __reduce__(self) -> tuple[type[NotRunnable], tuple[str, str]]:
        return (type(self), (self.strategy, self.reason))


def _escape(text: str) -> str:
    """Show control characters instead of sending them to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
