"""What is wrong with settings, told in one line."""

from __future__ import annotations

from typing import Final

from edgeproof.domain.errors import RequestError

SCHEMA_VERSION: Final = 1


class SettingsError(RequestError):
    """A setting that cannot be used, with where it stands and what would be accepted."""

    def __init__(self, where: str, key: str, problem: str) -> None:
        self.where = where
        self.key = key
        self.problem = problem
        super().__init__(f"{where}: {key}: {problem}")

    def __reduce__(self) -> tuple[type[SettingsError], tuple[str, str, str]]:
        return (type(self), (self.where, self.key, self.problem))


class NewerWorkspace(RequestError):  # noqa: N818
    """A workspace written by a later edgeproof."""

    def __init__(self, where: str, version: int) -> None:
        super().__init__(
            f"{where}: the workspace has schema version {version}, this edgeproof knows up to {SCHEMA_VERSION}; "
            "upgrade edgeproof to open it"
        )
