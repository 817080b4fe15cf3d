"""Floating results without axes are numbers to others, and keep the methods of arrays."""

import copy
import json
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

X = onp.array([1.0, 2.0, 4.0])


def mean_square(w):
    return (w * w).mean()


MADE = {
    "a sum": lambda: np.array(X).sum(),
    "an element": lambda: np.array(X)[0],
    "a product": lambda: np.array(X) @ np.array(X),
    "a function of a number": lambda: np.sqrt(np.array(X)[2]),
    "arithmetic of numbers": lambda: 1 - 0.5 * np.array(X)[0] ** 2 / np.array(X)[1],
    "a number in front": lambda: 2.0 / np.array(X).sum(),
    "a negative": lambda: -abs(np.array(X).min()),
    "a norm": lambda: np.linalg.norm(np.array(X)),
    "a 0-d array's square": lambda: np.array(3.0) * np.array(3.0),
    "a loss": lambda: minpy.value_and_grad(mean_square)(X)[0],
    "a derivative": lambda: minpy.grad(lambda x: x * x)(3),
    "a second derivative": lambda: minpy.hessian(lambda x: x**3)(2.0),
    "a vjp's value": lambda: minpy.make_vjp(mean_square)(X)[1],
    "a part of a nested gradient": lambda: minpy.grad(lambda p: p["a"] * 2)({"a": 1.0})["a"],
    "in single precision, times a number": lambda: np.array(X, onp.float32).sum() * 2.5 * X[1],
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_is_a_number(make):
    x = make()
    assert isinstance(x, onp.floating)
    if x.dtype == onp.float64:
        assert isinstance(x, float)
        assert json.loads(json.dumps({"loss": x})) == {"loss": float(x)}
        assert repr(x) == str(x) == repr(float(x))
    assert x.is_integer() == float(x).is_integer()
    with pytest.raises(TypeError, match="integer"):
        range(x)
    assert onp.isscalar(x) and np.isscalar(x)


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_has_what_arrays_have(make):
    x = make()
    assert type(x.asnumpy()) is onp.ndarray and x.asnumpy().shape == ()
    assert x.asnumpy() == x.item() == x
    assert x.detach() is x and x.context == minpy.cpu()
    assert type(x[None]) is type(x.reshape(1)) is np.ndarray and x[()] is x
    assert x.astype(onp.float32).asnumpy().dtype == onp.float32
    for again in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert again == x and again.asnumpy() == x
    for call in (len, list):
        with pytest.raises(TypeError, match=r"no len|not iterable"):
            call(x)


def test_stays_an_array_while_it_is_recorded():
    def f(x):
        total = x.sum()
        assert type(total) is np.ndarray and minpy.is_recorded(total)
        with pytest.raises(minpy.ImplicitExitError):
            float(total)
        return total

    assert isinstance(minpy.grad(f)(X), np.ndarray)


def test_gradient_of_an_array_without_axes_is_one():
    gradient = minpy.grad(lambda x: x * x)(np.array(3.0))
    assert type(gradient) is np.ndarray and gradient.item() == 6.0


def test_numbers_meet_arrays():
    x, number = np.array(X), np.array(X)[1]
    for found, expected in [
        (x * number, X * X[1]),
        (number * x, X[1] * X),
        (number - x, X[1] - X),
        (x / number, X / X[1]),
        (number / x, X[1] / X),
        (number**x, X[1] ** X),
        (x // number, X // X[1]),
        (number % x, X[1] % X),
        (number > x, X[1] > X),
        (number + X, X[1] + X),
    ]:
        assert type(found) is np.ndarray
        onp.testing.assert_array_equal(found, expected)


def test_numbers_meet_recorded_arrays():
    a, b = np.array(X)[1], np.array(X)[2]

    def f(w):
        return (a * w**2 + w / b - (b - w) + np.where(w > a, w * a, b)).sum()

    expected = 2 * 2.0 * X + 1 / 4.0 + 1 + onp.where(X > 2.0, 2.0, 0.0)
    onp.testing.assert_allclose(minpy.grad(f)(X), expected)


@pytest.mark.parametrize("dtype", [onp.float16, onp.float32, onp.float64, onp.complex64])
@pytest.mark.parametrize("other", [onp.float32, onp.float64, onp.int8, onp.complex64, float, int])
def test_promotion_is_numpys(dtype, other):
    ours, theirs = np.array([1, 2], dtype).sum(), onp.array([1, 2], dtype).sum()
    if other in (float, int):
        assert (ours * other(2)).dtype == (other(2) * ours).dtype == (theirs * other(2)).dtype
        return
    many = onp.array([1, 2], other)
    expected = (many * theirs).dtype
    assert (np.array(many) * ours).dtype == (ours * np.array(many)).dtype == expected
    assert (many * ours).dtype == (ours * many).dtype == expected
    assert np.add(ours, many[0]).dtype == onp.add(theirs, many[0]).dtype
    expected = (onp.sum(many) * theirs).dtype
    assert (np.array(many).sum() * ours).dtype == (ours * np.array(many).sum()).dtype == expected


def test_complex_numbers():
    z = np.array([1 + 2j, 3 - 1j])
    assert isinstance(z.sum(), complex) and z.sum().asnumpy() == 4 + 1j
    assert isinstance(z[0].real, float) and z[0].imag.asnumpy() == 2.0
    assert repr(z[0]) == "(1+2j)"


def test_a_number_is_bound_anew_by_an_operator_in_place():
    total = first = np.array(X).sum()
    total += 1
    assert (total, first) == (8.0, 7.0) and total.asnumpy() == 8.0
    total += np.array(X)
    assert type(total) is np.ndarray and total.tolist() == [9.0, 10.0, 12.0]


def test_numbers_in_functions_of_numpy_and_in_lists():
    numbers = [x for x in np.array(X)]
    assert np.mean(numbers).asnumpy() == onp.mean(X)
    assert np.array(numbers).tolist() == X.tolist()
    assert sum(numbers) == 7.0 and max(numbers) == 4.0 and sorted(numbers)[0] == 1.0
    assert onp.exp(numbers[0]) == onp.exp(1.0)
    assert {numbers[0]: "one"}[1.0] == "one"
    assert f"{numbers[1]:.2f}" == "2.00" and f"{int(numbers[2])}" == "4"


def test_gradient_of_a_write_into_an_array_without_axes():
    def f(y):
        y.flat[0] = np.mean(y) * 2
        return y * 3

    assert minpy.grad(f)(np.array(1.5)).item() == 6.0
