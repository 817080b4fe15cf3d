"""NumPy with gradients: ``import minpy.numpy as np``, and differentiate with `minpy.grad`."""

from importlib import import_module
from typing import Any

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
from minpy.backends.context import Context, cpu, current_context, gpu, set_context
from minpy.backends.policy import current_policy, set_global_policy, use_policy, wrap_policy
from minpy.checking import detect_nan, gradcheck
from minpy.errors import (
    BackendError,
    DeviceError,
    ImplicitExitError,
    NanError,
    NoGradientError,
)
from minpy.extend import checkpoint, customop
from minpy.trace import Trace, record

__all__ = [
    "BackendError",
    "Context",
    "DeviceError",
    "ImplicitExitError",
    "NanError",
    "NoGradientError",
    "Trace",
    "checkpoint",
    "cpu",
    "current_context",
    "current_policy",
    "customop",
    "detect_nan",
    "elementwise_grad",
    "extend",
    "gpu",
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
    "set_context",
    "set_global_policy",
    "show_config",
    "use_policy",
    "value_and_grad",
    "wrap_policy",
]


def __getattr__(name: str) -> Any:
    # imported when first used, so that `import minpy` stays quick
    if name == "nn":
        import_module("minpy.nn.functional")
        return import_module("minpy.nn")
    if name == "show_config":
        return import_module("minpy.config").show_config
    if name == "__version__":
        from importlib.metadata import version

        return version("minpy-edu")
    raise AttributeError(f"module 'minpy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "nn", "__version__"})
