"""Row `op`: what a single op on 10x10 float32 arrays costs.

Only the loop over the op is timed, by the same lines of Python for every library.

*Not recorded*: both operands are arrays of the library, outside any gradient. HIPS autograd's
are NumPy's, so its ``x + y`` is NumPy's own; what is timed is its ``np.add``.

*Recorded*: `x` is recorded, `y` is a constant array of the same library, and no backward pass
is timed. For minpy and HIPS autograd the loop runs inside the function given to
``value_and_grad``; for PyTorch `x` has ``requires_grad=True``; for MXNet it runs under
``autograd.record()``. Results are dropped at once, as they are in a loop that overwrites them.
NumPy, which records nothing, is the yardstick. JAX records by tracing, once per program, so it
has no such figure.

*Chain*: 50 times ``x = x + b * x``, which makes 100 ops, then a sum and the gradient of `x`;
divided by 100. JAX compiles it whole.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from functools import partial
from itertools import repeat
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.peers import load
from benchmarks.steps import timed, training_steps

Loop = Callable[..., float]


def operands() -> tuple[onp.ndarray, onp.ndarray]:
    """Return two arrays of shape (10, 10), float32."""
    rng = onp.random.default_rng(0)
    return rng.normal(size=(10, 10)).astype("f"), rng.normal(size=(10, 10)).astype("f")


def add_loop(x: Any, y: Any, number: int, wait: Callable | None = None) -> float:
    """Return the seconds that ``x + y`` takes `number` times; `wait` ends an asynchronous one."""
    start = time.perf_counter()
    for _ in repeat(None, number):
        z = x + y
    if wait is not None:
        wait(z)
    return time.perf_counter() - start


def multiply_loop(x: Any, y: Any, number: int, wait: Callable | None = None) -> float:
    """Return the seconds that ``x * y`` takes `number` times."""
    start = time.perf_counter()
    for _ in repeat(None, number):
        z = x * y
    if wait is not None:
        wait(z)
    return time.perf_counter() - start


def function_loop(function: Callable, x: Any, y: Any, number: int) -> float:
    """Return the seconds that ``function(x, y)`` takes `number` times."""
    start = time.perf_counter()
    for _ in repeat(None, number):
        function(x, y)
    return time.perf_counter() - start


def _plain(make: Callable[[onp.ndarray], Any], wait: Callable | None = None) -> Timer:
    """Time an add of two arrays that `make` makes."""
    x, y = map(make, operands())
    return Timer(lambda number: add_loop(x, y, number, wait), lambda: x + y)


def plain_minpy() -> Timer:
    """Time minpy's add."""
    import minpy.numpy as np

    return _plain(np.array)


def plain_numpy() -> Timer:
    """Time NumPy's add."""
    return _plain(onp.array)


def plain_torch() -> Timer:
    """Time PyTorch's add."""
    return _plain(load("torch").tensor)


def plain_autograd() -> Timer:
    """Time HIPS autograd's ``np.add``."""
    add = load("autograd.numpy").add
    x, y = operands()
    return Timer(lambda number: function_loop(add, x, y, number), lambda: add(x, y))


def plain_jax() -> Timer:
    """Time JAX's add, op by op."""
    return _plain(load("jax.numpy").asarray, wait=load("jax").block_until_ready)


def plain_mxnet() -> Timer:
    """Time MXNet's add."""
    mx = load("mxnet")
    return _plain(mx.nd.array, wait=lambda z: z.wait_to_read())


def _inside(np: ModuleType, value_and_grad: Callable, op: Callable, loop: Loop) -> Timer:
    """Time recorded ops inside a function that is being differentiated."""
    x, y = map(np.array, operands())

    def run(number: int) -> tuple[float, Any]:
        elapsed = []

        def function(x: Any) -> Any:
            elapsed.append(loop(x, y, number))
            return np.sum(op(x, y))

        result = value_and_grad(function)(x)
        return elapsed[0], result

    return Timer(lambda number: run(number)[0], lambda: run(1)[1])


def recorded_minpy(op: Callable, loop: Loop) -> Timer:
    """Time minpy, recording."""
    import minpy
    import minpy.numpy as np

    return _inside(np, minpy.value_and_grad, op, loop)


def recorded_autograd(op: Callable, loop: Loop) -> Timer:
    """Time HIPS autograd, recording."""
    return _inside(load("autograd.numpy"), load("autograd").value_and_grad, op, loop)


