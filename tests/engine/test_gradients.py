"""The functions that differentiate: what they take, what they return, and that it is right."""

import contextlib
import io
import math
import threading
import tracemalloc
import weakref
from collections import OrderedDict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

X = onp.array([0.3, -0.7, 1.1])


def close(actual, expected, tolerance=1e-10):
    onp.testing.assert_allclose(onp.asarray(actual), expected, tolerance, tolerance)


# ----- published examples


def test_foo_with_a_condition_on_data():
    def foo(x):
        return x if x > 0 else 2 * x

    foo_grad = minpy.grad(foo)
    assert foo_grad(3) == 1.0
    assert foo_grad(-1) == 2.0


def test_printing_in_the_middle_of_a_recorded_function():
    def f(x):
        y = x * 2
        print("x is", x, "and y", y)
        print(repr(y), f"{y[0]:.3f}", f"{y}")
        return np.sum(y)

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        minpy.grad(f)(np.array([1.0, 2.5]))
    assert out.getvalue() == "x is [1.  2.5] and y [2. 5.]\narray([2., 5.]) 2.000 [2. 5.]\n"


def test_logaddexp():
    expected = onp.logaddexp(onp.zeros((2, 3)), onp.ones((2, 3)))
    close(np.logaddexp(np.zeros((2, 3)), np.ones((2, 3))), expected)
    gx, gy = minpy.grad(np.logaddexp, argnum=(0, 1))(np.zeros((2, 3)), np.ones((2, 3)))
    close(gx, onp.full((2, 3), 1 / (1 + math.e)))
    close(gy, onp.full((2, 3), math.e / (1 + math.e)))


def test_logistic_regression_trains():
    rng = onp.random.default_rng(0)
    data = rng.normal(size=(60, 5))
    label = (data @ rng.normal(size=5) > 0) * 1.0

    def by_hand(w):
        p = 1 / (1 + onp.exp(-(data @ w)))
        return data.T @ (p - label) / len(label)

    def loss(w, xs, ys):
        p = 1 / (1 + np.exp(-np.dot(xs, w)))
        return -np.mean(ys * np.log(p) + (1 - ys) * np.log(1 - p))

    gradient = minpy.grad_and_loss(loss)
    w, losses = np.zeros(5), []
    for _ in range(50):
        dw, value = gradient(w, np.array(data), np.array(label))
        close(dw, by_hand(w.asnumpy()))
        w -= 1.0 * dw
        losses.append(float(value))
    assert losses[0] == pytest.approx(math.log(2))
    assert losses[-1] < 0.35
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_numpys_own_names_are_recorded_too():
    def f(x):
        return onp.sum(onp.exp(x) * onp.array([1.0, 2.0, 3.0]) + onp.array([1.0, 2.0, 3.0]) * x)

    close(minpy.grad(f)(np.array(X)), (onp.exp(X) + 1) * [1.0, 2.0, 3.0])


# ----- argnum


def product(x, y, z=2.0):
    return x * y * z


def test_argnum_is_an_int():
    assert minpy.grad(product)(3.0, 4.0).item() == 8.0
    assert minpy.grad(product, argnum=1)(3.0, 4.0).item() == 6.0
    assert minpy.grad(product, 2)(3.0, 4.0, 5.0).item() == 12.0


def test_argnum_is_negative():
    assert minpy.grad(product, argnum=-1)(3.0, 4.0).item() == 6.0
    assert minpy.grad(product, argnum=-1)(3.0, 4.0, 5.0).item() == 12.0


@pytest.mark.parametrize("argnum", [(0, 1), [0, 1], range(2), (-3, "y"), ("x", "y")], ids=str)
def test_argnum_is_a_sequence(argnum):
    gradients = minpy.grad(product, argnum=argnum)(3.0, 4.0, 5.0)
    assert type(gradients) is list
    assert [g.item() for g in gradients] == [20.0, 15.0]


