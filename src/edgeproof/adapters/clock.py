"""The machine's clock."""

from __future__ import annotations

import time
from typing import Final

_NS_PER_MS: Final = 1_000_000


class SystemClock:
    """Tells the time of this machine: implements ``domain.time.Clock``."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return time.time_ns() // _NS_PER_MS