def recorded_numpy(op: Callable, loop: Loop) -> Timer:
    """Time NumPy, which records nothing, and work out the gradient of the sum."""
    x, y = operands()

    def result() -> tuple[Any, Any]:
        gradient = y if op is operator.mul else onp.ones_like(x)
        return op(x, y).sum(), gradient

    return Timer(lambda number: loop(x, y, number), result)


def recorded_torch(op: Callable, loop: Loop) -> Timer:
    """Time PyTorch, recording."""
    torch = load("torch")
    x, y = map(torch.tensor, operands())
    x.requires_grad_()

    def result() -> tuple[Any, Any]:
        value = op(x, y).sum()
        return value, torch.autograd.grad(value, x)[0]

    return Timer(lambda number: loop(x, y, number), result)


def recorded_mxnet(op: Callable, loop: Loop) -> Timer:
    """Time MXNet, recording."""
    mx = load("mxnet")
    x, y = map(mx.nd.array, operands())
    x.attach_grad()

    def seconds(number: int) -> float:
        with mx.autograd.record():
            return loop(x, y, number, lambda z: z.wait_to_read())

    def result() -> tuple[Any, Any]:
        with mx.autograd.record():
            value = op(x, y).sum()
        value.backward()
        return value.asscalar(), x.grad

    return Timer(seconds, result)


def chain(x: Any, b: Any, ops: int) -> Any:
    """Return the end of a chain of `ops` ops, for any library."""
    for _ in range(ops // 2):
        x = x + b * x
    return x


def chain_loss(np: ModuleType, params: Any, b: Any, ops: int = 100) -> Any:
    """Return the sum of the end of the chain."""
    return np.sum(chain(params[0], b, ops))


def chain_torch_loss(params: Any, b: Any, ops: int = 100) -> Any:
    """Return the sum of the end of the chain; a method of PyTorch's and MXNet's arrays alike."""
    return chain(params[0], b, ops).sum()


def chain_by_hand(params: Any, b: onp.ndarray, ops: int = 100) -> tuple[Any, Any]:
    """Return the sum of the end of the chain and the gradient of its start."""
    x = chain(params[0], b, ops)
    gradient = onp.ones_like(x)
    for _ in range(ops // 2):
        gradient += b * gradient
    return x.sum(), (gradient,)


def chain_problem(scale: float = 0.01) -> tuple[Any, Any]:
    """Return the start of the chain, and a `b` of the given scale."""
    x, b = operands()
    return (x,), (b * onp.float32(scale),)


def _recorded(name: str, op: Callable, loop: Loop) -> Benchmark:
    makers = {
        "minpy": recorded_minpy,
        "NumPy": recorded_numpy,
        "PyTorch": recorded_torch,
        "HIPS autograd": recorded_autograd,
        "MXNet": recorded_mxnet,
    }
    return Benchmark(
        name=f"op.recorded_{name}",
        title=f"one {name} on 10x10 float32, recorded",
        note="forward only, one operand recorded; NumPy records nothing; JAX only traces",
        unit="us",
        builders={peer: partial(make, op, loop) for peer, make in makers.items()},
    )


def _chain() -> Benchmark:
    steps = training_steps(
        chain_problem, chain_loss, chain_by_hand, chain_torch_loss, chain_torch_loss
    )
    return Benchmark(
        name="op.chain",
        title="per op of a chain of 100, x = x + b * x on 10x10 float32, forward and backward",
        note="gradient of x; JAX compiles the chain as a whole",
        unit="us",
        builders=timed(steps, ops=100),
    )


def cases() -> list[Benchmark]:
    """Return the tables of row `op`."""
    plain = Benchmark(
        name="op.plain",
        title="one add on 10x10 float32, not recorded",
        note="HIPS autograd: its np.add; JAX: op by op",
        unit="us",
        builders={
            "minpy": plain_minpy,
            "NumPy": plain_numpy,
            "PyTorch": plain_torch,
            "HIPS autograd": plain_autograd,
            "JAX": plain_jax,
            "MXNet": plain_mxnet,
        },
    )
    return [
        plain,
        _recorded("add", operator.add, add_loop),
        _recorded("multiply", operator.mul, multiply_loop),
        _chain(),
    ]
