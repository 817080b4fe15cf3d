"""Where a real argument has a complex result, the gradient is that of finite differences."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

CASES = {
    "sqrt": lambda np, x: np.emath.sqrt(x),
    "log": lambda np, x: np.emath.log(x),
    "log2": lambda np, x: np.emath.log2(x),
    "log10": lambda np, x: np.emath.log10(x),
    "logn": lambda np, x: np.emath.logn(2.0, x),
    "power": lambda np, x: np.emath.power(x, 0.5),
    "power of an integer": lambda np, x: np.emath.power(x, -2),
    "arccos": lambda np, x: np.emath.arccos(x),
    "arcsin": lambda np, x: np.emath.arcsin(x),
    "arctanh": lambda np, x: np.emath.arctanh(x),
    "roots": lambda np, x: np.roots(np.concatenate([np.ones(1), x])),
    "poly of complex pairs": lambda np, x: np.poly(np.concatenate([x + 1j, x - 1j])),
}


@pytest.mark.parametrize("name", CASES)
def test_gradient_beyond_the_domain(name):
    call = CASES[name]
    x = onp.array([-2.5, -0.3, 0.4, 1.5])

    def number(np, x):
        y = call(np, x)
        return np.sum(np.real(y) * onp.cos(onp.arange(y.size)) + np.imag(y) * 0.7)

    onp.testing.assert_array_equal(call(np, np.array(x)).asnumpy(), call(onp, x))
    step = 1e-6 * onp.eye(4)
    numeric = [(number(onp, x + h) - number(onp, x - h)) / 2e-6 for h in step]
    g = minpy.grad(lambda x: number(np, x))(x)
    onp.testing.assert_allclose(g.asnumpy(), numeric, rtol=1e-6, atol=1e-7)


def test_numpys_own_functions_are_recorded_too():
    g = minpy.grad(lambda x: np.sum(np.imag(onp.emath.sqrt(x))))(onp.array([-4.0, 4.0]))
    onp.testing.assert_allclose(g.asnumpy(), [-0.25, 0.0])


@pytest.mark.parametrize("part", [0, 2])
def test_vectors_that_may_be_turned_have_no_gradient(part):
    a = onp.array([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]])
    with pytest.raises(minpy.NoGradientError, match="full_matrices=False"):
        minpy.grad(lambda a: np.sum(np.linalg.svd(a)[part]))(a)
