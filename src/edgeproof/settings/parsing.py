"""What sections share: their base, and domain parsers inside pydantic."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from edgeproof.domain.errors import InvalidValue


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_text(text: str, parse: Any) -> str:  # noqa: ANN401 - any parser of text
    """Run a domain parser inside pydantic, which only understands ValueError."""
    try:
        parsed = parse(text)
    except InvalidValue as error:
        raise ValueError(f"expected {error.expected}") from None
    return parsed if isinstance(parsed, str) else text
