"""How the intake tells what happens to it: events with values, which its owner logs, shows or passes on."""

from __future__ import annotations

from typing import Protocol


class Tell(Protocol):
    """Hears events, such as ``ready``, ``alive``, ``gap_found``, ``lake_refused``."""

    def __call__(self, event: str, **values: object) -> None:
        """Take note of an event."""
        ...
