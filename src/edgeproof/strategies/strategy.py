"""A strategy: data, checked when read, that says when to be in a market and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.strategies.content import Content
from edgeproof.strategies.formatting import format_content
from edgeproof.strategies.identity import hash_content


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(Content):
    """One strategy as read from YAML by ``load_strategy``.

    Attributes:
        hash: Names what it does, not how it is spelled, called or explained.
    """

    hash: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hash_content(self))

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def resolve_params(self, given: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every param's value: as given, else its default.

        Raises:
            UnknownName: A given name is no param.
            InvalidValue: A value outside the param's range, or not whole where it counts bars.
        """
        if given is not None and not isinstance(given, Mapping):
            raise InvalidValue("params", given, 'values by name, such as {"fast": 9}')
        chosen = dict(given or {})
        for name in chosen:
            if name not in self.params:
                raise UnknownName(f"param of {self.name}", str(name), self.params)
        return {name: param.check(name, chosen.get(name, param.default)) for name, param in self.params.items()}

    def to_yaml(self) -> str:
        """The strategy in its canonical spelling; reading it gives this strategy again."""
        return format_content(self)
