"""A page read without a browser: its tags, its words, and the data it carries."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any


class PageReader(HTMLParser):
    """Collects tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.heard: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or style."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Remember text."""
        if not self._inside:
            self.heard.append(data)

    @property
    def words(self) -> str:
        """All text, spaces made one."""
        return " ".join(" ".join(self.heard).split())

    def list_values(self, attribute: str) -> list[str]:
        """What an attribute is, wherever it is given."""
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


def read_island(page: str, name: str) -> Any:  # noqa: ANN401 - what JSON carries
    """The JSON that a page carries under an id."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])
