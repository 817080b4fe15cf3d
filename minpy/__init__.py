"""NumPy with gradients: ``import minpy.numpy as np``, and differentiate with `minpy.grad`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minpy import extend, numpy
from minpy.array import is_recorded
from minpy.autograd import (
    grad,
    make_vjp,
    value_and_grad,
)
from minpy.backends import importing as _importing
from minpy.backends.context import Context, cpu, current_context, gpu, set_context
from minpy.backends.policy import current_policy, set_global_policy, use_policy, wrap_policy
from minpy.derivatives import (
    deriv,
    elementwise_grad,
    grad_and_aux,
    grad_and_loss,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    multigrad_dict,
    tensor_jacobian_product,
    vector_jacobian_product,
)
from minpy.dtypes import get_default_dtype, set_default_dtype, use_default_dtype
from minpy.errors import (
    BackendError,
    DeviceError,
    ImplicitExitError,
    NanError,
    NoGradientError,
)
from minpy.extend import checkpoint, customop
from minpy.trace import Trace, record

if TYPE_CHECKING:  # what `__getattr__` imports when it is asked for
    from minpy import (  # noqa: F401
        checking,
        context,
        core,
        datasets,
        dispatch,
        nn,
        plotting,
        primitive,
        utils,
    )
    from minpy.checking.gradcheck import gradcheck
    from minpy.checking.nan import detect_nan
    from minpy.checking.profiling import profile
    from minpy.config import show_config
    from minpy.plotting import draw_graph
    from minpy.symbol import Function

_importing.install()

__all__ = [
    "BackendError",
    "Context",
    "DeviceError",
    "Function",
    "ImplicitExitError",
    "NanError",
    "NoGradientError",
    "Trace",
    "checkpoint",
    "cpu",
    "current_context",
    "current_policy",
    "customop",
    "deriv",
    "detect_nan",
    "draw_graph",
    "elementwise_grad",
    "extend",
    "get_default_dtype",
    "gpu",
    "grad",
    "grad_and_aux",
    "grad_and_loss",
    "grad_named",
    "gradcheck",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "is_recorded",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "multigrad_dict",
    "numpy",
    "profile",
    "record",
    "set_context",
    "set_default_dtype",
    "set_global_policy",
    "show_config",
    "tensor_jacobian_product",
    "use_default_dtype",
    "use_policy",
    "value_and_grad",
    "vector_jacobian_product",
    "wrap_policy",
]

PACKAGES = (
    "checking",
    "context",
    "core",
    "datasets",
    "dispatch",
    "nn",
    "plotting",
    "primitive",
    "utils",
)
LATER = {
    "Function": "minpy.symbol",
    "detect_nan": "minpy.checking",
    "draw_graph": "minpy.plotting",
    "gradcheck": "minpy.checking",
    "profile": "minpy.checking.profiling",
    "show_config": "minpy.config",
}


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        # imported when first used, so that `import minpy` stays quick
        if name in PACKAGES:
            return import_module(f"minpy.{name}")
        if name in LATER:
            return getattr(import_module(LATER[name]), name)
        if name == "__version__":
            from importlib.metadata import version

            return version("minpy-edu")
        raise AttributeError(f"module 'minpy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *PACKAGES, "__version__"})  # what Tab offers
