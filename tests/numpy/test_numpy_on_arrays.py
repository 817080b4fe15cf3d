"""NumPy's own functions, and other libraries, on our arrays; and what leaves a recording."""

import math
import operator
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import assert_same, assert_same_values
from .calls.data import INDICES, INTEGERS, ROW, TALL, VECTOR, X, Y
from .recording import on_recorded

EXPRESSIONS = {
    "exp": lambda x, y: onp.exp(x),
    "add with NumPy's": lambda x, y: onp.add(Y, x),
    "maximum with a number": lambda x, y: onp.maximum(0, x),
    "concatenate": lambda x, y: onp.concatenate([x, y]),
    "concatenate with NumPy's": lambda x, y: onp.concatenate([X, y], axis=1),
    "stack": lambda x, y: onp.stack((x, y)),
    "norm": lambda x, y: onp.linalg.norm(x, axis=1),
    "sum": lambda x, y: onp.sum(x, axis=0, keepdims=True),
    "mean": lambda x, y: onp.mean(x),
    "where": lambda x, y: onp.where(X > 0, x, y),
    "dot": lambda x, y: onp.dot(x, TALL),
    "matmul": lambda x, y: TALL @ x,
    "einsum": lambda x, y: onp.einsum("ij,ij->i", x, y),
    "reshape": lambda x, y: onp.reshape(x, -1),
    "transpose": lambda x, y: onp.transpose(x),
    "fft": lambda x, y: onp.fft.fft(x),
    "sort": lambda x, y: onp.sort(x, axis=1),
    "reduce": lambda x, y: onp.add.reduce(x, axis=1),
    "outer": lambda x, y: onp.multiply.outer(ROW, x),
    "left": lambda x, y: Y - x * Y / (2 + x),
    "scalar": lambda x, y: onp.float64(2.5) * x,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expression(expression, run):
    def check(x, y):
        assert_same(expression(x, y), expression(X, Y))
        assert minpy.is_recorded(expression(x, y)) == minpy.is_recorded(x)

    run(check, X, Y)


def test_gradient_flows_through_numpys_functions():
    gradient = minpy.grad(lambda x: onp.sum(onp.exp(x) * Y))(np.array(X))
    assert_same(gradient, onp.exp(X) * Y)


def test_function_of_a_plain_scalar():
    number = np.array(X).sum()
    assert_same(onp.add.outer(number, np.array(ROW)), onp.add.outer(X.sum(), ROW))
    assert_same(onp.where(np.array(X) > 0, number, X), onp.where(X > 0, X.sum(), X))
    assert type(onp.where(X > 0, number, X)) is onp.ndarray  # no array of ours among them
    assert type(onp.roots(np.array(ROW))) is np.ndarray  # NumPy looks at the elements alone


def test_numpy_reads_what_is_not_recorded():
    x = np.array(X)
    assert type(onp.asarray(x)) is onp.ndarray
    assert_same_values(onp.asarray(x), X)
    assert_same_values(onp.array(x, dtype=onp.float32), X.astype(onp.float32))
    assert_same_values(onp.array([x, x]), onp.array([X, X]))
    assert_same_values(X[np.array(INDICES) % 2], X[INDICES % 2])
    onp.testing.assert_allclose(x, X)
    out = onp.zeros((2, 3))
    out[...] = x
    assert_same_values(out, X)
    assert [1, 2, 3][np.array(1)] == 2


def test_conversion_shares_memory():
    x = np.array(X)
    raw = onp.asarray(x)
    raw[0, 0] = 5.0
    assert_same_values(x.asnumpy()[0, 0], onp.float64(5.0))
    copied = onp.array(x)
    copied[0, 0] = 6.0
    assert_same_values(x.asnumpy()[0, 0], onp.float64(5.0))


def test_dlpack():
    x = np.array(X)
    shared = onp.from_dlpack(x)
    assert_same_values(shared, X)
    assert onp.shares_memory(shared, x.asnumpy())
    assert x.__dlpack_device__() == (1, 0)
    assert_same(np.from_dlpack(onp.array(X)), X)
    assert_same(np.from_dlpack(x), X)


EXITS = {
    "float": lambda x: float(x[0]),
    "int": lambda x: int(x[0]),
    "complex": lambda x: complex(x[0]),
    "index": lambda x: [1, 2][x[0]],
    "math": lambda x: math.exp(x[0]),
    "asarray": onp.asarray,
    "array": onp.array,
    "array of elements": lambda x: onp.array([x[0], x[1]]),
    "element of NumPy's": lambda x: operator.setitem(VECTOR.copy(), 0, x[0]),
    "slice of NumPy's": lambda x: operator.setitem(VECTOR.copy(), slice(3), x[:3]),
    "NumPy's in place": lambda x: operator.iadd(VECTOR.copy(), x),
    "float64": lambda x: onp.float64(x[0]),
    "pickle": pickle.dumps,
    "dlpack": lambda x: x.__dlpack__(),
    "vectorize": lambda x: onp.vectorize(lambda a: a + 1.0)(x),
}


@pytest.mark.parametrize("leave", EXITS.values(), ids=EXITS)
def test_recorded_array_does_not_leave_by_itself(leave):
    def check(x):
        with pytest.raises((minpy.ImplicitExitError, ValueError)) as caught:
            leave(x)
        error = caught.value
        if not isinstance(error, minpy.ImplicitExitError):
            error = error.__cause__  # NumPy's "setting an array element with a sequence"
        assert isinstance(error, minpy.ImplicitExitError)
        for way in ("detach", "asnumpy", "item"):
            assert way in str(error)

    on_recorded(check, VECTOR)


@pytest.mark.parametrize("name", sorted(set(EXITS) - {"index"}))
def test_plain_array_leaves_freely(name):
    EXITS[name](np.array(VECTOR))


def test_explicit_exits():
    def check(x):
        assert_same_values(x.asnumpy(), VECTOR)
        assert_same(x.detach(), VECTOR)
        assert not minpy.is_recorded(x.detach())
        assert x[0].item() == VECTOR[0]
        assert type(x.item(1)) is float
        assert math.exp(x[0].item()) == math.exp(VECTOR[0])
        assert_same_values(onp.asarray(x.detach()), VECTOR)

    on_recorded(check, VECTOR)


def test_integers_leave_while_recording():
    def check(x):
        y = np.array(INTEGERS)
        assert_same_values(onp.asarray(y), INTEGERS)
        assert int(np.argmax(x)) == int(VECTOR.argmax())
        assert_same_values(onp.asarray(x > 0), VECTOR > 0)
        assert list(range(x.shape[0])) == list(range(6))

    on_recorded(check, VECTOR)


def test_function_without_rule_names_itself():
    def check(x):
        for histogram in (np.histogram, onp.histogram):
            with pytest.raises(minpy.NoGradientError, match="histogram"):
                histogram(x)

    on_recorded(check, VECTOR)
