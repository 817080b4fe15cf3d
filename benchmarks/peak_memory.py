"""Peak memory of one call, in a process of its own.

`PeakMemory.sample` runs ``python -m benchmarks.probe CASE IMPLEMENTATION``. The child
imports the library and makes the same call at a small size, which loads lazy code and creates
thread pools and work buffers; creates the data and compiles what is compiled; then sets the
system's record of its peak back, makes the one call, and prints

    peak resident memory during the call - resident memory before it.

So data and parameters do not count, and what the call makes does: recordings, intermediate
values, gradients, whichever library allocated them and however (which `tracemalloc` cannot see).

glibc keeps freed blocks for later by rules that adapt to the program; in the child its threshold
is fixed, so that every array of 128 kB or more goes back to the system when it is freed and
resident memory is memory in use. Where the system cannot set its record back (anywhere but Linux),
the peak is that of the whole process, and too small a figure if creating the data took more.
"""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}


class PeakMemory:
    """A sampler of peak memory, in bytes.

    Parameters
    ----------
    case, name : str
        Where the child finds this sampler: in the builders of which case, under which name.
    build : callable
        Builds the step at full size.
    build_small : callable
        Builds it at a size that costs nothing, on which the implementations must agree.
    """

    def __init__(
        self, case: str, name: str, build: Callable[[], Callable], build_small: Callable
    ) -> None:
        self.case = case
        self.name = name
        self.build = build
        self.result = build_small()

    def prepare(self, shortest: float) -> None:
        """Do nothing: every sample is a new process."""

    def sample(self) -> float:
        """Return the peak of one call in a new process."""
        command = [sys.executable, "-m", "benchmarks.probe", self.case, self.name]
        child = subprocess.run(
            command, env={**os.environ, **MALLOC}, capture_output=True, text=True
        )
        if child.returncode:
            raise RuntimeError(f"the process that measures failed:\n{child.stderr}")
        return float(child.stdout.split()[-1])

    def measure_here(self) -> int:
        """Return the peak of one call in this process, which does nothing else."""
        self.result()
        step = self.build()
        gc.collect()
        _forget_peak()
        before, _ = _resident()
        outcome = step()
        _, peak = _resident()
        del outcome
        return peak - before


def _resident() -> tuple[int, int]:
    """Return the resident memory, now and at its peak, in bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024
        return peak, peak
    fields = dict(line.split(":", 1) for line in lines)
    now, peak = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def _forget_peak() -> None:
    """Set the peak back to the present, where the system can: see proc(5), clear_refs."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
