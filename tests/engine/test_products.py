"""Jacobians, Hessians, and their products with vectors."""

import math

import numpy as onp

import minpy
import minpy.numpy as np

from .expectations import close, field, field_jacobian

X = onp.array([0.3, -0.7, 1.1])


def test_jacobian():
    close(minpy.jacobian(field)(np.array(X)), field_jacobian(X))
    assert minpy.jacobian(lambda x: np.sum(x))(np.array(X)).shape == (3,)
    assert minpy.jacobian(lambda x: x * np.ones((2, 3)))(np.array(X)).shape == (2, 3, 3)
    assert minpy.jacobian(lambda x: x * np.ones(2))(1.0).shape == (2,)
    close(minpy.jacobian(lambda x, y: x * y, argnum=1)(2.0, np.array(X)), 2 * onp.eye(3))


def test_hessian():
    def f(x):
        return x[0] ** 2 * x[1] + np.sin(x[2]) * x[0]

    a, b, c = X
    expected = onp.array([
        [2 * b, 2 * a, math.cos(c)], [2 * a, 0, 0], [math.cos(c), 0, -a * math.sin(c)]
    ])  # fmt: skip
    close(minpy.hessian(f)(np.array(X)), expected)
    v = onp.array([1.0, 2.0, -1.0])
    close(minpy.hessian_vector_product(f)(np.array(X), np.array(v)), expected @ v)
    close(minpy.hessian_vector_product(f)(X, v), expected @ v)
    close(minpy.jacobian(minpy.grad(f))(np.array(X)), expected)


def test_hessian_of_a_matrix_argument_is_symmetric():
    w = np.array(onp.random.default_rng(0).normal(size=(2, 3)))
    hessian = minpy.hessian(lambda w: np.sum(np.tanh(w @ w.T)))(w).asnumpy()
    assert hessian.shape == (2, 3, 2, 3)
    close(hessian, hessian.transpose(2, 3, 0, 1))


def test_hessian_vector_product_with_more_arguments():
    hvp = minpy.hessian_vector_product(lambda a, x: a * np.sum(x**3), argnum=1)
    close(hvp(2.0, np.array(X), np.ones(3)), 12 * X)


def test_jvp():
    v = onp.array([1.0, -2.0, 0.5])
    value, product = minpy.make_jvp(field)(np.array(X))(np.array(v))
    close(value, field(np.array(X)).asnumpy())
    close(product, field_jacobian(X) @ v)
    jvp = minpy.make_jvp(lambda x, y: x * y, argnum=1)(3.0, np.array(X))
    for scale in (1.0, 2.0):
        close(jvp(np.array(scale * v))[1], 3 * scale * v)


def test_the_gradient_of_a_jvp():
    def f(x):
        _, product = minpy.make_jvp(lambda y: y**3)(x)(np.ones(3))
        return np.sum(product)  # 3 x^2

    close(minpy.grad(f)(np.array(X)), 6 * X)


def test_vjp_several_times():
    vjp, value = minpy.make_vjp(field)(np.array(X))
    close(value, field(np.array(X)).asnumpy())
    assert not minpy.is_recorded(value)
    for i, row in enumerate(onp.eye(4)):
        close(vjp(np.array(row)), field_jacobian(X)[i])
        close(vjp(row), field_jacobian(X)[i])


def test_vjp_of_several_arguments():
    vjp, _ = minpy.make_vjp(lambda x, y: x * y, argnum=(0, 1))(np.array(X), np.ones(3))
    gx, gy = vjp(np.ones(3))
    close(gx, onp.ones(3))
    close(gy, X)


def test_vjp_through_writes_several_times():
    def f(x):
        out = np.zeros(4)
        out[:3] = x * x
        out[1:] += out[:-1] * 1.0
        return out

    vjp, _ = minpy.make_vjp(f)(np.array(X))
    first = vjp(np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    assert vjp(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == first
    close(first, 2 * X * [3.0, 5.0, 7.0])


def test_a_vjp_made_inside_a_recording():
    def f(x):
        vjp, value = minpy.make_vjp(lambda y: y * y * x)(x)
        return np.sum(vjp(x) + value)  # 2 x^3 + x^3

    close(minpy.grad(f)(np.array(X)), 9 * X**2)


def test_a_vjp_is_linear_in_its_gradient():
    vjp, _ = minpy.make_vjp(lambda y: y**3)(np.array(X))
    close(minpy.grad(lambda g: np.sum(vjp(g)))(np.ones(3)), 3 * X**2)
    close(minpy.grad(lambda g: np.sum(vjp(g) ** 2))(np.ones(3)), 18 * X**4)