def test_a_sequence_of_one_returns_a_list():
    assert [g.item() for g in minpy.grad(product, argnum=[1])(3.0, 4.0)] == [6.0]


def test_the_order_of_argnum_is_the_order_of_the_gradients():
    assert [g.item() for g in minpy.grad(product, argnum=(1, 0))(3.0, 4.0)] == [6.0, 8.0]


def test_argnum_is_a_name():
    assert minpy.grad(product, argnum="y")(3.0, 4.0).item() == 6.0
    assert minpy.grad(product, argnum="y")(3.0, y=4.0).item() == 6.0
    assert minpy.grad(product, argnum="z")(3.0, 4.0, z=1.0).item() == 12.0


def test_keyword_arguments_are_handed_on():
    def f(x, *, power, shift=0.0):
        return np.sum(x**power + shift)

    close(minpy.grad(f)(np.array(X), power=3, shift=1.0), 3 * X**2)
    close(minpy.grad(f, argnum="shift")(np.array(X), power=3, shift=1.0), 3.0)
    close(minpy.jacobian(f)(np.array(X), power=2), 2 * X)
    assert minpy.value_and_grad(f)(np.array(X), power=1)[0].item() == pytest.approx(X.sum())


def test_a_keyword_taken_by_double_star():
    def f(**kw):
        return kw["a"] * kw["b"]

    assert minpy.grad(f, argnum="b")(a=3.0, b=4.0).item() == 3.0


def test_methods_and_callable_objects():
    class Model:
        scale = 3.0

        def loss(self, x):
            return np.sum(x * self.scale)

        def __call__(self, x):
            return self.loss(x) * 2

    model = Model()
    assert minpy.grad(model.loss)(np.ones(2)).tolist() == [3.0, 3.0]
    assert minpy.grad(model)(np.ones(2)).tolist() == [6.0, 6.0]
    assert minpy.grad(Model.loss, argnum=1)(model, np.ones(2)).tolist() == [3.0, 3.0]


def test_the_name_and_the_docstring_stay():
    def loss(x):
        """Say what the loss is."""
        return x

    for make in (
        minpy.grad, minpy.value_and_grad, minpy.grad_and_loss, minpy.elementwise_grad,
        minpy.jacobian, minpy.hessian, minpy.make_vjp, minpy.make_jvp,
        minpy.hessian_vector_product, minpy.checkpoint,
    ):  # fmt: skip
        assert make(loss).__name__ == "loss"
        assert make(loss).__doc__ == "Say what the loss is."


# ----- nested arguments

Point = namedtuple("Point", "x y")


@dataclass
class Layer:
    w: Any
    b: Any
    name: str = "layer"


@dataclass(frozen=True)
class Frozen:
    layer: Layer
    scale: Any


def test_a_dict():
    gradient = minpy.grad(lambda p: np.sum(p["w"] * 2 + p["b"]))(
        {"w": np.ones(2), "b": np.zeros(1)}
    )
    assert list(gradient) == ["w", "b"]
    assert gradient["w"].tolist() == [2.0, 2.0]
    assert gradient["b"].tolist() == [2.0]


def test_an_ordered_dict_keeps_its_type_and_order():
    given = OrderedDict([("z", np.ones(1)), ("a", 2.0)])
    gradient = minpy.grad(lambda p: np.sum(p["z"]) * p["a"])(given)
    assert type(gradient) is OrderedDict
    assert list(gradient) == ["z", "a"]


def test_a_list_and_a_tuple():
    gradient = minpy.grad(lambda p: p[0] * p[1][0] * p[1][1])([2.0, (3.0, 5.0)])
    assert type(gradient) is list and type(gradient[1]) is tuple
    assert (gradient[0].item(), *[g.item() for g in gradient[1]]) == (15.0, 10.0, 6.0)


def test_a_namedtuple():
    gradient = minpy.grad(lambda p: p.x * p.y)(Point(2.0, 3.0))
    assert type(gradient) is Point
    assert (gradient.x.item(), gradient.y.item()) == (3.0, 2.0)


