"""Activations and the softmax family: against PyTorch, formulas, and far out on both sides."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

from .agreement import close, differentiable_twice, drawn, same_as_torch

INF = onp.inf

# name -> (ours, the formula as NumPy says it, PyTorch's)
FUNCTIONS = {
    "relu": (F.relu, lambda x: onp.where(x > 0, x, 0), lambda f, x: f.relu(x)),
    "leaky_relu": (
        lambda x: F.leaky_relu(x, 0.2),
        lambda x: onp.where(x > 0, x, 0.2 * x),
        lambda f, x: f.leaky_relu(x, 0.2),
    ),
    "leaky_relu, steep": (
        lambda x: F.leaky_relu(x, 3),
        lambda x: onp.where(x > 0, x, 3 * x),
        lambda f, x: f.leaky_relu(x, 3),
    ),
    "elu": (
        lambda x: F.elu(x, 0.5),
        lambda x: onp.where(x > 0, x, 0.5 * (onp.exp(x) - 1)),
        lambda f, x: f.elu(x, 0.5),
    ),
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + onp.exp(-x)), lambda f, x: f.sigmoid(x)),
    "softplus": (F.softplus, lambda x: onp.log(1 + onp.exp(x)), lambda f, x: f.softplus(x)),
    "silu": (F.silu, lambda x: x / (1 + onp.exp(-x)), lambda f, x: f.silu(x)),
    "gelu": (
        F.gelu,
        onp.vectorize(lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, otypes=[float]),
        lambda f, x: f.gelu(x),
    ),
    "gelu, tanh": (
        lambda x: F.gelu(x, approximate="tanh"),
        lambda x: 0.5 * x * (1 + onp.tanh((2 / onp.pi) ** 0.5 * (x + 0.044715 * x**3))),
        lambda f, x: f.gelu(x, approximate="tanh"),
    ),
    "softmax": (
        F.softmax,
        lambda x: onp.exp(x) / onp.exp(x).sum(-1, keepdims=True),
        lambda f, x: f.softmax(x, -1),
    ),
    "softmax, axis 0": (
        lambda x: F.softmax(x, axis=0),
        lambda x: onp.exp(x) / onp.exp(x).sum(0),
        lambda f, x: f.softmax(x, 0),
    ),
    "log_softmax": (
        F.log_softmax,
        lambda x: x - onp.log(onp.exp(x).sum(-1, keepdims=True)),
        lambda f, x: f.log_softmax(x, -1),
    ),
    "logsumexp, axis": (
        lambda x: F.logsumexp(x, axis=-1, keepdims=True),
        lambda x: onp.log(onp.exp(x).sum(-1, keepdims=True)),
        lambda f, x: x.logsumexp(-1, keepdim=True),
    ),
}
named = pytest.mark.parametrize("name", FUNCTIONS)


def arguments(dtype="float64"):
    """Return arrays of many layouts."""
    x = drawn(4, 6, dtype=dtype)
    return [
        x,
        x.T,
        x[::-1, ::2],
        drawn(2, 3, 4, dtype=dtype),
        drawn(5, dtype=dtype),
        drawn(2, 3, 0, 4, dtype=dtype),
    ]


@named
def test_formula(name):
    ours, formula, _ = FUNCTIONS[name]
    for x in arguments():
        close(ours(x), formula(x), "float64")


@named
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(name, dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    ours, _, theirs = FUNCTIONS[name]
    for x in arguments(dtype):
        same_as_torch(torch, ours, lambda x: theirs(torch.nn.functional, x), x)


@named
def test_second_order(name):
    differentiable_twice(FUNCTIONS[name][0], drawn(3, 4))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1, 0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_over_axes(axis, keepdims):
    x = drawn(2, 3, 4)
    expected = onp.log(onp.exp(x).sum(axis, keepdims=keepdims))
    close(F.logsumexp(x, axis, keepdims), expected, "float64")
    differentiable_twice(lambda x: F.logsumexp(x, axis, keepdims), x)


@named
def test_integers_and_lists(name):
    ours, formula, _ = FUNCTIONS[name]
    close(ours([[1, -2], [0, 3]]), formula(onp.array([[1.0, -2], [0, 3]])), "float64")


@pytest.mark.parametrize(("dtype", "error"), [("float64", 1e-14), ("float32", 1e-6)])
def test_gelu_is_exact(dtype, error, numpy_alone):
    x = onp.linspace(-40, 40, 20_001).astype(dtype)
    expected = [z * math.erfc(-z / math.sqrt(2)) / 2 for z in x.tolist()]
    found = F.gelu(x)
    assert found.dtype == dtype
    onp.testing.assert_allclose(found.asnumpy(), expected, rtol=error, atol=error)


def test_gelu_knows_two_forms():
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh', not 'erf'"):
        F.gelu(onp.ones(2), approximate="erf")


# ---------------------------------------------------------------------------- special points


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "function, xs, values",
    [
        (F.sigmoid, [-INF, -1e4, 0, 1e4, INF], [0, 0, 0.5, 1, 1]),
        (F.softplus, [-INF, -1e4, 0, 1e4, INF], [0, 0, onp.log(2), 1e4, INF]),
        (F.gelu, [-1e4, -0.0, 1e4, INF], [0, 0, 1e4, INF]),
        (F.elu, [-INF, -1e4, 0, 1e4, INF], [-1, -1, 0, 1e4, INF]),
        (F.relu, [-INF, -1e4, -0.0, 1e4, INF], [0, 0, 0, 1e4, INF]),
        (F.softmax, [1e4, 1e4, 0, -INF], [0.5, 0.5, 0, 0]),
        (F.log_softmax, [1e4, 0, -INF], [0, -1e4, -INF]),
        (F.logsumexp, [1e4, 1e4, -INF], 1e4 + onp.log(2)),
        (F.logsumexp, [-INF, -INF], -INF),
        (F.logsumexp, [INF, 0], INF),
    ],
    ids=lambda x: x.__name__ if callable(x) else "",
)
def test_far_out(function, xs, values, dtype):
    close(function(onp.array(xs, dtype)), values, dtype)


def test_sigmoid_keeps_its_small_values():
    x = onp.array([-80, -20, -5], onp.float32)
    onp.testing.assert_allclose(F.sigmoid(x).asnumpy(), onp.exp(x.astype(float)), rtol=0.01)


def test_softplus_keeps_its_small_values():
    assert F.softplus(-80.0).item() == pytest.approx(onp.exp(-80), rel=1e-12)


def test_gradients_far_out_are_finite():
    x = onp.array([-1e4, -800.0, 0.0, 800.0, 1e4])
    for function in (F.sigmoid, F.softplus, F.elu, F.gelu, F.softmax, F.log_softmax, F.logsumexp):
        g = minpy.grad(lambda x, f=function: np.sum(f(x) ** 2))(x)
        assert onp.isfinite(g.asnumpy()).all(), function


def test_softmax_of_nothing_but_minus_infinity_is_nan_with_a_warning():
    x = onp.full((2, 3), -INF)
    x[0] = 0
    with pytest.warns(RuntimeWarning, match="invalid value"):
        p = F.softmax(x).asnumpy()
    onp.testing.assert_array_equal(onp.isnan(p), [[False] * 3, [True] * 3])


def test_relu_at_zero_and_nan():
    g = minpy.grad(lambda x: np.sum(F.relu(x)))(onp.array([0.0, -0.0, 1.0]))
    onp.testing.assert_array_equal(g.asnumpy(), [0, 0, 1])
    assert onp.isnan(F.relu(onp.nan).item())


@pytest.mark.parametrize("function", [F.relu, F.sigmoid, F.softmax, F.log_softmax])
def test_the_argument_is_not_kept(function):
    _, node = minpy.record(function, onp.ones(7)).nodes
    assert node[3][1] == (7,)  # its shape


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
def test_wrong_axis(function):
    with pytest.raises(onp.exceptions.AxisError, match=r"\(2, 3\).*axis 5 is out of bounds"):
        function(onp.ones((2, 3)), axis=5)


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
def test_no_classes(function):
    assert function(onp.ones((2, 0))).shape == (2, 0)
    close(F.logsumexp(onp.ones((2, 0)), axis=1), [-INF, -INF], "float64")


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers, but got an array of dtype complex128"):
        F.relu([1j])
