"""Row `scaling`: cost is linear in the ops on the path to the result, and in nothing else.

*Length*: the time per op, forward and backward, of the chain of row `op` for three lengths. An
engine that recurses fails at the longest. JAX is left out: it would compile 100,000 ops.

*Aside*: the time of the backward pass alone, for a chain of 1,000 ops, with and without 10,000
other recorded ops that the result does not depend on, still alive.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.peers import load
from benchmarks.steps import timed, training_steps
from benchmarks.workloads.op import (
    chain,
    chain_by_hand,
    chain_loss,
    chain_problem,
    chain_torch_loss,
)

LENGTHS = (1_000, 10_000, 100_000)
PATH = 1_000
ASIDE = 10_000

#: Small enough that the end of the longest chain is finite.
SCALE = 1e-5


def _length() -> Benchmark:
    make = partial(chain_problem, SCALE)
    builders = {}
    reference = {}
    for length in LENGTHS:
        losses = (partial(f, ops=length) for f in (chain_loss, chain_by_hand, chain_torch_loss))
        steps = training_steps(make, *losses, numpy_like=["HIPS autograd"])
        variants = {f"{name}, {length:,} ops": build for name, build in steps.items()}
        builders.update(timed(variants, ops=length))
        if length != LENGTHS[0]:
            shortest = f"{LENGTHS[0]:,} ops"
            reference |= {f"{name}, {length:,} ops": f"{name}, {shortest}" for name in steps}
    return Benchmark(
        name="scaling.length",
        title="per op of a chain of n, x = x + b * x on 10x10 float32, forward and backward",
        unit="us",
        builders=builders,
        reference=reference,
        rounds=0.35,
    )


def minpy_aside(aside: int) -> Timer:
    """Time minpy's backward pass."""
    import minpy
    import minpy.numpy as np

    return _aside(np, minpy.make_vjp, aside)


def autograd_aside(aside: int) -> Timer:
    """Time HIPS autograd's backward pass."""
    return _aside(load("autograd.numpy"), load("autograd").make_vjp, aside)


def _aside(np: Any, make_vjp: Callable, aside: int) -> Timer:
    (x,), (b,) = chain_problem(SCALE)
    x, b = np.array(x), np.array(b)

    def run() -> tuple[float, Any]:
        alive = []

        def function(x: Any) -> Any:
            alive.extend(x + b for _ in range(aside))
            return np.sum(chain(x, b, PATH))

        vjp, value = make_vjp(function)(x)
        seed = np.ones_like(value)
        start = time.perf_counter()
        gradient = vjp(seed)
        return time.perf_counter() - start, gradient

    return _timer(run)


def torch_aside(aside: int) -> Timer:
    """Time PyTorch's backward pass."""
    torch = load("torch")
    (x,), (b,) = chain_problem(SCALE)
    x, b = torch.tensor(x, requires_grad=True), torch.tensor(b)

    def run() -> tuple[float, Any]:
        alive = [x + b for _ in range(aside)]
        value = chain(x, b, PATH).sum()
        start = time.perf_counter()
        (gradient,) = torch.autograd.grad(value, x)
        elapsed = time.perf_counter() - start
        alive.clear()
        return elapsed, gradient

    return _timer(run)


def _timer(run: Callable[[], tuple[float, Any]]) -> Timer:
    return Timer(lambda number: sum(run()[0] for _ in range(number)), lambda: run()[1])


def _aside_case() -> Benchmark:
    makers = {"minpy": minpy_aside, "HIPS autograd": autograd_aside, "PyTorch": torch_aside}
    label = f"{ASIDE:,} ops aside"
    builders = {name: partial(make, 0) for name, make in makers.items()}
    builders |= {f"{name}, {label}": partial(make, ASIDE) for name, make in makers.items()}
    return Benchmark(
        name="scaling.aside",
        title=f"backward pass of a chain of {PATH:,} ops, alone and with {label}",
        unit="us",
        builders=builders,
        reference={f"{name}, {label}": name for name in makers},
    )


def cases() -> list[Benchmark]:
    """Return the tables of row `scaling`."""
    return [_length(), _aside_case()]
