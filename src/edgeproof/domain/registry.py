"""A small typed registry: register by decorator or call, read by name, and a wrong name lists the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from edgeproof.domain.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, in the order they were registered.

    Args:
        kind: What is registered here, as an error message names it.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str, item: T) -> T:
        """Add an item.

        Raises:
            ValueError: The name is taken: a mistake of the programmer, not of the user.
        """
        if name in self._items:
            raise ValueError(f"{self.kind} '{name}' is registered twice")
        self._items[name] = item
        return item

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(self.kind, name, self._items) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered name, in order of registration."""
        return tuple(self._items)
