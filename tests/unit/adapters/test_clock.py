from __future__ import annotations

from edgeproof.adapters.clock import SystemClock
from edgeproof.domain.time import parse_instant


def test_the_machine_tells_the_time_in_milliseconds() -> None:
    clock = SystemClock()
    earlier, later = clock.now_ms(), clock.now_ms()
    assert parse_instant("2025-01-01") < earlier <= later < parse_instant("2100-01-01")
