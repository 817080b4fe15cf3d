"""Rows `outliers` and `springs`: what once cost many times an add, alone and in a loop.

*Outliers*: expressions on a recorded 10x10 float32 array, timed inside the function that is
differentiated, as row `op` does, and divided by one recorded add. NumPy's time is beside each.

*Springs*: 100 masses in a row, 100 steps of ``f[:-1] += pull; f[1:] -= pull``, and the gradient of
the start. HIPS autograd and JAX do not differentiate writes into an array.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import repeat
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.steps import Arrays, timed, training_steps
from benchmarks.workloads.op import operands

ADD = "x + y"


def _add_in_place(np: ModuleType, x: Any, y: Any) -> Any:
    row = y[0] + 0 * x[0]
    row[:-1] += x[0, 1:]
    return row


def _adding(np: ModuleType, x: Any, y: Any) -> Callable[[], None]:
    """Return ``f[:-1] += d`` as a function, so that only this is timed."""
    f = y[0] + 0 * x[0]
    d = 1e-9 * x[0, 1:]

    def run() -> None:
        f[:-1] += d

    return run


#: Expression -> function of `np`, `x` and `y` that returns what is timed, without arguments.
EXPRESSIONS: dict[str, Callable[[ModuleType, Any, Any], Callable[[], Any]]] = {
    ADD: lambda np, x, y: lambda: x + y,
    "x.reshape(100)": lambda np, x, y: lambda: x.reshape(100),
    "x.T": lambda np, x, y: lambda: x.T,
    "x.sum()": lambda np, x, y: lambda: x.sum(),
    "2 * x": lambda np, x, y: lambda: 2 * x,
    "zeros_like(x)": lambda np, x, y: lambda: np.zeros_like(x),
    "x[3]": lambda np, x, y: lambda: x[3],
    "f[:-1] += d": _adding,
}


def _loop(run: Callable[[], Any], number: int) -> float:
    start = time.perf_counter()
    for _ in repeat(None, number):
        run()
    return time.perf_counter() - start


def _result(expression: str, np: ModuleType, x: Any, y: Any) -> Any:
    if expression == "f[:-1] += d":
        return _add_in_place(np, x, y)
    return EXPRESSIONS[expression](np, x, y)()


def recorded(expression: str) -> Timer:
    """Time an expression of minpy's, recorded."""
    import minpy
    import minpy.numpy as np

    x, y = map(np.array, operands())

    def run(number: int) -> tuple[float, Any]:
        elapsed, results = [], []

        def function(x: Any) -> Any:
            elapsed.append(_loop(EXPRESSIONS[expression](np, x, y), number))
            results.append(_result(expression, np, x, y).detach())
            return np.sum(x)

        minpy.grad(function)(x)
        return elapsed[0], results[0]

    return Timer(lambda number: run(number)[0], lambda: run(1)[1])


def raw(expression: str) -> Timer:
    """Time the same of NumPy's."""
    x, y = operands()
    run = EXPRESSIONS[expression](onp, x, y)
    return Timer(partial(_loop, run), lambda: _result(expression, onp, x, y))


def outliers() -> list[Benchmark]:
    """Return the table of row `outliers`."""
    builders: dict[str, Callable[[], Timer]] = {}
    for expression in EXPRESSIONS:
        builders[f"minpy, {expression}"] = partial(recorded, expression)
        builders[f"NumPy, {expression}"] = partial(raw, expression)
    return [
        Benchmark(
            name="outliers",
            title="expressions on a recorded 10x10 float32 array, in recorded adds",
            note="forward only; NumPy records nothing",
            unit="us",
            builders=builders,
            reference={f"minpy, {e}": f"minpy, {ADD}" for e in EXPRESSIONS if e != ADD},
        )
    ]


def problem(masses: int = 100, dtype: str = "float64") -> tuple[Arrays, Arrays]:
    """Return the places of the masses; there are no other data."""
    return (onp.random.default_rng(0).normal(size=masses).astype(dtype),), ()


def loss(np: Any, params: Any, steps: int = 100) -> Any:
    """Return the sum of squares after some steps, in NumPy's terms."""
    f = params[0] * 1.0
    for _ in range(steps):
        pull = 0.01 * (f[1:] - f[:-1])
        f[:-1] += pull
        f[1:] -= pull
    return (f * f).sum()


def by_hand(params: Arrays, steps: int = 100) -> Any:
    """Return the loss and the gradient, the backward pass written out."""
    f = params[0] * 1.0
    for _ in range(steps):
        pull = 0.01 * (f[1:] - f[:-1])
        f[:-1] += pull
        f[1:] -= pull
    g = 2 * f
    for _ in range(steps):
        dpull = 0.01 * (g[:-1] - g[1:])
        g[1:] += dpull
        g[:-1] -= dpull
    return (f * f).sum(), (g,)


def springs() -> list[Benchmark]:
    """Return the table of row `springs`."""
    steps = training_steps(problem, loss, by_hand, partial(loss, None), numpy_like=[])
    return [
        Benchmark(
            name="springs",
            title="100 masses, 100 steps of f[:-1] += pull; f[1:] -= pull, forward and backward",
            unit="ms",
            builders=timed(steps),
        )
    ]
