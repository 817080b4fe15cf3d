"""Row `kernels`: functions of networks by themselves, beside eager PyTorch, float32.

Attention, activations with a gate, and normalizations, each with its gradients for a given gradient
of the result.  minpy is run three times, as in row `cnn`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.peers import load
from benchmarks.steps import POLICIES, running, timed

GROUPS = 8

#: Name -> the shapes of its arguments.
SHAPES: dict[str, list[tuple[int, ...]]] = {
    "attention": [(8, 4, 128, 32)] * 3,
    "silu": [(256, 1024)],
    "gelu": [(256, 1024)],
    "gelu_tanh": [(256, 1024)],
    "layer_norm": [(32, 128, 256), (256,), (256,)],
    "group_norm": [(16, 64, 32, 32), (64,), (64,)],
}


def problem(name: str, dtype: str = "float32") -> list[onp.ndarray]:
    """Return the arguments of a function, and a gradient of its result, which is like the first."""
    rng = onp.random.default_rng(0)
    shapes = SHAPES[name]
    return [rng.normal(size=shape).astype(dtype) for shape in [*shapes, shapes[0]]]


def functions_of_minpy() -> dict[str, Callable]:
    """Return the functions, by name."""
    from minpy.nn import functional as F

    return {
        "attention": F.scaled_dot_product_attention,
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu_tanh": partial(F.gelu, approximate="tanh"),
        "layer_norm": F.layer_norm,
        "group_norm": lambda x, gamma, beta: F.group_norm(x, GROUPS, gamma, beta),
    }


def functions_of_torch() -> dict[str, Callable]:
    """Return the same of PyTorch."""
    F = load("torch").nn.functional
    return {
        "attention": F.scaled_dot_product_attention,
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu_tanh": partial(F.gelu, approximate="tanh"),
        "layer_norm": lambda x, gamma, beta: F.layer_norm(x, x.shape[-1:], gamma, beta),
        "group_norm": lambda x, gamma, beta: F.group_norm(x, GROUPS, gamma, beta),
    }


def minpy_step(policy: str, name: str, arrays: list[onp.ndarray]) -> Callable[[], Any]:
    """Build a step of one of the ways of running minpy."""
    import minpy
    import minpy.numpy as np

    make_vjp = minpy.make_vjp(functions_of_minpy()[name], tuple(range(len(arrays) - 1)))
    where = running(policy)
    with where:
        *args, dy = map(np.array, arrays)

    def step() -> tuple[Any, Any]:
        with where:
            vjp, y = make_vjp(*args)
            return y, vjp(dy)

    return step


def torch_step(name: str, arrays: list[onp.ndarray]) -> Callable[[], Any]:
    """Build a step of eager PyTorch."""
    torch = load("torch")
    function = functions_of_torch()[name]
    *args, dy = map(torch.tensor, arrays)
    recorded = [arg.requires_grad_() for arg in args]

    def step() -> tuple[Any, Any]:
        y = function(*recorded)
        return y.detach(), torch.autograd.grad(y, recorded, dy)

    return step


#: Implementation -> function of a name and arrays that builds its step.
MAKERS: dict[str, Callable] = {name: partial(minpy_step, name) for name in POLICIES} | {
    "PyTorch": torch_step,
}


def _build(make: Callable, name: str) -> Callable[[], Any]:
    return make(name, problem(name))


def cases() -> list[Benchmark]:
    """Return the tables of row `kernels`."""
    return [
        Benchmark(
            name=f"kernels.{name}",
            title=f"{name} of {shapes[0]} and its gradients",
            unit="ms",
            builders=timed({each: partial(_build, make, name) for each, make in MAKERS.items()}),
            reference="PyTorch",
        )
        for name, shapes in SHAPES.items()
    ]
