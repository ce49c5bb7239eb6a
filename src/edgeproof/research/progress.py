"""How a cycle tells of its progress: to whoever listens, in order, from one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgeproof.domain.records import StageRecord


class ProgressListener(Protocol):
    """Hears what a cycle does; nothing it does changes the cycle."""

    def stage_changed(self, stage: StageRecord) -> None:
        """A stage began, went on or ended."""
        ...

    def noticed(self, message: str) -> None:
        """Something worth a line happened, such as a resumed cycle."""
        ...


class SilentListener:
    """Listens and says nothing."""

    def stage_changed(self, stage: StageRecord) -> None:
        """Ignore it."""

    def noticed(self, message: str) -> None:
        """Ignore it."""
