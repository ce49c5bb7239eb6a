"""Addresses as they may be shown."""

from __future__ import annotations

import re
from typing import Final

_MASK: Final = "***"
_SCHEME: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?/{2,}|")
_IN_TEXT: Final = re.compile(r"(?<=://)[^\s'\"]*@")


def hide_credentials(address: str) -> str:
    """An address without the user and password before its ``@``; well formed or not."""
    before, at, rest = address.rpartition("@")
    if not at:
        return address
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}{_MASK}@{rest}"


def hide_credentials_in(text: str) -> str:
    """A sentence without users and passwords of the URLs in it."""
    return _IN_TEXT.sub(f"{_MASK}@", text)
