"""`minpy.gradcheck`: passes right gradients, finds wrong ones and says where."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

X = onp.random.default_rng(0).normal(size=(3, 4))
W = onp.random.default_rng(1).normal(size=(4, 2))


@primitive
def cube(x):
    return x**3


defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)


def wrong(change):
    """An op whose gradient is that of `cube` after `change`."""

    @primitive
    def op(x):
        return x**3

    defvjp(op, lambda ans, x: lambda g: change(g * 3 * x**2))
    return op


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("directions", [None, 5])
def test_right_gradients_pass(method, directions):
    report = minpy.gradcheck(
        lambda x, w: np.tanh(x @ w), X, W, method=method, directions=directions
    )
    assert report.passed
    assert [argument.shape for argument in report.arguments] == [(3, 4), (4, 2)]
    assert all(argument.error < 1e-7 for argument in report.arguments)
    assert "agrees" in str(report)


def only_at(index, factor):
    def change(g):
        g = g.copy()
        g[index] *= factor
        return g

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda g: 2 * g,
        lambda g: -g,
        lambda g: g * 0,
        lambda g: g + 0.01,
        lambda g: g / len(X),
        only_at((1, 2), 1.01),
    ],
    ids=["factor", "sign", "zero", "offset", "missing 1/N", "one element"],
)
@pytest.mark.parametrize("directions", [None, 5])
def test_wrong_gradients_fail(change, directions):
    report = minpy.gradcheck(lambda x: np.sum(wrong(change)(x)), X, directions=directions)
    assert not report
    assert "DOES NOT AGREE" in str(report)


def test_the_worst_place_and_both_values():
    report = minpy.gradcheck(lambda x: np.sum(wrong(only_at((1, 2), 2.0))(x)), X)
    (argument,) = report.arguments
    right = 3 * X[1, 2] ** 2
    assert argument.index == (1, 2)
    assert argument.gradient == pytest.approx(2 * right)
    assert argument.numeric == pytest.approx(right, rel=1e-6)
    assert argument.error == pytest.approx(0.5, rel=1e-6)
    assert argument.tolerance == 1e-5
    assert "(1, 2)" in str(report)


def test_a_jacobian_element_is_found():
    report = minpy.gradcheck(wrong(only_at((2, 3), 2.0)), X)
    assert report.arguments[0].index == (2, 3, 2, 3)  # in the result, then in the argument
    assert "Of result (2, 3) at (2, 3) the gradient is" in str(report)


def test_it_is_a_card():
    report = minpy.gradcheck(lambda x: np.sum(wrong(only_at((1, 2), 2.0))(x)), X)
    assert str(report) == str(report.card)
    assert report._repr_html_() == report.card._repr_html_()
    assert "DOES NOT AGREE with finite differences" in report._repr_html_()
    assert "At (1, 2) the gradient is" in str(report)
    (argument,) = report.arguments
    assert argument.comparison.heat[1][2] == 0.5
    assert argument.comparison.wrong == 1


def relu_with_kink(x):
    return np.sum(np.where(x > 0, x, 0) ** 1)


def in_single_precision(x):
    return np.sum(np.tanh(x)).astype("float32")


@pytest.mark.parametrize(
    "f, x, key",
    [
        (lambda x: np.sum(wrong(onp.negative)(x)), X, "sign"),
        (lambda x: np.sum(wrong(lambda g: 2 * g)(x)), X, "doubled"),
        (lambda x: np.sum(wrong(lambda g: g * 0)(x)), X, "zeros"),
        (lambda x: np.sum(wrong(lambda g: 0.3 * g)(x)), X, "ratio"),
        (wrong(lambda g: 0.3 * g), X, "ratio"),
        (lambda x: np.mean(wrong(lambda g: 3 * g)(x)), X, "extra_factor"),
        (lambda x: np.sum(wrong(lambda g: g + 0.01)(x)), X, "offset"),
        (lambda x: np.sum(wrong(lambda g: g + 0.1 * X)(x)), X, "weights"),
        (lambda x: np.sum(wrong(lambda g: g * onp.nan)(x)), X, "nan"),
        (lambda x: np.sum(wrong(lambda g: g[::-1])(x)), X, "reversed"),
        (relu_with_kink, onp.array([1.0, 0.0, -1.0, 2.0]), "slopes"),
        (relu_with_kink, onp.array([1.0, 2e-6, -1.0, 2.0]), "kink_near"),
        (in_single_precision, X, "rounding"),
    ],
)
def test_what_is_wrong_is_diagnosed(f, x, key):
    (argument,) = minpy.gradcheck(f, x).arguments
    assert not argument.passed
    assert argument.comparison.diagnosis.name == key


@pytest.mark.parametrize("seed", range(5))
def test_rounding_is_no_kink(seed):
    x = onp.random.default_rng(seed).normal(size=(6, 4))
    (argument,) = minpy.gradcheck(in_single_precision, x).arguments
    assert argument.comparison.diagnosis.name == "rounding"
    # in float64 too, slopes of large numbers are too noisy to tell a kink
    noise = onp.random.default_rng(seed + 1).normal(size=x.shape)
    found = minpy.gradcheck(lambda x: 1e7 + np.sum(wrong(lambda g: g + noise)(x)), x)
    assert not found and found.arguments[0].comparison.diagnosis is None


def test_a_kink_and_another_one_near():
    (argument,) = minpy.gradcheck(relu_with_kink, onp.array([1.0, 0.0, -1.0, 2e-6])).arguments
    assert argument.comparison.wrong == 2
    assert argument.comparison.diagnosis.name == "slopes"


def test_the_diagnosis_names_the_gradient_as_it_is_returned():
    report = minpy.gradcheck(lambda p: np.sum(wrong(onp.negative)(p["w"])), {"w": W})
    assert "-gradient[0]['w'] is right" in str(report)


def test_a_random_error_gets_no_diagnosis():
    noise = onp.random.default_rng(2).normal(size=X.shape)
    report = minpy.gradcheck(lambda x: np.sum(wrong(lambda g: g + noise)(x)), X)
    assert report.arguments[0].comparison.diagnosis is None


def test_a_nan_in_the_gradient_fails():
    assert not minpy.gradcheck(lambda x: np.sum(wrong(lambda g: g * onp.nan)(x)), X)


def test_checks_in_double_precision():
    seen = []

    def f(x):
        seen.append(x.dtype)
        return np.sum(x * x)

    assert minpy.gradcheck(f, X.astype("float32"))
    assert set(seen) == {onp.dtype("float64")}


def test_nested_arguments_are_checked_and_named():
    params = {"w": W, "b": [onp.zeros(2), 3]}
    report = minpy.gradcheck(
        lambda p, x: np.sum(wrong(lambda g: -g)(x @ p["w"] + p["b"][0])), params, X
    )
    assert [argument.name for argument in report.arguments] == ["0['w']", "0['b'][0]", "1"]
    assert not any(argument.passed for argument in report.arguments)


def test_argnum_and_numbers():
    report = minpy.gradcheck(lambda a, b: a * cube(b), 2, 3.0, argnum=1)
    assert [argument.name for argument in report.arguments] == ["1"]
    assert report.arguments[0].numeric == pytest.approx(54)
    assert minpy.gradcheck(lambda a, b: a * cube(b), 2, 3.0).passed


def test_complex_arguments_and_results():
    z = X[0] + 1j * X[1]
    assert minpy.gradcheck(lambda z: np.sum(np.abs(np.exp(z)) ** 2), z)
    assert minpy.gradcheck(lambda z: np.exp(z) * np.conj(z), z)


def test_large_arguments_are_checked_along_directions():
    report = minpy.gradcheck(lambda x: np.sum(np.sin(x)), onp.linspace(0, 1, 5000))
    assert report.passed
    assert report.arguments[0].checked == "direction"


def test_nothing_to_check_raises():
    with pytest.raises(TypeError, match="no floating array"):
        minpy.gradcheck(lambda s: 1.0, "text")
    with pytest.raises(ValueError, match="method"):
        minpy.gradcheck(np.sum, X, method="forward")