def test_a_dataclass():
    gradient = minpy.grad(lambda p: np.sum(p.w * 3 + p.b))(Layer(np.ones(2), 1.0))
    assert type(gradient) is Layer
    assert gradient.w.tolist() == [3.0, 3.0]
    assert gradient.b.item() == 2.0
    assert gradient.name is None


def test_a_frozen_dataclass_in_a_dict_with_a_dataclass_in_it():
    given = {"m": Frozen(Layer(np.ones(2), 2.0), scale=np.array(3.0))}
    gradient = minpy.grad(lambda p: np.sum(p["m"].layer.w) * p["m"].layer.b * p["m"].scale)(given)
    assert gradient["m"].layer.w.tolist() == [6.0, 6.0]
    assert gradient["m"].layer.b.item() == 6.0
    assert gradient["m"].scale.item() == 4.0


def test_what_is_not_floating_has_none():
    given = {"w": 2.0, "n": 3, "labels": np.array([1, 2]), "name": "a", "on": True, "no": None}
    gradient = minpy.grad(lambda p: p["w"] ** p["n"])(given)
    assert gradient.pop("w").item() == 12.0
    assert gradient == dict.fromkeys(["n", "labels", "name", "on", "no"])


def test_a_container_that_is_used_twice():
    w = np.ones(2)
    first, second = minpy.grad(lambda p: np.sum(p[0] * 2 + p[1] * 3))([w, w])
    assert (first.tolist(), second.tolist()) == ([2.0, 2.0], [3.0, 3.0])


def test_empty_containers():
    assert minpy.grad(lambda p: p["w"])({"w": 1.0, "rest": [], "more": {}, "t": ()}) == {
        "w": 1.0,
        "rest": [],
        "more": {},
        "t": (),
    }


def test_raw_arrays_numbers_and_numpys_scalars_are_arguments():
    def square(x):
        assert type(x) is np.ndarray
        return np.sum(x * x)

    for value in (3, 3.0, onp.float64(3), onp.array(3.0), np.array(3.0)):
        gradient = minpy.grad(square)(value)
        assert type(gradient) is np.ndarray
        assert gradient.item() == 6.0
    assert minpy.grad(square)(onp.ones(2)).tolist() == [2.0, 2.0]
    assert minpy.grad(lambda p: square(p["x"]))({"x": onp.float32(3)})["x"].item() == 6.0


def test_an_unused_argument_has_a_gradient_of_zero():
    gx, gy = minpy.grad(lambda x, y: np.sum(x), argnum=(0, 1))(np.ones(2), np.ones((2, 3)))
    assert gx.tolist() == [1.0, 1.0]
    assert gy.tolist() == [[0.0] * 3] * 2


def test_a_constant_result_has_a_gradient_of_zero():
    assert minpy.grad(lambda x: 3.0)(2.0).item() == 0.0
    assert minpy.grad(lambda x: np.ones(3))(np.ones(2)).tolist() == [0.0, 0.0]
    assert minpy.grad(lambda x: np.sum(x.detach() ** 2))(np.ones(2)).tolist() == [0.0, 0.0]


def test_the_argument_is_the_result():
    assert minpy.grad(lambda x: x)(np.ones(2)).tolist() == [1.0, 1.0]
    value, gradient = minpy.value_and_grad(lambda x: x)(2.0)
    assert (value.item(), gradient.item()) == (2.0, 1.0)


# ----- values and dtypes


def test_grad_and_loss_and_value_and_grad():
    def f(x):
        return np.sum(x * x)

    gradient, value = minpy.grad_and_loss(f)(np.array(X))
    close(gradient, 2 * X)
    close(value, onp.sum(X * X))
    value, gradient = minpy.value_and_grad(f)(np.array(X))
    close(gradient, 2 * X)
    assert type(value) is np.ndarray and value.shape == ()
    assert not minpy.is_recorded(value)
    assert not minpy.is_recorded(gradient)


