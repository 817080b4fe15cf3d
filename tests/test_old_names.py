"""Where programs of the old minpy import from."""

import numpy as onp

import minpy.numpy as np
from minpy.core import grad, grad_and_loss, minpy_to_numpy, numpy_to_minpy
from minpy.primitive import customop


def test_gradients_and_conversions():
    gradient, loss = grad_and_loss(lambda x: x * x)(3.0)
    assert (gradient, loss) == (6.0, 9.0)
    nested = {"a": [onp.ones(2)], "b": 3}
    there = numpy_to_minpy(nested)
    assert type(there["a"][0]) is np.ndarray
    assert type(minpy_to_numpy(there)["a"][0]) is onp.ndarray


def test_customop():
    @customop("numpy")
    def double(x):
        return 2 * x

    double.def_grad(lambda ans, x: lambda g: 2 * g)
    assert grad(double)(1.0) == 2.0
