"""NumPy with gradients: ``import minpy.numpy as np``, and differentiate with `minpy.grad`."""

from minpy import extend, numpy
from minpy.array import is_recorded
from minpy.autograd import (
    elementwise_grad,
    grad,
    grad_and_loss,
    hessian,
    hessian_vector_product,
    jacobian,
    make_jvp,
    make_vjp,
    value_and_grad,
)
from minpy.checking import detect_nan, gradcheck
from minpy.errors import ImplicitExitError, NanError, NoGradientError
from minpy.extend import checkpoint, customop
from minpy.trace import Trace, record

__all__ = [
    "ImplicitExitError",
    "NanError",
    "NoGradientError",
    "Trace",
    "checkpoint",
    "customop",
    "detect_nan",
    "elementwise_grad",
    "extend",
    "grad",
    "grad_and_loss",
    "gradcheck",
    "hessian",
    "hessian_vector_product",
    "is_recorded",
    "jacobian",
    "make_jvp",
    "make_vjp",
    "numpy",
    "record",
    "value_and_grad",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("minpy-edu")
    raise AttributeError(f"module 'minpy' has no attribute {name!r}")