def test_a_result_that_is_no_scalar_is_summed():
    close(minpy.grad(np.exp)(np.array(X)), onp.exp(X))
    close(minpy.elementwise_grad(np.tanh)(np.array(X)), 1 / onp.cosh(X) ** 2)


@pytest.mark.parametrize("dtype", [onp.float16, onp.float32, onp.float64])
def test_a_gradient_has_the_dtype_of_its_argument(dtype):
    def f(x):
        h = np.tanh(x * 2 + 1) / 3.0 - x**2
        h = np.where(h > 0, h, 0.1 * h) @ np.ones((3, 2), dtype)
        assert h.dtype == dtype
        return np.mean(h)

    value, gradient = minpy.value_and_grad(f)(np.ones((2, 3), dtype))
    assert value.dtype == gradient.dtype == dtype
    hessian_times = minpy.hessian_vector_product(f)
    assert hessian_times(np.ones((2, 3), dtype), np.ones((2, 3), dtype)).dtype == dtype


def test_mixed_dtypes_come_back_as_they_were():
    x, y = np.ones(2, onp.float32), np.ones(2)
    gx, gy = minpy.grad(lambda a, b: np.sum(a * b), argnum=(0, 1))(x, y)
    assert (gx.dtype, gy.dtype) == (onp.float32, onp.float64)


def test_complex_arguments_follow_the_convention_of_autograd():
    """For a real loss of z = x + iy the gradient is dx - i dy."""
    z = np.array([1.0 + 2.0j, -0.5j])
    close(minpy.grad(lambda z: np.sum(np.abs(z) ** 2))(z), onp.conj(2 * z.asnumpy()))
    close(minpy.grad(lambda z: np.sum(np.real(z * z)))(z), 2 * z.asnumpy())


def test_a_real_argument_of_a_complex_computation_has_a_real_gradient():
    gradient = minpy.grad(lambda x: np.sum(np.abs(np.exp(1j * x) + x) ** 2))(np.array(X))
    assert gradient.dtype == onp.float64
    close(gradient, 2 * X + 2 * onp.cos(X) - 2 * X * onp.sin(X))


# ----- gradients belong to the caller


def test_gradients_alias_nothing():
    x, y, z = np.ones(3), np.ones(3), np.ones((3, 1))

    def f(x, y, z):
        return np.sum(x + y + x) + np.sum(z) + np.sum(x.reshape(3, 1))

    gradients = minpy.grad(f, argnum=(0, 1, 2))(x, y, z)
    before = [g.tolist() for g in gradients]
    for i, g in enumerate(gradients):
        g += 100.0
        g[0] = -1.0
        for j, other in enumerate(gradients):
            if j > i:
                assert other.tolist() == before[j]
    assert x.tolist() == y.tolist() == [1.0] * 3


@pytest.mark.parametrize(
    "f",
    [
        np.sum,
        lambda x: x,
        lambda x: np.sum(x.T),
        lambda x: np.sum(np.broadcast_to(x, (4, 2, 3))),
        lambda x: np.mean(x),
        lambda x: x[0, 0],
        lambda x: 3.0,
        lambda x: np.sum(x.reshape(-1)[::-1]),
    ],
)
def test_gradients_can_be_written(f):
    gradient = minpy.grad(f)(np.ones((2, 3)))
    gradient *= 2.0
    gradient[0] = 5.0
    assert gradient[0].tolist() == [5.0] * 3
    raw = minpy.grad(f)(np.ones((2, 3))).asnumpy()
    raw[0] = 5.0
    assert raw[0].tolist() == [5.0] * 3


