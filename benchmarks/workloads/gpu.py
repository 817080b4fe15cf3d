"""The training steps of rows `mlp50`, `rnn50` and `cnn` on a CUDA GPU, at batch 512.

minpy makes its arrays and runs under ``with minpy.gpu(0)``, on PyTorch; PyTorch's tensors are made
on the same device. Both only queue their work there, so the device is waited for before each
reading of the clock. PyTorch is the yardstick, also for the results: nothing is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import NamedTuple

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.peers import load
from benchmarks.steps import minpy_step, torch_step
from benchmarks.workloads import cnn, mlp, rnn

BATCH = 512


class Workload(NamedTuple):
    """A row's module, which has its losses, and what makes its parameters and data."""

    module: ModuleType
    problem: Callable
    title: str


#: Row -> what it runs.
WORKLOADS = {
    "rnn50": Workload(
        rnn,
        partial(rnn.problem, batch=BATCH, hidden=256),
        "a tanh RNN: 50 steps, hidden 256",
    ),
    "mlp50": Workload(
        mlp,
        partial(mlp.problem, batch=BATCH, hidden=256, inputs=784),
        "an MLP: 50 layers, hidden 256, input 784",
    ),
    "cnn": Workload(
        cnn,
        partial(cnn.problem, batch=BATCH),
        "a CNN: 3x32x32, 32 filters 7x7, affine 100 and 10",
    ),
}


def why_none() -> str:
    """Return what was looked for where there is no GPU to run on; nothing if there is one."""
    import minpy

    try:
        with minpy.gpu(0):
            return ""
    except minpy.DeviceError as error:
        return str(error)


def minpy_timer(workload: Workload) -> Timer:
    """Time minpy's step."""
    torch = load("torch")
    import minpy

    step = minpy_step(workload.module.loss, *workload.problem(), where=minpy.gpu(0))
    return Timer.of(step, wait=torch.cuda.synchronize)


def torch_timer(workload: Workload) -> Timer:
    """Time eager PyTorch's step."""
    torch = load("torch")
    step = torch_step(workload.module.torch_loss, *workload.problem(), device="cuda:0")
    return Timer.of(step, wait=torch.cuda.synchronize)


def cases(row: str) -> list[Benchmark]:
    """Return the table of one row."""
    workload = WORKLOADS[row]
    return [
        Benchmark(
            name=f"{row}.gpu",
            title=f"training step on a GPU, batch {BATCH}, of {workload.title}",
            unit="ms",
            builders={
                "minpy": partial(minpy_timer, workload),
                "PyTorch": partial(torch_timer, workload),
            },
            reference="PyTorch",
        )
    ]
