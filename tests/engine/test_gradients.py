"""The functions that differentiate: examples, arguments, values, and whose memory it is."""

import contextlib
import io
import math
from itertools import pairwise

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .expectations import close

X = onp.array([0.3, -0.7, 1.1])


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


# ----- values and dtypes


def test_grad_and_loss_and_value_and_grad():
    def f(x):
        return np.sum(x * x)

    gradient, value = minpy.grad_and_loss(f)(np.array(X))
    close(gradient, 2 * X)
    close(value, onp.sum(X * X))
    value, gradient = minpy.value_and_grad(f)(np.array(X))
    close(gradient, 2 * X)
    assert value.shape == () and value.asnumpy().shape == ()
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
