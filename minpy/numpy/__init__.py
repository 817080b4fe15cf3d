"""NumPy with gradients: ``import minpy.numpy as np``.

Every public name of the installed NumPy is here.  Functions take and return `Array` objects
(`ndarray` here); types, constants and what else there is are NumPy's own.  A name is made when
it is first asked for (PEP 562).
"""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array
from minpy.backends import policy  # noqa: F401 - np.policy.show_op_stat()
from minpy.numpy import (  # noqa: F401 - attributes of this module
    _methods,
    emath,
    fft,
    lib,
    linalg,
    random,
    testing,
)
from minpy.numpy._namespace import public
from minpy.numpy._public import NOT_DIFFERENTIABLE  # noqa: F401 - it is documentation

__all__ = [name for name in onp.__all__ if name != "test"]  # what ``import *`` takes

ndarray = Array
_DUNDERS = ("__array_namespace_info__", "__array_api_version__", "__version__")


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in _DUNDERS:
        raise AttributeError(f"module 'minpy.numpy' has no attribute {name!r}")
    try:
        value = getattr(onp, name)
    except AttributeError:
        raise AttributeError(
            f"minpy.numpy has no {name!r}, because NumPy {onp.__version__} has none"
        ) from None
    value = public(name, value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*dir(onp), "NOT_DIFFERENTIABLE"})


_methods.install()