def test_writing_a_gradient_that_came_from_the_seed_leaves_the_seed_alone():
    vjp, _ = minpy.make_vjp(lambda x: x + 0.0)(np.ones(2))
    seed = np.array([1.0, 2.0])
    raw_seed = onp.array([1.0, 2.0])
    for given in (seed, raw_seed):
        gradient = vjp(given)
        gradient *= 10.0
        assert given.tolist() == [1.0, 2.0]
    first, second = vjp(seed), vjp(seed)
    first[:] = 0.0
    assert second.tolist() == [1.0, 2.0]


def test_a_gradient_is_not_changed_by_writing_the_seed_later():
    vjp, _ = minpy.make_vjp(lambda x: x + 0.0)(np.ones(2))
    seed = np.array([1.0, 2.0])
    gradient = vjp(seed)
    seed *= 10.0
    assert gradient.tolist() == [1.0, 2.0]


def test_the_value_may_be_written():
    x = np.ones(2)
    value, gradient = minpy.value_and_grad(lambda x: x)(x)
    value *= 7.0
    assert x.tolist() == [1.0, 1.0]
    assert gradient.tolist() == [1.0, 1.0]


def test_the_value_of_a_kept_vjp_may_be_written():
    vjp, value = minpy.make_vjp(np.exp)(np.zeros(2))
    value *= 7.0
    assert vjp(np.ones(2)).tolist() == [1.0, 1.0]


# ----- gradients of gradients


def nth_derivative(f, n):
    for _ in range(n):
        f = minpy.grad(f)
    return f


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


# ----- Jacobians and their products


def field(x):
    return np.stack([x[0] * x[1], np.sin(x[2]), x[0] ** 2, x[1] * 3.0])


def field_jacobian(x):
    return onp.array(
        [[x[1], x[0], 0.0], [0.0, 0.0, math.cos(x[2])], [2 * x[0], 0, 0], [0.0, 3.0, 0.0]]
    )


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


# ----- checkpoint


def test_checkpoint_gives_the_same_gradients():
    def wave(x, y, scale=1.0):
        return np.sin(np.exp(x) * y) * scale

    kept = minpy.checkpoint(wave)
    args = np.array(X), np.array(X[::-1].copy())
    close(kept(*args), wave(*args).asnumpy())
    for call in (
        lambda f: minpy.grad(f, argnum=(0, 1))(*args),
        lambda f: minpy.grad(f, argnum=(0, 1))(*args, scale=2.0),
        lambda f: minpy.grad(lambda s: f(*args, scale=s))(3.0),
        lambda f: minpy.grad(lambda x: np.sum(minpy.grad(f)(x, args[1]) ** 2))(args[0]),
        lambda f: minpy.hessian(lambda x: np.sum(f(x, x)))(args[0]),
        lambda f: minpy.grad(lambda x: f(f(x, x), x))(args[0]),
    ):
        expected, actual = call(wave), call(kept)
        if type(expected) is not list:
            expected, actual = [expected], [actual]
        for e, a in zip(expected, actual, strict=True):
            close(a, e.asnumpy())


def test_checkpoint_of_nested_arguments():
    layer = minpy.checkpoint(lambda p, x: np.tanh(x @ p["w"] + p["b"]))
    p = {"w": np.ones((3, 2)), "b": np.zeros(2)}
    plain = minpy.grad(lambda p: np.sum(np.tanh(np.array(X) @ p["w"] + p["b"])))(p)
    kept = minpy.grad(lambda p: np.sum(layer(p, np.array(X))))(p)
    for name in p:
        close(kept[name], plain[name].asnumpy())


def test_checkpoint_of_a_function_with_several_results():
    halves = minpy.checkpoint(lambda x: (np.sin(x), np.cos(x)))

    def f(x):
        s, c = halves(x)
        return np.sum(s * c * 2)  # sin 2x

    close(minpy.grad(f)(np.array(X)), 2 * onp.cos(2 * X))


def test_checkpoint_refuses_a_closure_over_a_recorded_array():
    def f(x):
        return np.sum(minpy.checkpoint(lambda y: y * x)(np.ones(3)))

    with pytest.raises(TypeError, match=r"checkpoint.*pass it as an argument"):
        minpy.grad(f)(np.array(X))


