"""Where central differences say nothing: ties, zeros, kinks, keywords that cannot be followed."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

A = onp.array


def gradient(f, *xs, argnum=0):
    return minpy.grad(lambda *xs: np.sum(f(*xs)), argnum)(*xs).asnumpy()


TIES = {
    "max": (np.max, [1.0, 3.0, 3.0], [0, 0.5, 0.5]),
    "min": (np.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0]),
    "max axis": (lambda x: np.max(x, axis=0), [[1.0, 2.0], [1.0, 0.0]], [[0.5, 1], [0.5, 0]]),
    "max keepdims": (lambda x: np.max(x, axis=1, keepdims=True), [[2.0, 2.0]], [[0.5, 0.5]]),
    "ptp": (np.ptp, [1.0, 1.0, 4.0], [-0.5, -0.5, 1]),
    "nanmax": (np.nanmax, [2.0, onp.nan, 2.0], [0.5, 0, 0.5]),
    "norm inf": (lambda x: np.linalg.norm(x, onp.inf), [2.0, -2.0, 1.0], [0.5, -0.5, 0]),
    "sort": (lambda x: np.sort(x) * A([1.0, 2.0, 3.0]), [1.0, 1.0, 0.0], [2, 3, 1]),
    "median": (np.median, [1.0, 1.0, 1.0, 5.0], [0, 0.5, 0.5, 0]),
}


@pytest.mark.parametrize("name", TIES)
def test_ties(name):
    f, x, expected = TIES[name]
    onp.testing.assert_allclose(gradient(f, A(x)), expected)


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_ties_of_two_are_shared(name):
    f = getattr(np, name)
    x, y = A([1.0, 2.0, 2.0]), A([1.0, 1.0, 3.0])
    both = gradient(f, x, y), gradient(f, x, y, argnum=1)
    onp.testing.assert_allclose(both[0] + both[1], 1)
    assert both[0][0] == both[1][0] == 0.5
    onp.testing.assert_allclose(gradient(f, x, 1.0)[0], 0.5)


ZEROS = {
    "absolute": (np.absolute, [0.0, -2.0], [0, -1]),
    "absolute complex": (np.absolute, [0j, 3 + 4j], [0, 0.6 - 0.8j]),
    "norm": (np.linalg.norm, [0.0, 0.0], [0, 0]),
    "norm rows": (
        lambda x: np.linalg.norm(x, axis=1),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0, 0], [0.6, 0.8]],
    ),
    "norm complex": (np.linalg.norm, [0j, 0j], [0, 0]),
    "hypot": (lambda x: np.hypot(x, 0.0), [0.0, 2.0], [0, 1]),
    "std": (np.std, [1.0, 1.0], [0, 0]),
    "nanstd": (np.nanstd, [1.0, onp.nan], [0, 0]),
    "sinc": (np.sinc, [0.0], [0]),
    "prod": (np.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
    "prod of two zeros": (np.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
    "cumprod": (np.cumprod, [2.0, 0.0, 3.0], [1, 8, 0]),
    "power": (lambda x: x**0 + x**1 + x**2, [0.0, 1.0], [1, 3]),
    "power array": (lambda x: x ** A([0.0, 1.0, 2.0]), [0.0, 0.0, 0.0], [0, 1, 0]),
    "power exponent": (lambda y: A([0.0, 1.0]) ** y, [2.0, 2.0], [0, 0]),
    "sign": (np.sign, [0.0, 1.0], [0, 0]),
    "nan_to_num": (np.nan_to_num, [onp.nan, onp.inf, 1.0], [0, 0, 1]),
    "nansum": (np.nansum, [onp.nan, 1.0], [0, 1]),
    "where": (lambda x: np.where(x > 0, x, 0.0), [-1.0, 0.0, 1.0], [0, 0, 1]),
    "clip": (lambda x: np.clip(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0], [0, 1, 1, 1, 0]),
}


L = np.linalg
DIAGONAL = onp.diag([3.0, 1.0, 1.0])
LARGE = A([1e300, 1e300, 0.0, 1e-300])
ZEROS |= {
    **{
        f"norm of order {p}": (lambda x, p=p: L.norm(x, p), [0.0, 0.0], [0, 0])
        for p in (0, 0.5, 1, 1.5, 2, 3, onp.inf, -onp.inf, -1)
    },
    **{
        f"matrix norm {p}": (lambda x, p=p: L.norm(x, p), onp.zeros((2, 2)), onp.zeros((2, 2)))
        for p in ("fro", "nuc", 1, 2, onp.inf)
    },
    "norm of order 3 with a zero": (lambda x: L.norm(x, 3), [0.0, 2.0], [0, 1]),
    "norm of order 0.5 with a zero": (lambda x: L.norm(x, 0.5), [0.0, 2.0], [0, 1]),
    "absolute of infinity": (np.absolute, [-onp.inf, onp.inf], [-1, 1]),
    "arctan2": (lambda x: np.arctan2(x, 0.0) + np.arctan2(0.0, x), [0.0, 2.0], [0, 0]),
    "arctan2 of small numbers": (lambda x: np.arctan2(x, 1e-200), [0.0], [1e200]),
    "angle": (np.angle, [0j, 2 + 0j], [0, -0.5j]),
    "logaddexp": (
        lambda x: np.logaddexp(x, [-onp.inf, -onp.inf, -onp.inf, 0.0, onp.inf, onp.inf]),
        [-onp.inf, 0.0, onp.inf, -onp.inf, 0.0, onp.inf],
        [0.5, 1, 1, 0, 0, 0.5],
    ),
    "logaddexp2": (lambda x: np.logaddexp2(x, -onp.inf), [-onp.inf, 0.0], [0.5, 1]),
    "logsumexp": (F.logsumexp, [-onp.inf, -onp.inf], [0.5, 0.5]),
    "logsumexp rows": (
        lambda x: F.logsumexp(x, axis=1),
        [[-onp.inf, -onp.inf], [0.0, -onp.inf], [onp.inf, 0.0]],
        [[0.5, 0.5], [1, 0], [1, 0]],
    ),
    "det": (L.det, [[1.0, 2.0], [2.0, 4.0]], [[4, -2], [-2, 1]]),
    "det of zeros": (L.det, onp.zeros((2, 3, 3)), onp.zeros((2, 3, 3))),
    "det of rank n - 1 and n": (
        L.det,
        [[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]],
        [[[4, -2], [-2, 1]], [[4, -3], [-2, 1]]],
    ),
    "det of one zero": (L.det, [[0.0]], [[1]]),
    "prod of large numbers": (np.prod, LARGE, [0, 0, 1e300, 0]),
    "prod of large numbers, three zeros": (np.prod, [1e300, 0.0, 1e300, 0.0, 0.0], [0] * 5),
    "prod of large numbers along an axis": (
        lambda x: np.prod(x, axis=0),
        LARGE[:, None],
        LARGE[:, None][[2, 2, 0, 2]],
    ),
    "cumprod of a zero and large numbers": (
        lambda x: np.cumprod(x)[-1],
        [0.0, 2.0, 1e300, 1e300],
        [onp.inf, 0, 0, 0],
    ),
    "eigvalsh": (L.eigvalsh, onp.eye(2), onp.eye(2)),
    "eigh, its values": (lambda a: L.eigh(a)[0], onp.eye(3), onp.eye(3)),
    "eigvals": (lambda a: L.eigvals(a).real, onp.eye(2), onp.eye(2)),
    "eig, its values": (lambda a: L.eig(a)[0].real, onp.eye(2), onp.eye(2)),
    "svd, its values": (lambda a: L.svd(a, compute_uv=False), onp.eye(2), onp.eye(2)),
    "svd, values of all": (lambda a: L.svd(a)[1], onp.eye(2), onp.eye(2)),
    "norm 2": (lambda a: L.norm(a, 2), DIAGONAL, onp.diag([1.0, 0, 0])),
    "norm nuc": (lambda a: L.norm(a, "nuc"), DIAGONAL, onp.eye(3)),
    "cond": (lambda a: L.cond(a), DIAGONAL, onp.diag([1.0, -1.5, -1.5])),
    "median": (np.median, [onp.inf, onp.inf, onp.inf], [0, 1, 0]),
}


def test_a_branch_that_is_not_chosen_needs_a_harmless_argument():
    x = A([0.0, 2.0])
    with onp.errstate(all="ignore"):
        as_is = gradient(lambda x: np.where(x > 0, np.log(x), 0), x)
    onp.testing.assert_array_equal(as_is, [onp.nan, 0.5])
    harmless = gradient(lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0), x)
    onp.testing.assert_array_equal(harmless, [0, 0.5])


@pytest.mark.parametrize("name", ZEROS)
def test_zeros(name):
    f, x, expected = ZEROS[name]
    with onp.errstate(all="ignore"):  # NumPy warns of values that are infinite
        onp.testing.assert_allclose(gradient(f, A(x)), expected)


def test_eigenvectors_of_equal_eigenvalues_have_no_derivative():
    with onp.errstate(all="ignore"):
        assert onp.isnan(gradient(lambda a: L.eigh(a)[1], onp.eye(2))).any()


@pytest.mark.parametrize("x", [0.0, 1e-9, 1e-4, 0.3, 0.999, 1.001, -2.5])
def test_sinc_to_the_fourth_derivative(x):
    nodes, weights = onp.polynomial.legendre.leggauss(40)  # of cos(pi x t), over (0, 1)
    t, weights = (nodes + 1) / 2, weights / 2
    f = np.sinc
    for order in range(1, 5):
        f = minpy.grad(f)
        exact = onp.sum(weights * (onp.pi * t) ** order * onp.cos(onp.pi * (x * t + order / 2)))
        onp.testing.assert_allclose(f(x).asnumpy(), exact, rtol=1e-11, atol=1e-11)


def test_second_derivative_of_det_of_a_singular_matrix():
    ones = minpy.hessian(np.linalg.det)(onp.ones((2, 2))).asnumpy().reshape(4, 4)
    onp.testing.assert_allclose(ones, onp.fliplr(onp.diag([1.0, -1, -1, 1])), atol=1e-14)


def test_second_derivative_of_norm_at_zero_is_finite():
    x = onp.zeros(3)
    assert onp.isfinite(minpy.hessian(np.linalg.norm)(x).asnumpy()).all()


# ---------------------------------------------------------------------------- keywords


M = A([[3.0, 1.0], [0.5, 2.0]])
X = A([1.0, 4.0, 2.0, 3.0])
REFUSED = {
    "weights": lambda x: np.quantile(
        x, 0.3, weights=A([1.0, 1.0, 2.0, 3.0]), method="inverted_cdf"
    ),
    "full": lambda x: np.polyfit(X, x, 1, full=True)[0],
    "mode": lambda x: np.pad(x, 1, mode="empty"),
    "hermitian": lambda x: np.linalg.svd(x + M[0, 0], hermitian=True),
    "full_matrices": lambda x: np.linalg.svd(x[:, None] * M[0], full_matrices=True)[0],
    "qr": lambda x: np.linalg.qr(x[:, None] * M[0], mode="complete"),
    "order": lambda x: np.ravel((x[:, None] * M[0])[:, ::-1], order="K"),
    "copy": lambda x: np.nan_to_num(x, copy=False),
    "dtype": lambda x: np.linspace(x[0], 9, 4, dtype=int),
}


@pytest.mark.parametrize("keyword", REFUSED)
def test_keyword_without_gradient_is_named(keyword):
    if keyword == "weights" and onp.lib.NumpyVersion(onp.__version__) < "2.0.0":
        pytest.skip("NumPy 1 has no weights in quantile")
    with pytest.raises(minpy.NoGradientError, match=keyword):
        gradient(REFUSED[keyword], X)


# Keywords that change the result, and must change the gradient with it.
FOLLOWED = {
    "ddof": lambda np, x: np.std(x, ddof=1),
    "bias": lambda np, x: np.cov(x, bias=True),
    "min": lambda np, x: np.clip(x, a_min=1.5, a_max=3.5),
    "a": lambda np, x: np.sum(a=x, axis=0),
    "x": lambda np, x: np.nan_to_num(x=x, nan=3.0),
    "a b": lambda np, x: np.linalg.solve(a=M, b=x[:2]),
    "subscripts": lambda np, x: np.einsum("i,i", x, x, optimize="optimal"),
    "norm": lambda np, x: np.fft.rfft(a=x, norm="ortho").real,
    "dtype": lambda np, x: np.concatenate([x, x], dtype=onp.float64),
    "initial": lambda np, x: np.max(x, initial=3.5),
    "sum where": lambda np, x: np.sum(x, where=X > 1.5),
    "mean where": lambda np, x: np.mean(x, where=X > 1.5),
    "ufunc where": lambda np, x: np.add(x, x, where=X > 1.5, out=np.zeros(4)),
    "axis": lambda np, x: np.take(x, [0, 2], axis=-1, mode="wrap"),
    "reduce": lambda np, x: np.add.reduce(x) * np.maximum.reduce(x),
    "outer": lambda np, x: np.multiply.outer(x, x),
}


@pytest.mark.parametrize("keyword", FOLLOWED)
def test_keyword_is_followed(keyword):
    f = FOLLOWED[keyword]
    v = A([0.3, -0.2, 0.5, 0.1])
    onp.testing.assert_allclose(minpy.make_vjp(lambda x: f(np, x))(X)[1].asnumpy(), f(onp, X))
    numeric = onp.sum(f(onp, X + 1e-5 * v) - f(onp, X - 1e-5 * v)) / 2e-5
    onp.testing.assert_allclose(gradient(lambda x: f(np, x), X) @ v, numeric, rtol=1e-6, atol=1e-8)


def test_a_write_into_one_of_several_results_leaves_the_gradient_right():
    def f(a, change):
        w, v = np.linalg.eigh(a @ a.T + np.eye(3))
        total = np.sum(w**2) + np.sum(v[:, 0] ** 4)
        if change:
            w[...] = 0.0
            v *= 2.0
        return total

    a = np.array(onp.random.default_rng(3).normal(size=(3, 3)))
    expected = minpy.grad(lambda a: f(a, False))(a).asnumpy()
    onp.testing.assert_allclose(minpy.grad(lambda a: f(a, True))(a).asnumpy(), expected)


def test_add_at_counts_an_index_as_often_as_it_is_named():
    def f(rows):
        table = np.zeros((4, 2))
        np.add.at(table, np.array([0, 2, 0]), rows)
        return np.sum(table**2)

    rows = onp.random.default_rng(4).normal(size=(3, 2))
    assert minpy.gradcheck(f, rows)
    assert minpy.gradcheck(minpy.grad(f), rows)
