"""Take times of one piece of work, and say how much of it was done."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SHORTEST_S: Final = 0.2
_FINEST_S: Final = 1e-6
_LONG_S: Final = 5.0
_LAUNCHER: Final = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Times of one piece of work done again and again.

    Attributes:
        readings: One number a repeat, in the case's unit.
        size: How much was done in each, for people.
        note: What a reader should know of how it was done.
        peak_mib: Largest resident memory of the process that did it, where that is not this one.
    """

    readings: tuple[float, ...]
    size: str
    note: str = ""
    peak_mib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much to measure, and by which clock.

    Attributes:
        quick: A tenth of the data, and fewer repeats.
        bars: So many bars or trades instead of a case's own number.
        combinations: So many in a sweep instead of its own number.
        workers: How many compute a sweep at once.
        compute: Who computes a sweep; threads where None.
        clock: Tells seconds. That of the wall says what a user waits; that of the process counts its threads' work
            alone, and hardly hears what else runs on the machine.
    """

    quick: bool = False
    bars: int | None = None
    combinations: int | None = None
    workers: int = 2
    compute: str | None = None
    clock: Callable[[], float] = time.perf_counter

    def scale(self, count: int) -> int:
        """A count of bars or trades, cut down when quick."""
        if self.bars is not None:
            return self.bars
        return count // 10 if self.quick else count

    def scale_combinations(self, count: int) -> int:
        """A count of combinations, cut down when quick."""
        if self.combinations is not None:
            return self.combinations
        return count // 10 if self.quick else count

    @property
    def repeats(self) -> int:
        """How often work is timed after its warm-up."""
        return 3 if self.quick else 7


def take_turns(works: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """One piece of work that does the next of several each time."""
    turns = cycle(works)

    def work() -> object:
        return next(turns)()

    return work


def take_times(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds the work takes, once for each repeat.

    One run before them is not timed: it compiles, fills caches and imports what is lazy. Work shorter than a fifth of a
    second is done again and again within one repeat; the garbage collector waits meanwhile. Both are as in ``timeit``.
    """
    work()
    loops = max(1, round(_SHORTEST_S / max(_time_loops(work, 1, clock), _FINEST_S)))
    return [_time_loops(work, loops, clock) / loops for _ in range(repeats)]


def _time_loops(work: Callable[[], object], loops: int, clock: Callable[[], float]) -> float:
    gc.collect()
    gc.disable()
    try:
        started = clock()
        for _ in range(loops):
            work()
        return clock() - started
    finally:
        gc.enable()


def read_peak_mib() -> float:
    """Largest resident memory this process ever had."""
    return _convert_maxrss(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def run_for_peak_mib(command: Sequence[str]) -> float:
    """Run a command and say the largest resident memory of its process.

    A process starts with the memory of the one that started it on its account, so a small one in between starts it.
    """
    launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
    done = subprocess.run(launcher, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:5])} failed: {done.stderr.strip()}")
    return _convert_maxrss(int(done.stdout))


def _convert_maxrss(maxrss: int) -> float:
    # Linux counts KiB, macOS bytes.
    return maxrss / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0)


def measure_each(work: Callable[[], object], effort: Effort, *, count: int, size: str, note: str = "") -> Measured:
    """Nanoseconds for each of ``count`` things that the work does."""
    times = take_times(work, effort.repeats, effort.clock)
    return Measured(readings=tuple(seconds / count * 1e9 for seconds in times), size=size, note=note)


def measure_rate(work: Callable[[], object], effort: Effort, *, count: int, size: str, note: str = "") -> Measured:
    """Millions of ``count`` things done in a second."""
    times = take_times(work, effort.repeats, effort.clock)
    return Measured(readings=tuple(count / seconds / 1e6 for seconds in times), size=size, note=note)


def measure_sweep(
    work: Callable[[], object], effort: Effort, *, combinations: int, bars: int, note: str = ""
) -> Measured:
    """Seconds for each thousand combinations over a million bars; a long sweep is done once, and nothing before it."""
    started = effort.clock()
    work()
    readings = [effort.clock() - started]
    while sum(readings) < _LONG_S and len(readings) < effort.repeats:
        readings.append(_time_loops(work, 1, effort.clock))
    size = f"{combinations:,} combinations x {bars:,} bars"
    return Measured(readings=tuple(s * 1e9 / (combinations * bars) for s in readings), size=size, note=note)
