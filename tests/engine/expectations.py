"""What the tests of the engine expect of values, of derivatives, of messages and of memory."""

import math
import weakref

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy import backends
from minpy.array import current_data
from minpy.extend import defvjp, primitive

__all__ = [
    "Graph", "assert_plain", "close", "close_on_backend", "field", "field_jacobian", "lives_on",
    "nth_derivative", "raised", "recorded",
]  # fmt: skip


def close(actual, expected, tolerance=1e-10):
    onp.testing.assert_allclose(onp.asarray(actual), expected, tolerance, tolerance)


def lives_on(x):
    """Return the backend on which an array's values are."""
    return backends.backend_of(current_data(x) if type(x) is np.ndarray else x)


def close_on_backend(actual, expected, tolerance=1e-10):
    assert type(actual) is np.ndarray or (isinstance(actual, onp.inexact) and actual.context)
    assert lives_on(actual) is backends.current()
    onp.testing.assert_allclose(actual.asnumpy(), expected, tolerance, tolerance)


def nth_derivative(f, n):
    for _ in range(n):
        f = minpy.grad(f)
    return f


def field(x):
    return np.stack([x[0] * x[1], np.sin(x[2]), x[0] ** 2, x[1] * 3.0])


def field_jacobian(x):
    return onp.array(
        [[x[1], x[0], 0.0], [0.0, 0.0, math.cos(x[2])], [2 * x[0], 0, 0], [0.0, 3.0, 0.0]]
    )


def raised(error, f, *args, **kwargs):
    """Return the message of the error that ``f(*args, **kwargs)`` raises."""
    with pytest.raises(error) as caught:
        f(*args, **kwargs)
    assert type(caught.value) is error, f"not {error.__name__} but {type(caught.value).__name__}"
    return str(caught.value)


def recorded(f):
    """Return `f` called on a recorded (2, 3) array of ones inside a function that is recorded."""
    return lambda: minpy.grad(lambda x: np.sum(x) + 0 * _number(f(x)))(np.ones((2, 3)))


def _number(_):
    return 1.0


class Graph:
    """Tells whether raw arrays that only a graph refers to are still alive."""

    def __init__(self):
        self.kept = []

        @primitive
        def double(x):
            ans = 2.0 * x
            self.kept.append(weakref.ref(ans))
            return ans

        defvjp(double, lambda ans, x: lambda g: g * ans / x)
        self.double = double

    def through(self, x):
        """Return x times 4, with two arrays in the graph that nobody else has."""
        return self.double(self.double(x)) * 1.0

    @property
    def alive(self):
        return sum(ref() is not None for ref in self.kept)


def assert_plain(x, values):
    assert not minpy.is_recorded(x)
    assert onp.asarray(x).tolist() == values
    assert (x + 1).asnumpy().tolist() == (onp.array(values) + 1).tolist()
    assert not minpy.is_recorded(x * 2)
