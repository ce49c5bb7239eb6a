"""What can be wrong with a sweep besides a wrong value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.domain.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping


class TooManyCombinations(RequestError):  # noqa: N818 - reads as what happened
    """More combinations than the caller said he would wait for.

    Args:
        count: How many were asked for.
        most: How many are allowed.
        remedy: How to allow more.
    """

    def __init__(self, count: int, most: int, remedy: str = "raise `most`") -> None:
        self.count = count
        self.most = most
        super().__init__(
            f"{count:,} combinations are more than {most:,}; {remedy}, take fewer values, or draw at random"
        )


class NoCombination(RequestError):  # noqa: N818
    """A sweep of nothing: the condition leaves every combination out."""

    def __init__(self) -> None:
        super().__init__(
            "`where` leaves every combination out; give other values, or a condition that some of them meet"
        )

    def __reduce__(self) -> tuple[type[NoCombination], tuple[()]]:
        return (type(self), ())


class CombinationRefused(RequestError):  # noqa: N818
    """Params that are each in range but that the strategy does not take together.

    Args:
        strategy: The strategy's name.
        params: The params.
        reason: What it said.
    """

    def __init__(self, strategy: str, params: Mapping[str, float], reason: str) -> None:
        self.strategy = strategy
        self.params = dict(params)
        self.reason = reason
        told = ", ".join(f"{name}={value:g}" for name, value in self.params.items())
        super().__init__(f"{strategy} does not take {told}: {reason}; leave it out with `where`")

    def __reduce__(self) -> tuple[type[CombinationRefused], tuple[str, dict[str, float], str]]:
        return (type(self), (self.strategy, self.params, self.reason))
