"""Gradients of gradients, and which variable is which."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .expectations import close, nth_derivative

X = onp.array([0.3, -0.7, 1.1])


# ----- gradients of gradients


@pytest.mark.parametrize("order", range(1, 6))
def test_higher_derivatives_of_sin_times_exp(order):
    """(sin x e^x)^(n) = 2^(n/2) e^x sin(x + n pi / 4)."""
    for x in (0.3, -1.2):
        expected = 2 ** (order / 2) * math.exp(x) * math.sin(x + order * math.pi / 4)
        close(nth_derivative(lambda t: np.sin(t) * np.exp(t), order)(x), expected)


@pytest.mark.parametrize("order", range(1, 6))
def test_higher_derivatives_elementwise(order):
    expected = [1, X**4, 4 * X**3, 12 * X**2, 24 * X, onp.full(3, 24.0)][order]
    close(nth_derivative(lambda t: t**5 / 5, order)(np.array(X)), expected)


@pytest.mark.parametrize("order", range(1, 5))
def test_higher_derivatives_through_writes_in_place(order):
    def f(x):
        out = np.zeros(3)
        out[0] = x * x
        out[1] = out[0] * x
        out[2:] += out[1] * out[0]
        out *= 2
        return out[2]  # 2 x^5

    close(nth_derivative(f, order)(1.5), 2 * math.perm(5, order) * 1.5 ** (5 - order))


@pytest.mark.parametrize("order", range(1, 5))
def test_higher_derivatives_through_a_loop_and_a_condition(order):
    def f(x):
        y = x
        for _ in range(3):
            y = y * x if y > 0 else -y
        return y

    close(nth_derivative(f, order)(1.3), math.perm(4, order) * 1.3 ** (4 - order))


def test_the_second_derivative_of_what_is_linear_is_zero():
    assert nth_derivative(lambda x: 3 * x, 2)(2.0).item() == 0.0
    assert nth_derivative(lambda x: 3 * x, 4)(2.0).item() == 0.0
    close(minpy.hessian(lambda x: np.sum(x))(np.array(X)), onp.zeros((3, 3)))
    assert minpy.grad(lambda x: np.sum(minpy.grad(np.sum)(x)))(np.ones(2)).tolist() == [0.0, 0.0]


def test_a_penalty_on_the_gradient():
    def loss(w):
        gradient = minpy.grad(lambda v: np.sum(v**3))(w)
        return np.sum(gradient * gradient)  # 9 w^4

    close(minpy.grad(loss)(np.array(X)), 36 * X**3)


def test_unrolled_gradient_descent():
    def after_training(rate):
        w = np.array([1.0, -2.0])
        for _ in range(3):
            w = w - rate * minpy.grad(lambda v: np.sum(v * v))(w)
        return np.sum(w)  # -(1 - 2 rate)^3

    close(minpy.grad(after_training)(0.1), 6 * 0.8**2)


def test_unrolled_gradient_descent_in_place():
    def after_training(rate):
        w = np.array([1.0, -2.0])
        for _ in range(3):
            w -= rate * minpy.grad(lambda v: np.sum(v * v))(w)
        return np.sum(w)

    close(minpy.grad(after_training)(0.1), 6 * 0.8**2)


# ----- perturbation confusion


def test_the_inner_variable_is_not_the_outer_one():
    """d/dx (x d/dy (x + y)) is 1; an engine that confuses the two says 2."""
    inner = lambda x: minpy.grad(lambda y: x + y)(1.0)  # noqa: E731
    assert minpy.grad(lambda x: x * inner(x))(1.0).item() == 1.0


@pytest.mark.parametrize("x", [0.5, 2.0])
def test_the_inner_variable_at_the_value_of_the_outer_one(x):
    assert minpy.grad(lambda x: x * minpy.grad(lambda y: x * y)(x))(x).item() == 2 * x
    close(minpy.grad(lambda x: x * minpy.grad(lambda y: y * y * x)(x))(x), 6 * x * x)
    close(minpy.grad(lambda x: minpy.grad(lambda y: np.sin(x * y))(2.0))(x),
          math.cos(2 * x) - 2 * x * math.sin(2 * x))  # fmt: skip


def test_an_inner_function_that_does_not_depend_on_its_argument():
    assert minpy.grad(lambda x: x * minpy.grad(lambda y: x)(1.0) + x)(3.0).item() == 1.0
    assert minpy.grad(lambda x: minpy.grad(lambda y: x * x)(1.0))(3.0).item() == 0.0


def test_an_inner_function_that_does_not_depend_on_the_outer_argument():
    assert minpy.grad(lambda x: x * minpy.grad(lambda y: y**3)(2.0))(5.0).item() == 12.0


def test_the_same_function_inside_itself():
    def f(x):
        return x**3

    assert minpy.grad(lambda x: f(x) * minpy.grad(f)(x))(2.0).item() == 15 * 2.0**4


def test_three_levels():
    def f(x):
        return minpy.grad(lambda y: minpy.grad(lambda z: x * y**2 * z**3)(y))(x)

    # d/dz = 3 x y^2 z^2 at z = y: 3 x y^4; d/dy at y = x: 12 x^4
    assert minpy.grad(f)(2.0).item() == 48 * 2.0**3


def test_a_detached_inner_variable_is_a_constant():
    assert minpy.grad(lambda x: minpy.grad(lambda y: y * x.detach())(x) * x)(3.0).item() == 3.0


def test_two_inner_gradients_of_one_outer_variable():
    def f(x):
        a = minpy.grad(lambda y: y * y * x)(x)
        b = minpy.grad(lambda y: a * y)(2.0)
        return a * b

    close(minpy.grad(f)(1.5), 16 * 1.5**3)


def test_a_list_carries_inner_values_to_the_outer_function():
    def f(x):
        aux = []

        def inner(y):
            aux.append(x * y)
            aux.append(x * x)
            return y * y * x

        slope = minpy.grad(inner)(x)  # 2 x^2
        return slope + aux[1] + aux[0].detach()

    close(minpy.grad(f)(3.0), 4 * 3.0 + 2 * 3.0)


def test_an_inner_value_that_depends_on_the_outer_variable_stays_recorded():
    """What is left in a list by an inner recording belongs to the outer one, which still runs."""

    def f(x):
        aux = []

        def inner(y):
            aux.append(y * x)
            return y

        minpy.grad(inner)(2.0)
        return aux[0] * 3

    assert minpy.grad(f)(5.0).item() == 6.0


def test_an_inner_value_with_the_outer_variable_as_its_argument():
    """The inner argument *is* the outer variable, so that what is made of it depends on that."""

    def f(x):
        aux = []

        def inner(y):
            aux.append(y * y)
            return y

        minpy.grad(inner)(x)
        return aux[0]

    assert minpy.grad(f)(5.0).item() == 10.0


def test_an_outer_array_written_by_an_inner_function():
    def f(x):
        out = np.zeros(2)

        def inner(y):
            out[0] = x * x
            out[1] = y
            return y * x

        slope = minpy.grad(inner)(1.0)
        return slope * out[0]

    assert minpy.grad(f)(2.0).item() == 12.0


def test_the_value_of_an_inner_value_and_grad_carries_the_outer_gradient():
    def f(x):
        value, slope = minpy.value_and_grad(lambda y: y * y * x)(x)
        return value * slope  # x^3 * 2 x^2

    close(minpy.grad(f)(1.5), 10 * 1.5**4)
