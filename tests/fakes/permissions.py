"""Files that may not be written, also when the tests run as root."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY = 65_534


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="edgeproof-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@contextmanager
def write_protected(folder: Path) -> Iterator[None]:
    """Nothing in the folder may be written inside the block: root becomes nobody for that long."""
    before = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)
        for path, mode in before.items():
            if path.exists():
                path.chmod(mode)
