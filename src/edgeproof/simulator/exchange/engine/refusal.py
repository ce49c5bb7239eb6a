"""How the exchange says no."""

from __future__ import annotations

from edgeproof.domain.errors import RequestError


class Refusal(RequestError):  # noqa: N818 - reads as what happened
    """A request that the exchange does not grant.

    Args:
        code: The exchange's error code, such as ``"152002"``.
        message: What the exchange says of it.
        status: HTTP status; nearly every refusal comes with 200.
    """

    def __init__(self, code: str, message: str, *, status: int = 200) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{message} (code {code})")

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.code, self.message, self.status))


def _rebuild(code: str, message: str, status: int) -> Refusal:
    return Refusal(code, message, status=status)


def refuse_parameter(name: str) -> Refusal:
    """A parameter that cannot be read or lies outside its range."""
    return Refusal("152002", f"Parameter {name} error.")


def refuse_missing(name: str) -> Refusal:
    """A parameter that has to be there."""
    return Refusal("152001", f"Parameter {name} cannot be empty.")


def refuse_instrument() -> Refusal:
    """An instrument that is not listed."""
    return Refusal("152014", "Instrument ID does not exist.")
