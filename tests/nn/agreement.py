"""What network functions are compared with: PyTorch, and central differences.

Where torch's autograd is the witness, `torch` is imported by the test modules with
``torch = pytest.importorskip("torch", reason="needs PyTorch")``.
"""

from collections.abc import Callable
from typing import Any

import numpy as onp

import minpy
import minpy.numpy as np
from minpy.array import Array

# Both add up the same numbers, in another order: some hundred roundings of each type.
TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def drawn(*shape: int, dtype: Any = onp.float64, seed: int = 0) -> onp.ndarray:
    return onp.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)


def both(value: Any) -> tuple:
    """Return a number for each of height and width, given one for both or two."""
    return value if isinstance(value, tuple) else (value, value)


def flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


def close(found: Any, expected: Any, dtype: str, what: str = "") -> None:
    expected = onp.asarray(expected)
    found = found.asnumpy() if type(found) is Array else onp.asarray(found)
    assert found.dtype == dtype, f"{what} is {found.dtype} instead of {dtype}"
    assert found.shape == expected.shape, f"{what}: {found.shape} instead of {expected.shape}"
    scale = max(1.0, onp.abs(expected[onp.isfinite(expected)]).max(initial=0))
    tolerance = TOLERANCE[dtype]
    onp.testing.assert_allclose(found, expected, tolerance, tolerance * scale, err_msg=what)


def same_as_torch(torch: Any, ours: Callable, theirs: Callable, *xs: onp.ndarray) -> None:
    """Values and gradients with respect to all `xs` are PyTorch's, and so are their types."""
    dtype = str(xs[0].dtype)
    tensors = [torch.tensor(x.copy(), requires_grad=True) for x in xs]
    expected = flat(theirs(*tensors))
    weights = [drawn(*y.shape, dtype=dtype, seed=1) for y in expected]
    sum((y * torch.from_numpy(w)).sum() for y, w in zip(expected, weights, strict=True)).backward()
    results = []

    def loss(xs):
        results[:] = flat(ours(*xs))
        return sum(np.sum(y * w) for y, w in zip(results, weights, strict=True))

    before = [x.copy() for x in xs]
    gradients = minpy.grad(loss)(list(xs))
    for found, y in zip(results, expected, strict=True):
        close(found.detach(), y.detach(), dtype, "the result")
    for i, (x, old, g, tensor) in enumerate(zip(xs, before, gradients, tensors, strict=True)):
        onp.testing.assert_array_equal(x, old, err_msg=f"argument {i} was written")
        close(g, tensor.grad, dtype, f"the gradient of argument {i}")


def differentiable_twice(f: Callable, *xs: onp.ndarray) -> None:
    """First and second derivatives of `f` are those of central differences."""

    def loss(*xs):
        return sum(np.sum(y * drawn(*y.shape, seed=1 + i)) for i, y in enumerate(flat(f(*xs))))

    def along(*xs):
        gradients = minpy.grad(loss, range(len(xs)))(*xs)
        return sum(np.sum(g * drawn(*g.shape, seed=9 + i)) for i, g in enumerate(gradients))

    for function in (loss, along):
        report = minpy.gradcheck(function, *xs)
        assert report, report
