"""Row `inplace`: ``out[:, t] = out[:, t - 1] * w``, forward and backward, 400 steps against 200.

Twice the steps must cost about twice the time and memory. An engine that copies `out` at each
write, or fills a gradient of its size at each read, makes it four times. `out` has shape
(N, T, 64), float32; the loss is its sum, the gradient that of `w`, of shape (N, 64). For the time
N is 32, so that both lengths fit into the caches alike; for the memory it is 128.

HIPS autograd, JAX and MXNet do not differentiate writes into an array. PyTorch does, if what is
read is cloned before it is multiplied.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.peak_memory import PeakMemory
from benchmarks.steps import Arrays, timed, training_steps

LENGTHS = (200, 400)


def problem(
    steps: int, batch: int, hidden: int = 64, dtype: str = "float32"
) -> tuple[Arrays, Arrays]:
    """Return the parameter `w` (N, H), close to one, and zeros of shape (N, T, H) as data."""
    rng = onp.random.default_rng(0)
    w = 1 - 0.01 * rng.random(size=(batch, hidden))
    return (w.astype(dtype),), (onp.zeros((batch, steps, hidden), dtype),)


def loss(np: ModuleType, params: Any, zeros: Any) -> Any:
    """Return the loss, in NumPy's terms."""
    (w,) = params
    out = np.zeros_like(zeros)
    out[:, 0] = w
    for t in range(1, out.shape[1]):
        out[:, t] = out[:, t - 1] * w
    return np.sum(out)


def by_hand(params: Arrays, zeros: onp.ndarray) -> Any:
    """Return the loss and the gradient, the backward pass written out."""
    (w,) = params
    out = onp.zeros_like(zeros)
    out[:, 0] = w
    for t in range(1, out.shape[1]):
        onp.multiply(out[:, t - 1], w, out=out[:, t])
    value = out.sum()

    dw = onp.zeros_like(w)
    dout = onp.ones_like(w)
    for t in reversed(range(1, out.shape[1])):
        dw += dout * out[:, t - 1]
        dout *= w
        dout += 1
    return value, (dw + dout,)


def torch_loss(params: Any, zeros: Any) -> Any:
    """Return the loss, in PyTorch's terms."""
    import torch

    (w,) = params
    out = torch.zeros_like(zeros)
    out[:, 0] = w
    for t in range(1, out.shape[1]):
        out[:, t] = out[:, t - 1].clone() * w
    return out.sum()


def _steps(problem: Any) -> dict[str, Any]:
    return training_steps(problem, loss, by_hand, torch_loss, numpy_like=[])


def cases() -> list[Benchmark]:
    """Return the tables of time and of memory."""
    small = _steps(partial(problem, 5, batch=2, hidden=3))
    builders = {}
    gauges = {}
    reference = {}
    for length in LENGTHS:
        timed_steps = _steps(partial(problem, length, batch=32))
        gauged_steps = _steps(partial(problem, length, batch=128))
        for name, build in gauged_steps.items():
            variant = f"{name}, {length} steps"
            builders[variant] = timed_steps[name]
            gauges[variant] = partial(PeakMemory, "inplace.memory", variant, build, small[name])
            if length != LENGTHS[0]:
                reference[variant] = f"{name}, {LENGTHS[0]} steps"
    return [
        Benchmark(
            name="inplace.time",
            title="out[:, t] = out[:, t - 1] * w, forward and backward",
            unit="ms",
            builders=timed(builders),
            reference=reference,
        ),
        Benchmark(
            name="inplace.memory",
            title="out[:, t] = out[:, t - 1] * w, peak memory of forward and backward",
            unit="MB",
            builders=gauges,
            reference=reference,
            rounds=0.2,
        ),
    ]