def test_checkpoint_saves_memory():
    def deep(x):
        for _ in range(30):
            x = np.sin(x)
        return x

    def peak(f):
        x = np.ones(100_000)
        tracemalloc.start()
        minpy.grad(lambda x: np.sum(f(f(f(x)))))(x)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(minpy.checkpoint(deep)) < 0.6 * peak(deep)


# ----- ops of one's own


def cube_and_rule():
    @primitive
    def cube(x, scale=1.0):
        assert type(x) in (onp.ndarray, onp.float64)
        return x**3 * scale

    defvjp(cube, lambda ans, x, scale=1.0: lambda g: g * 3 * x**2 * scale)
    return cube


def test_primitive():
    cube = cube_and_rule()
    close(cube(np.array(X)), X**3)
    assert type(cube(np.array(X))) is np.ndarray
    close(minpy.grad(cube)(np.array(X)), 3 * X**2)
    close(minpy.grad(cube)(np.array(X), scale=2.0), 6 * X**2)
    close(minpy.grad(cube)(2.0), 12.0)


def test_a_primitive_to_higher_order():
    cube = cube_and_rule()
    close(nth_derivative(cube, 2)(2.0), 12.0)
    close(nth_derivative(cube, 3)(2.0), 6.0)
    close(minpy.hessian(lambda x: np.sum(cube(x)))(np.array(X)), onp.diag(6 * X))


def test_a_primitive_of_several_arguments():
    @primitive
    def scaled(a, x, b):
        return a * x + b

    defvjp(scaled, lambda ans, a, x, b: lambda g: np.sum(g * x), None)
    defvjp(scaled, lambda ans, a, x, b: lambda g: g * 1.0, argnums=[2])
    ga, gb = minpy.grad(scaled, argnum=(0, 2))(2.0, np.array(X), np.zeros(3))
    close(ga, X.sum())
    close(gb, onp.ones(3))
    assert minpy.grad(scaled, argnum=1)(2.0, np.array(X), np.zeros(3)).tolist() == [0.0] * 3


def test_a_primitive_without_a_rule_raises_at_the_call():
    called = []

    @primitive
    def clip_at_one(x):
        called.append(True)
        return onp.minimum(x, 1.0)

    assert clip_at_one(np.array([2.0])).tolist() == [1.0]
    reached = []

    def f(x):
        y = clip_at_one(x)
        reached.append(True)
        return y

    with pytest.raises(minpy.NoGradientError, match=r"clip_at_one.*argument 0"):
        minpy.grad(f)(np.ones(2))
    assert not reached


def test_a_primitive_with_a_rule_for_another_argument_raises_at_the_call():
    @primitive
    def power(x, n):
        return x**n

    defvjp(power, lambda ans, x, n: lambda g: g * n * x ** (n - 1))
    assert minpy.grad(power)(3.0, 2.0).item() == 6.0
    with pytest.raises(minpy.NoGradientError, match=r"power.*argument 1"):
        minpy.grad(power, argnum=1)(3.0, 2.0)


def test_defvjp_refuses_what_is_no_primitive():
    with pytest.raises(TypeError, match="primitive"):
        defvjp(np.exp, lambda ans, x: lambda g: g)
    with pytest.raises(TypeError, match="primitive"):
        defvjp(lambda x: x, lambda ans, x: lambda g: g)


def test_customop():
    @minpy.customop("numpy")
    def my_softmax(x, y):
        assert type(x) is onp.ndarray
        probs = onp.exp(x - onp.max(x, axis=1, keepdims=True))
        return probs / onp.sum(probs, axis=1, keepdims=True)

    def rule(ans, x, y):
        def pull(g):
            n = x.shape[0]
            return (ans - np.eye(x.shape[1])[y.astype(int)]) / n * g

        return pull

    my_softmax.def_grad(rule)
    x, y = np.array(onp.random.default_rng(1).normal(size=(2, 3))), np.array([0, 2])
    probs = my_softmax(x, y).asnumpy()
    close(probs.sum(axis=1), onp.ones(2))
    close(minpy.grad(my_softmax)(x, y), (probs - onp.eye(3)[[0, 2]]) / 2)


