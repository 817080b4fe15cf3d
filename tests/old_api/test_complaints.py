"""What users of the old minpy complained of; time and memory are in `benchmarks/`."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.core import grad


def test_errors_of_reshape_say_the_shapes():
    for reshape in (lambda x: x.reshape(4, 2), lambda x: np.reshape(x, (4, 2))):
        for call in (reshape, grad(lambda x, reshape=reshape: np.sum(reshape(x)))):
            with pytest.raises(ValueError, match="reshape") as raised:
                call(np.ones((2, 3)))
            assert "(2, 3)" in str(raised.value) and "(4, 2)" in str(raised.value).replace(
                "(4,2)", "(4, 2)"
            )


def test_minimum_has_a_gradient():
    x, y = np.array([1.0, 5.0]), np.array([3.0, 2.0])
    gx, gy = grad(lambda x, y: np.sum(np.minimum(x, y)), argnum=(0, 1))(x, y)
    assert gx.tolist() == [1, 0] and gy.tolist() == [0, 1]


def test_writes_in_place_have_the_right_gradient():
    def f(x):
        y = np.zeros(3)
        y[0] = x[0] * x[1]
        y[1:] = x[:2] ** 2
        y *= 2
        return np.sum(y * y)

    def without_writes(x):
        return 4 * ((x[0] * x[1]) ** 2 + np.sum(x[:2] ** 4))

    x = np.array([0.5, -2.0, 7.0])
    onp.testing.assert_allclose(grad(f)(x).asnumpy(), grad(without_writes)(x).asnumpy())


def test_numpys_arrays_stay_in_the_system():
    """Beside a recorded array, on either side of it, and as the argument itself."""
    plain = onp.array([2.0, 3.0])
    x = np.array([1.0, 1.0])
    assert grad(lambda x: np.sum(plain * x))(x).tolist() == [2, 3]
    assert grad(lambda x: np.sum(np.dot(plain, x)))(x).tolist() == [2, 3]
    assert grad(lambda x: np.sum(onp.exp(x)))(plain).tolist() == np.exp(plain).tolist()
    assert type(plain * x) is np.ndarray
