"""The gradients of HIPS autograd, whose convention for complex numbers is ours."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

autograd = pytest.importorskip("autograd", reason="HIPS autograd is not installed")
import autograd.numpy as anp  # noqa: E402

Z = onp.array([[0.3 + 0.4j, -1.2 + 0.1j], [0.7 - 0.6j, 1.5 + 0.9j]])

FUNCTIONS = {
    "real": lambda np, z: np.real(z),
    "imag": lambda np, z: np.imag(z),
    "conj": lambda np, z: np.conj(z) * z**2,
    "abs": lambda np, z: np.abs(z),
    "angle": lambda np, z: np.angle(z),
    "exp": lambda np, z: np.exp(1j * z),
    "log": lambda np, z: np.log(z + 2),
    "sin": lambda np, z: np.sin(z) / z,
    "power": lambda np, z: z**1.7,
    "sqrt": lambda np, z: np.sqrt(z),
    "var": lambda np, z: np.var(np.abs(z) + np.real(z)),
    "prod": lambda np, z: np.prod(z[0]),
    "matmul": lambda np, z: np.matmul(z, np.conj(z)),
    "einsum": lambda np, z: np.einsum("ij,kj->ik", z, np.conj(z)),
    "inv": lambda np, z: np.linalg.inv(z),
    "solve": lambda np, z: np.linalg.solve(z, Z[0]),
    "det": lambda np, z: np.linalg.det(z),
    "fft": lambda np, z: np.fft.fft(z),
    "ifft2": lambda np, z: np.fft.ifft2(z),
    "eigh": lambda np, z: np.linalg.eigh(z @ np.conj(np.transpose(z)))[0],
    "svd": lambda np, z: np.linalg.svd(z, full_matrices=False)[1],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_same_complex_gradient(name):
    weights = onp.array([1.0, -0.4j])

    def loss(np, z):
        result = FUNCTIONS[name](np, z)
        return np.real(np.sum(result * result * weights[0] + result * weights[1]))

    ours = minpy.grad(lambda z: loss(np, z))(Z).asnumpy()
    theirs = autograd.grad(lambda z: loss(anp, z))(Z)
    onp.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_same_real_gradient_through_complex_numbers(name):
    def loss(np, x):
        return np.sum(np.abs(FUNCTIONS[name](np, x + 0.5j)) ** 2)

    ours = minpy.grad(lambda x: loss(np, x))(Z.real).asnumpy()
    theirs = autograd.grad(lambda x: loss(anp, x))(Z.real)
    assert ours.dtype == onp.float64
    onp.testing.assert_allclose(ours, onp.real(theirs), rtol=1e-9, atol=1e-12)
