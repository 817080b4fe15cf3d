"""SciPy's solvers take functions of ours and their gradients as they are."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

optimize = pytest.importorskip("scipy.optimize", reason="needs SciPy")
integrate = pytest.importorskip("scipy.integrate", reason="needs SciPy")

START = onp.zeros(2)


def bowl(x):
    return ((x - 3) ** 2).sum()


def line(x):
    return x[0] + x[1] - 4


def residuals(x):
    return np.stack([x[0] - 1, x[1] * x[1] - 4, x[0] * x[1] - 2])


def meeting_point(x):
    return np.stack([x[0] + x[1] - 3, x[0] * x[1] - 2])


@pytest.mark.parametrize(
    "method", ["BFGS", "CG", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-ncg", "trust-constr"]
)
def test_minimize(method):
    options = {"hess": minpy.hessian(bowl)} if method in ("Newton-CG", "trust-ncg") else {}
    found = optimize.minimize(bowl, START, jac=minpy.grad(bowl), method=method, **options)
    onp.testing.assert_allclose(found.x, [3, 3], atol=1e-4)


def test_minimize_with_value_and_gradient():
    found = optimize.minimize(minpy.value_and_grad(bowl), START, jac=True, method="L-BFGS-B")
    onp.testing.assert_allclose(found.x, [3, 3], atol=1e-5)
    x, value, _ = optimize.fmin_l_bfgs_b(minpy.value_and_grad(bowl), START)
    onp.testing.assert_allclose(x, [3, 3], atol=1e-5)
    assert value < 1e-9


def test_minimize_with_bounds():
    found = optimize.minimize(bowl, START, jac=minpy.grad(bowl), bounds=[(0, 2), (0, 9)])
    onp.testing.assert_allclose(found.x, [2, 3], atol=1e-5)


@pytest.mark.parametrize("kind", ["eq", "ineq"])
def test_minimize_with_constraints(kind):
    constraint = {"type": kind, "fun": line, "jac": minpy.grad(line)}
    found = optimize.minimize(bowl, START, jac=minpy.grad(bowl), constraints=constraint)
    onp.testing.assert_allclose(found.x, [2, 2] if kind == "eq" else [3, 3], atol=1e-5)


def test_minimize_with_a_nonlinear_constraint():
    circle = optimize.NonlinearConstraint(
        lambda x: (x * x).sum(), 2, 2, jac=minpy.grad(lambda x: (x * x).sum())
    )
    found = optimize.minimize(
        bowl, onp.ones(2) / 2, jac=minpy.grad(bowl), method="trust-constr", constraints=circle
    )
    onp.testing.assert_allclose(found.x, [1, 1], atol=1e-4)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    jac = minpy.jacobian(residuals)
    found = optimize.least_squares(residuals, onp.ones(2), jac=jac, method=method)
    onp.testing.assert_allclose(found.x, [1, 2], atol=1e-6)


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root(method):
    start, jac = onp.array([0.5, 3.0]), minpy.jacobian(meeting_point)
    found = optimize.root(meeting_point, start, jac=jac, method=method)
    onp.testing.assert_allclose(found.x, [1, 2], atol=1e-8)


def test_root_of_a_number():
    square = lambda x: x * x - 2  # noqa: E731
    assert abs(optimize.newton(square, 1.0, fprime=minpy.grad(square)) - 2**0.5) < 1e-8


@pytest.mark.parametrize("method", ["RK45", "Radau", "BDF"])
def test_solve_ivp(method):
    """The gradient flow of ``sum(y**4) / 4`` is ``y / sqrt(1 + 2 y**2 t)``."""

    def energy(y):
        return (y**4).sum() / 4

    options = {} if method == "RK45" else {"jac": lambda t, y: -minpy.hessian(energy)(y)}
    start = onp.array([1.0, 2.0])
    found = integrate.solve_ivp(
        lambda t, y: -minpy.grad(energy)(y), (0, 1), start, method, rtol=1e-6, **options
    )
    onp.testing.assert_allclose(found.y[:, -1], start / onp.sqrt(1 + 2 * start**2), rtol=1e-3)
