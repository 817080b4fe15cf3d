"""Arrays of the caller that are overwritten between the forward and the backward pass."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn import layers

A = onp.random.default_rng(0).standard_normal((3, 3))

FUNCTIONS = {
    "multiply": lambda x, y: x * y,
    "where": lambda x, y: np.where(x > 0, x * y, y),
    "dot": lambda x, y: np.dot(x, y),
    "inner": lambda x, y: np.inner(x, y),
    "vdot": lambda x, y: np.vdot(x[0], y[0]),
    "tensordot": lambda x, y: np.tensordot(x, y, 1),
    "kron": lambda x, y: np.kron(x, y),
    "cross": lambda x, y: np.cross(x, y),
    "convolve": lambda x, y: np.convolve(x[0], y[0]),
    "polyval": lambda x, y: np.polyval(x[0], y[0]),
    "layer_norm": lambda x, y: F.layer_norm(x, y[0], y[1]),
    "layers.layer_norm": lambda x, y: layers.layer_norm(x, y[0], y[1]),
    "bce_with_logits": lambda x, y: layers.bce_with_logits(x, y),
    "cross_entropy": lambda x, y: F.cross_entropy(x, y),
    "conv2d": lambda x, y: F.conv2d(x[None, None], y[None, None]),
}


LABELS = ("cross_entropy", "bce_with_logits")  # of the second argument, which is not recorded
CASES = [(name, "recorded first") for name in FUNCTIONS]
CASES += [(name, "recorded second") for name in FUNCTIONS if name not in LABELS]


@pytest.mark.parametrize("name, order", CASES)
def test_an_array_may_be_overwritten_before_the_backward_pass(name, order):
    f = FUNCTIONS[name]

    def gradient(overwritten):
        theirs = A.copy()

        def loss(x):
            y = f(x, theirs) if order == "recorded first" else f(theirs, x)
            if overwritten:
                theirs[:] = 7.0
            return np.sum(y * y)

        return minpy.grad(loss)(onp.abs(A.T) + 0.1)

    assert gradient(True).tolist() == gradient(False).tolist()