def test_customop_for_several_arguments_and_to_second_order():
    @minpy.customop("numpy")
    def times(x, y):
        return x * y

    times.def_grad(lambda ans, x, y: lambda g: g * y)
    with pytest.raises(minpy.NoGradientError, match=r"times.*argument 1"):
        minpy.grad(times, argnum=1)(2.0, 3.0)
    times.def_grad(lambda ans, x, y: lambda g: g * x, argnum=1)
    assert [g.item() for g in minpy.grad(times, argnum=(0, 1))(2.0, 3.0)] == [3.0, 2.0]
    assert nth_derivative(lambda x: times(x, x), 2)(2.0).item() == 2.0
    assert nth_derivative(lambda x: times(x, times(x, x)), 3)(2.0).item() == 6.0


def test_customop_knows_its_backends():
    with pytest.raises(ValueError, match="'cuda'"):
        minpy.customop("cuda")


def test_a_rule_may_write_into_its_gradient_and_its_arguments():
    """A rule is user code: it must not be able to spoil what others still need."""

    @primitive
    def double(x):
        return x * 2

    def rule(ans, x):
        def pull(g):
            g *= 2
            x[:] = 0.0
            ans[:] = 0.0
            return g

        return pull

    defvjp(double, rule)

    def f(x):
        return np.sum(double(x) * x + x * x)

    close(minpy.grad(f)(np.array(X)), 6 * X)
    vjp, _ = minpy.make_vjp(double)(np.array(X))
    seed = np.ones(3)
    assert vjp(seed).tolist() == vjp(seed).tolist() == [2.0] * 3
    assert seed.tolist() == [1.0] * 3


# ----- threads


def test_many_threads_differentiate_at_once():
    def work(k):
        results = []
        for i in range(30):
            x = np.array(X * (k + 1) / 7)
            raw = x.asnumpy()
            y = np.ones(3)
            y *= x
            results.append(
                (minpy.grad(lambda v: np.sum(np.sin(v) * v))(x) + i * 0).asnumpy()
                - (onp.sin(raw) + raw * onp.cos(raw))
            )
            nested = minpy.grad(lambda v: np.sum(minpy.grad(lambda u: np.sum(u**3 * v))(v)))(x)
            results.append(nested.asnumpy() - 9 * raw**2)
        return onp.max(onp.abs(results))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(24))) < 1e-9


def test_threads_share_an_argument():
    shared = np.array(X)
    barrier = threading.Barrier(6)

    def work(k):
        barrier.wait()
        for _ in range(50):
            gradient = minpy.grad(lambda v: np.sum(v * v) * k)(shared)
            close(gradient, 2 * k * X)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(1, 7)))
    assert not minpy.is_recorded(shared)
    assert shared.tolist() == X.tolist()


def test_threads_share_an_argument_that_each_writes():
    shared = np.array(X)
    barrier = threading.Barrier(6)

    def work(k):
        def f(v):
            v *= k
            v[0] = 0.0
            return np.sum(v * v)

        barrier.wait()
        for _ in range(50):
            close(minpy.grad(f)(shared), [0, *(2 * k * k * X[1:])])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(1, 7)))
    assert shared.tolist() == X.tolist()


def test_a_pool_inside_a_recorded_function():
    with ThreadPoolExecutor(4) as pool:

        def f(x):
            parts = list(pool.map(lambda k: np.sum(np.sin(x * k)), range(1, 9)))
            return sum(parts)

        expected = sum(k * onp.cos(k * X) for k in range(1, 9))
        close(minpy.grad(f)(np.array(X)), expected)
        second = minpy.grad(lambda x: np.sum(minpy.grad(f)(x)))(np.array(X))
        close(second, sum(-k * k * onp.sin(k * X) for k in range(1, 9)))


