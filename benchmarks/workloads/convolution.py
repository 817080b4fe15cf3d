"""Row `conv`: a convolution by itself, 64 images of 32x32x32 and 64 filters of 3x3, float32.

*Forward*: the result alone, nothing recorded. *Both*: the result, and the gradients of images,
filters and bias for a given gradient of the result; no loss that would add to the time.

minpy is run three times, as in row `cnn`. JAX is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.functional import (
    conv2d,
    conv2d_by_hand,
    conv2d_images_by_hand,
    conv2d_parameters_by_hand,
)
from benchmarks.peers import load
from benchmarks.steps import POLICIES, running, timed

PADDING = 1


class Steps(NamedTuple):
    """The two things that are timed, with one library."""

    forward: Callable[[], Any]
    both: Callable[[], tuple[Any, Any]]


def problem(
    batch: int = 64,
    channels: int = 32,
    size: int = 32,
    filters: int = 64,
    kernel: int = 3,
    dtype: str = "float32",
) -> tuple[onp.ndarray, ...]:
    """Return what is convolved, and a gradient of the result.

    Returns
    -------
    x : ndarray, shape (N, C, H, W)
    w : ndarray, shape (F, C, K, K)
    b : ndarray, shape (F,)
    dy : ndarray, shape (N, F, H, W)
    """
    rng = onp.random.default_rng(0)
    shapes = [
        (batch, channels, size, size),
        (filters, channels, kernel, kernel),
        (filters,),
        (batch, filters, size, size),
    ]
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


def minpy_steps(name: str, problem: Callable) -> Steps:
    """Build the steps of one of the ways of running minpy."""
    import minpy
    import minpy.numpy as np

    def convolve(x: Any, w: Any, b: Any) -> Any:
        return conv2d(np, x, w, b, PADDING)

    make_vjp = minpy.make_vjp(convolve, (0, 1, 2))
    where = running(name)
    with where:
        *params, dy = map(np.array, problem())

    def forward() -> Any:
        with where:
            return convolve(*params)

    def both() -> tuple[Any, Any]:
        with where:
            vjp, y = make_vjp(*params)
            return y, vjp(dy)

    return Steps(forward, both)


def by_hand_steps(problem: Callable) -> Steps:
    """Build the steps of hand-written NumPy."""
    x, w, b, dy = problem()

    def forward() -> Any:
        return conv2d_by_hand(x, w, b, PADDING)

    def both() -> tuple[Any, Any]:
        dx = conv2d_images_by_hand(dy, w, PADDING)
        return forward(), (dx, *conv2d_parameters_by_hand(dy, x, w, PADDING))

    return Steps(forward, both)


def torch_steps(problem: Callable) -> Steps:
    """Build the steps of eager PyTorch."""
    torch = load("torch")
    *params, dy = map(torch.tensor, problem())
    recorded = [param.clone().requires_grad_() for param in params]

    def convolve(x: Any, w: Any, b: Any) -> Any:
        return torch.nn.functional.conv2d(x, w, b, padding=PADDING)

    def both() -> tuple[Any, Any]:
        y = convolve(*recorded)
        return y.detach(), torch.autograd.grad(y, recorded, dy)

    return Steps(lambda: convolve(*params), both)


def jax_steps(problem: Callable) -> Steps:
    """Build the steps of JAX, each compiled as a whole."""
    jax = load("jax")
    np = load("jax.numpy")
    *params, dy = map(np.asarray, problem())

    @jax.jit
    def forward(x: Any, w: Any, b: Any) -> Any:
        return conv2d(np, x, w, b, PADDING)

    @jax.jit
    def both(params: Any, dy: Any) -> tuple[Any, Any]:
        y, vjp = jax.vjp(forward, *params)
        return y, vjp(dy)

    return Steps(
        lambda: jax.block_until_ready(forward(*params)),
        lambda: jax.block_until_ready(both(params, dy)),
    )


def mxnet_steps(problem: Callable) -> Steps:
    """Build the steps of imperative MXNet."""
    mx = load("mxnet")
    *params, dy = map(mx.nd.array, problem())
    recorded = [param.copy() for param in params]
    for param in recorded:
        param.attach_grad()

    def convolve(x: Any, w: Any, b: Any) -> Any:
        size = w.shape[2:]
        return mx.nd.Convolution(x, w, b, kernel=size, pad=(PADDING, PADDING), num_filter=len(w))

    def forward() -> Any:
        y = convolve(*params)
        y.wait_to_read()
        return y

    def both() -> tuple[Any, Any]:
        with mx.autograd.record():
            y = convolve(*recorded)
        y.backward(dy)
        mx.nd.waitall()
        return y, [param.grad for param in recorded]

    return Steps(forward, both)


#: Implementation -> function that builds its steps, given what makes the problem.
MAKERS = {name: partial(minpy_steps, name) for name in POLICIES} | {
    "NumPy": by_hand_steps,
    "PyTorch": torch_steps,
    "JAX": jax_steps,
    "MXNet": mxnet_steps,
}


def _step(make: Callable[[Callable], Steps], part: str) -> Callable[[], Any]:
    return getattr(make(problem), part)


def _case(part: str, title: str) -> Benchmark:
    return Benchmark(
        name=f"conv.{part}",
        title=f"convolution of 64x32x32x32 with 64 filters 3x3, {title}",
        unit="ms",
        builders=timed({name: partial(_step, make, part) for name, make in MAKERS.items()}),
    )


def cases() -> list[Benchmark]:
    """Return the tables of row `conv`."""
    return [_case("forward", "forward"), _case("both", "forward and backward")]
