"""Which edgeproof this is; part of what names a run."""

from typing import Final

VERSION: Final = "0.1.0"
