"""One training step with each library: a loss and the gradients of all parameters.

A workload gives its loss once for the libraries that speak NumPy (minpy, HIPS autograd, JAX), as
``loss(np, params, *data)``, and once each, without `np`, for those that do not. A *step* is a
function without arguments that returns the loss and a sequence of gradients, and is finished
when it returns: JAX and MXNet are waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as onp

from benchmarks.measure import Timer
from benchmarks.peers import load

Step = Callable[[], tuple[Any, Sequence[Any]]]
Arrays = Sequence[onp.ndarray]

#: The ways of running minpy, as the tables call them -> the policy in force meanwhile.
POLICIES = {
    "minpy": "auto",
    "minpy (NumPy)": "only_numpy",
    "minpy (PyTorch)": "prefer_torch",
}


def running(name: str) -> AbstractContextManager:
    """Return the block in which minpy makes its arrays and runs.

    Parameters
    ----------
    name : str
        A key of `POLICIES`.

    Raises
    ------
    Unavailable
        The library that the policy asks for is not installed.
    """
    if name == "minpy":
        return nullcontext()  # it is the default, and entering a policy takes a microsecond or two
    if name == "minpy (PyTorch)":
        load("torch")
    import minpy

    return minpy.use_policy(POLICIES[name])


def minpy_step(
    loss: Callable,
    params: Arrays,
    data: Arrays,
    where: AbstractContextManager | None = None,
) -> Step:
    """Build a step of minpy: the loss as it stands, on minpy's arrays.

    `where` is a block to make the arrays and to run in: of a policy, or of a device.
    """
    import minpy
    import minpy.numpy as np

    where = where or nullcontext()
    with where:
        data = [np.array(array) for array in data]
        params = [np.array(array) for array in params]
    argnum = tuple(range(len(params)))
    step = minpy.value_and_grad(lambda *params: loss(np, params, *data), argnum)

    def inside() -> tuple[Any, Sequence[Any]]:
        with where:
            return step(*params)

    return inside


def autograd_step(loss: Callable, params: Arrays, data: Arrays) -> Step:
    """Build a step of HIPS autograd, whose arrays are NumPy's."""
    np = load("autograd.numpy")
    argnum = tuple(range(len(params)))
    step = load("autograd").value_and_grad(lambda *params: loss(np, params, *data), argnum)
    return lambda: step(*params)


def jax_step(loss: Callable, params: Arrays, data: Arrays) -> Step:
    """Build a step of JAX, compiled as a whole, here and not at its first call."""
    jax = load("jax")
    np = load("jax.numpy")
    data = [np.asarray(array) for array in data]
    params = [np.asarray(array) for array in params]
    jitted = jax.jit(jax.value_and_grad(lambda params, data: loss(np, params, *data)))
    step = jitted.lower(params, data).compile()
    return lambda: jax.block_until_ready(step(params, data))


def torch_step(loss: Callable, params: Arrays, data: Arrays, device: str = "cpu") -> Step:
    """Build a step of eager PyTorch."""
    torch = load("torch")
    data = [torch.tensor(array, device=device) for array in data]
    params = [torch.tensor(array, device=device, requires_grad=True) for array in params]

    def step() -> tuple[Any, Sequence[Any]]:
        value = loss(params, *data)
        return value.detach(), torch.autograd.grad(value, params)

    return step


def mxnet_step(loss: Callable, params: Arrays, data: Arrays) -> Step:
    """Build a step of imperative MXNet."""
    mx = load("mxnet")
    # All float32, labels and indices too: its ops take nothing else beside float32.
    data = [mx.nd.array(array) for array in data]
    params = [mx.nd.array(array) for array in params]
    for param in params:
        param.attach_grad()

    def step() -> tuple[Any, Sequence[Any]]:
        with mx.autograd.record():
            value = loss(params, *data)
        value.backward()
        mx.nd.waitall()
        return value.asscalar(), [param.grad for param in params]

    return step


def by_hand_step(loss_and_gradients: Callable, params: Arrays, data: Arrays) -> Step:
    """Build a step of hand-written NumPy."""
    return lambda: loss_and_gradients(params, *data)


def training_steps(
    problem: Callable[[], tuple[Arrays, Arrays]],
    loss: Callable,
    by_hand: Callable,
    torch_loss: Callable | None = None,
    mxnet_loss: Callable | None = None,
    numpy_like: Sequence[str] = ("HIPS autograd", "JAX"),
    subjects: Iterable[str] = ("minpy",),
) -> dict[str, Callable[[], Step]]:
    """Return a builder of the step for each library, as for `case.Benchmark`.

    Parameters
    ----------
    problem : callable
        Makes the parameters and the data, anew at each call and always the same.
    loss : callable
        ``loss(np, params, *data)`` in NumPy's terms.
    by_hand : callable
        ``by_hand(params, *data)`` -> the loss and the gradients.
    torch_loss, mxnet_loss : callable, optional
        ``loss(params, *data)``; without it that library is left out.
    numpy_like : sequence of str
        The libraries that `loss` runs on, beside minpy.
    subjects : iterable of str
        The ways of running minpy, keys of `POLICIES`.
    """
    makers = {name: (partial(_minpy_step, name), loss) for name in subjects} | {
        "NumPy": (by_hand_step, by_hand),
        "PyTorch": (torch_step, torch_loss),
        "HIPS autograd": (autograd_step, loss if "HIPS autograd" in numpy_like else None),
        "JAX": (jax_step, loss if "JAX" in numpy_like else None),
        "MXNet": (mxnet_step, mxnet_loss),
    }
    return {
        name: partial(_build, make, function, problem)
        for name, (make, function) in makers.items()
        if function is not None
    }


def _minpy_step(name: str, loss: Callable, params: Arrays, data: Arrays) -> Step:
    return minpy_step(loss, params, data, running(name))


def _build(make: Callable, function: Callable, problem: Callable) -> Step:
    params, data = problem()
    return make(function, params, data)


def timed(steps: Mapping[str, Callable[[], Any]], ops: int = 1) -> dict[str, Callable[[], Timer]]:
    """Return builders of timers from builders of steps; `ops` divides the time of a step."""
    return {name: partial(_timer, build, ops) for name, build in steps.items()}


def _timer(build: Callable[[], Any], ops: int) -> Timer:
    return Timer.of(build(), ops)
