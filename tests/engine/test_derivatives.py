"""Jacobians, Hessians and their products, of nested arguments and values; the names of HIPS."""

from dataclasses import dataclass
from typing import Any

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

A = onp.array([1.0, 2.0])
P = {"a": A, "b": 3.0}
MATRIX = onp.array([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.5]])


def product(p):
    return p["a"] ** 2 * p["b"]


def loss(p):
    return product(p).sum()


def plain(value):
    """Nested arrays as nested lists, which == compares."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    return value if value is None or isinstance(value, str) else onp.asarray(value).tolist()


# ----- nested


def test_jacobian_has_the_structure_of_the_argument():
    assert plain(minpy.jacobian(product)(P)) == {"a": [[6.0, 0.0], [0.0, 12.0]], "b": [1.0, 4.0]}


def test_jacobian_has_the_structure_of_the_value_outside():
    def f(p):
        return {"square": p["a"] ** 2, "name": "f", "pair": (p["b"] * 5, 7)}

    assert plain(minpy.jacobian(f)(P)) == {
        "square": {"a": [[2.0, 0.0], [0.0, 4.0]], "b": [0.0, 0.0]},
        "name": None,
        "pair": ({"a": [0.0, 0.0], "b": 5.0}, None),
    }


def test_jacobian_with_respect_to_several_arguments():
    found = minpy.jacobian(lambda x, y: x * y, (0, 1))(A, A + 1)
    assert plain(found) == [[[2.0, 0.0], [0.0, 3.0]], [[1.0, 0.0], [0.0, 2.0]]]


def test_jacobian_keeps_what_is_not_floating_out():
    assert plain(minpy.jacobian(lambda p: p["x"] * p["n"])({"x": A, "n": 2, "s": "t"})) == {
        "x": [[2.0, 0.0], [0.0, 2.0]],
        "n": None,
        "s": None,
    }


def test_jacobian_of_an_empty_part():
    found = minpy.jacobian(lambda x: {"all": x, "none": x[:0]})(A)
    assert found["all"].shape == (2, 2) and found["none"].shape == (0, 2)
    with pytest.raises(ValueError, match="empty array, which has no Jacobian"):
        minpy.jacobian(lambda x: x[:0])(A)


def test_hessian_has_the_structure_twice():
    assert plain(minpy.hessian(loss)(P)) == {
        "a": {"a": [[6.0, 0.0], [0.0, 6.0]], "b": [2.0, 4.0]},
        "b": {"a": [2.0, 4.0], "b": 0.0},
    }


def test_hessian_vector_product_of_a_nested_vector():
    v = {"a": onp.array([1.0, -1.0]), "b": 2.0}
    expected = {"a": [6.0 + 4.0, -6.0 + 8.0], "b": 2.0 - 4.0}
    assert plain(minpy.hessian_vector_product(loss)(P, v)) == expected
    assert plain(minpy.hessian_tensor_product(loss)(P, v)) == expected
    hvp, gradient = minpy.make_hvp(loss)(P)
    assert plain(gradient) == plain(minpy.grad(loss)(P))
    assert plain(hvp(v)) == expected and plain(hvp(v)) == expected


def test_jvp_of_nested_arguments_and_values():
    jvp = minpy.make_jvp(lambda p: [p["a"] * p["b"], p["b"] ** 2])(P)
    value, moved = jvp({"a": onp.array([1.0, 0.0]), "b": 10.0})
    assert plain(value) == [[3.0, 6.0], 9.0]
    assert plain(moved) == [[13.0, 20.0], 60.0]


def test_vjp_of_a_nested_value():
    @dataclass
    class Result:
        loss: Any
        scores: Any

    vjp, value = minpy.make_vjp(lambda x: Result((x**2).sum(), 3 * x))(A)
    assert (plain(value.loss), plain(value.scores)) == (5.0, [3.0, 6.0])
    assert plain(vjp(Result(1.0, onp.array([1.0, 0.0])))) == [5.0, 4.0]
    assert plain(vjp(Result(0.0, onp.zeros(2)))) == [0.0, 0.0]
    with pytest.raises(ValueError, match=r"has shape \(2,\)|\(2,\)"):
        vjp(Result(1.0, onp.zeros(3)))


def test_vjp_of_a_nested_value_refuses_another_structure():
    vjp, _ = minpy.make_vjp(lambda x: (x, x))(A)
    with pytest.raises(ValueError, match="2 leaves, got 1"):
        vjp((A,))


def test_nested_value_mixes_dtypes():
    x = onp.ones(2, onp.float32)
    vjp, (single, turned) = minpy.make_vjp(lambda x: (x * 2, x * 1j))(x)
    assert single.dtype == onp.float32 and turned.dtype.kind == "c"
    g = vjp((onp.ones(2, onp.float32), onp.array([1j, 1.0])))
    assert g.dtype == onp.float32 and plain(g) == [1.0, 2.0]


def test_nested_derivatives_inside_a_gradient():
    def f(p):
        rows = minpy.jacobian(lambda q: {"y": q["a"] ** 3})(p)
        return rows["y"]["a"].sum()  # 3 a ** 2

    assert plain(minpy.grad(f)({"a": A, "b": 1.0})) == {"a": [6.0, 12.0], "b": 0.0}

    def through_value(x):
        vjp, value = minpy.make_vjp(lambda y: [y * x, y**2])(x)
        return value[0].sum() + vjp([x, x * 0])[0]

    assert plain(minpy.grad(through_value)(A)) == [4.0, 4.0]


def test_nested_value_without_numbers_is_refused():
    with pytest.raises(TypeError, match="must return an array or a number"):
        minpy.make_vjp(lambda x: {"name": "loss"})(1.0)


# ----- names of HIPS autograd


def test_deriv_of_a_curve():
    assert plain(minpy.deriv(lambda t: np.stack([t, t**2]))(3.0)) == [1.0, 6.0]
    assert plain(minpy.deriv(lambda s, t: s * t**3, argnum=1)(2.0, 3)) == 54.0
    assert plain(minpy.deriv(minpy.deriv(np.sin))(0.5)) == -onp.sin(0.5)


def test_holomorphic_grad():
    z = onp.array([1 + 2j, -0.5j])
    onp.testing.assert_allclose(minpy.holomorphic_grad(np.exp)(z), onp.exp(z))


def test_grad_named():
    def f(x, scale=2.0):
        return (x * scale).sum()

    assert plain(minpy.grad_named(f, "scale")(A)) == 3.0
    assert plain(minpy.grad_named(f, "x")(A, scale=5.0)) == [5.0, 5.0]


def test_multigrad_dict():
    def f(x, *more, n=2, scale=1.0, **options):
        return scale * (x**n).sum() * more[0] * options["last"]

    found = minpy.multigrad_dict(f)(A, 10.0, last=0.5)
    assert plain(found) == {
        "x": [10.0, 20.0],
        "more": (2.5,),
        "n": None,
        "scale": 25.0,
        "options": {"last": 50.0},
    }


def test_grad_and_aux():
    def f(w, x):
        scores = w * x
        return (scores**2).sum(), {"scores": scores, "name": "f"}

    gradient, aux = minpy.grad_and_aux(f)(A, onp.array([1.0, 3.0]))
    assert plain(gradient) == [2.0, 36.0]
    assert plain(aux) == {"scores": [1.0, 6.0], "name": "f"}
    assert not minpy.is_recorded(aux["scores"])


@pytest.mark.parametrize("axes", [1, 2])
def test_tensor_jacobian_product(axes):
    def f(x):
        return MATRIX @ x if axes == 1 else np.outer(MATRIX[0], x) ** 2

    tensor = onp.arange(1.0, 4.0) if axes == 1 else onp.array([[1.0, 2.0], [0.5, 3.0]])
    rows = minpy.jacobian(f)(A).asnumpy()
    expected = onp.tensordot(tensor, rows, axes)
    onp.testing.assert_allclose(minpy.tensor_jacobian_product(f)(A, tensor), expected)
    onp.testing.assert_allclose(minpy.vector_jacobian_product(f)(A, tensor), expected)


def test_ggnvp_is_the_gauss_newton_matrix_times_a_vector():
    def f(x):
        return np.tanh(MATRIX @ x)

    def g(y):
        return np.logaddexp(y, 0).sum()

    v = onp.array([0.3, -2.0])
    rows, y = minpy.jacobian(f)(A).asnumpy(), f(A)
    onp.testing.assert_allclose(minpy.make_ggnvp(f)(A)(v), rows.T @ rows @ v)
    curvature = minpy.hessian(g)(y).asnumpy()
    onp.testing.assert_allclose(minpy.make_ggnvp(f, g)(A)(v), rows.T @ curvature @ rows @ v)
    second = minpy.make_ggnvp(lambda s, x: s * f(x), g, f_argnum=1)(1.0, A)
    onp.testing.assert_allclose(second(v), rows.T @ curvature @ rows @ v)
