"""Row `import`: how long a process takes that only imports.

Whole processes of the same interpreter, start to exit, in turn. The first run of each, which
writes byte code and fills the disk cache, is not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.peers import load


def process(module: str) -> Timer:
    """Time a process that imports one module, checked to be there."""
    load(module)
    command = [sys.executable, "-c", f"import {module}"]
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> None:
        subprocess.run(command, check=True, env=environment)

    return Timer.of(run)


def cases() -> list[Benchmark]:
    """Return the table of row `import`."""
    modules = {"minpy": "minpy.numpy", "NumPy": "numpy", "HIPS autograd": "autograd.numpy"}
    return [
        Benchmark(
            name="import",
            title="a whole process that imports minpy.numpy, numpy, autograd.numpy",
            unit="ms",
            builders={name: partial(process, module) for name, module in modules.items()},
            rounds=2,
        )
    ]