def test_a_gradient_in_a_thread_inside_a_recorded_function():
    with ThreadPoolExecutor(2) as pool:

        def f(x):
            slopes = pool.map(lambda k: minpy.grad(lambda y: np.sum(y**k * x))(x), [2, 3])
            return np.sum(sum(slopes))  # 2 x^2 + 3 x^3

        close(minpy.grad(f)(np.array(X)), 4 * X + 9 * X**2)


def test_a_vjp_is_used_in_another_thread():
    vjp, _ = minpy.make_vjp(field)(np.array(X))
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda e: vjp(np.array(e)).asnumpy(), onp.eye(4)))
    close(rows, field_jacobian(X))


# ----- length and memory


def test_a_chain_of_100_000_ops():
    def f(x):
        y = x
        for _ in range(100_000):
            y = y * 1.00001
        return y

    value, gradient = minpy.value_and_grad(f)(2.0)
    assert value.item() == pytest.approx(2 * 1.00001**100_000)
    assert gradient.item() == pytest.approx(1.00001**100_000)


def test_a_long_chain_through_two_paths_and_to_second_order():
    def f(x):
        y = x
        for _ in range(5_000):
            y = y + x * 0.001
        return y * y

    close(nth_derivative(f, 1)(1.0), 72.0)
    close(nth_derivative(f, 2)(1.0), 72.0)


def test_a_long_chain_that_nobody_differentiates_is_freed_without_recursion():
    def f(x):
        y = x
        for _ in range(100_000):
            y = np.sin(y)
        kept = y
        del y, kept
        return x

    assert minpy.grad(f)(2.0).item() == 1.0


def test_a_long_chain_in_a_dropped_vjp_is_freed_without_recursion():
    def f(x):
        for _ in range(100_000):
            x = x * 1.0
        return x

    vjp, value = minpy.make_vjp(f)(2.0)
    assert vjp(np.array(1.0)).item() == 1.0
    del vjp, value


def test_memory_is_freed_as_the_backward_pass_goes():
    """When the pass has reached an early op, what the later ones kept is gone."""
    alive = []

    @primitive
    def checked(x, number):
        ans = onp.exp(x * 0.0)
        alive.append(weakref.ref(ans))
        return ans

    seen = {}

    def rule(ans, x, number):
        def pull(g):
            seen[number] = sum(ref() is not None for ref in alive)
            return g * ans

        return pull

    defvjp(checked, rule)

    def f(x):
        for number in range(20):
            x = checked(x, number)
        return np.sum(x)

    minpy.grad(f)(np.ones(4))
    assert seen[19] >= 19
    assert seen[0] <= 3


def test_the_peak_of_memory_is_that_of_the_forward_pass():
    size, steps = 50_000, 40
    peaks = []

    @primitive
    def end_of_forward(x):
        peaks.append(tracemalloc.get_traced_memory()[1])
        return x

    defvjp(end_of_forward, lambda ans, x: lambda g: g)

    def f(x):
        y = x
        for _ in range(steps):
            y = np.sin(y)
        return end_of_forward(np.sum(y))

    x = np.ones(size)
    tracemalloc.start()
    minpy.grad(f)(x)
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] - peaks[0] <= 4 * 8 * size
    assert peaks[0] <= (steps + 4) * 8 * size


def test_what_no_rule_reads_is_not_kept():
    """Adding keeps shapes: the values of a long sum need not be kept."""
    size, steps = 50_000, 40

    def f(x):
        y = x
        for _ in range(steps):
            y = y + x
            y = -y
            y = y.reshape(10, -1).T.reshape(-1)
        return np.sum(y)

    x = np.ones(size)
    tracemalloc.start()
    minpy.grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 8 * 8 * size
