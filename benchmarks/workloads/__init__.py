"""The workloads, a file each, and the rows of the report that they make.

To add a row: write a module with its workload once for each library, and a function `cases`
that returns its tables; name it in `ROWS`, and in `gpu.WORKLOADS` if it is for a GPU too; put its
targets into `benchmarks.targets`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.benchmark import Benchmark
from benchmarks.workloads import (
    captioning,
    cnn,
    convolution,
    gpu,
    inplace,
    kernels,
    mlp,
    op,
    outliers,
    rnn,
    scaling,
    solver,
    startup,
)

#: Row -> function that returns its tables.
ROWS: dict[str, Callable[[], list[Benchmark]]] = {
    "op": op.cases,
    "rnn_tiny": partial(rnn.cases, "rnn_tiny", batch=4, hidden=16),
    "rnn50": partial(
        rnn.cases, "rnn50", batch=64, hidden=256, subjects=["minpy", "minpy (PyTorch)"]
    ),
    "mlp50": mlp.cases,
    "cnn": cnn.cases,
    "conv": convolution.cases,
    "kernels": kernels.cases,
    "memory": captioning.cases,
    "inplace": inplace.cases,
    "outliers": outliers.outliers,
    "springs": outliers.springs,
    "import": startup.cases,
    "scaling": scaling.cases,
    "solver": solver.cases,
}

#: The same for ``python -m benchmarks --gpu``.
GPU_ROWS: dict[str, Callable[[], list[Benchmark]]] = {
    row: partial(gpu.cases, row) for row in gpu.WORKLOADS
}


def find_case(name: str) -> Benchmark:
    """Return the case of that name, such as ``"op.chain"``."""
    row, _, part = name.partition(".")
    rows = GPU_ROWS if part == "gpu" else ROWS
    return next(case for case in rows[row]() if case.name == name)
