"""The old minpy's `minpy.core`: where its programs import gradients from."""

from typing import Any

from minpy.array import Array
from minpy.autograd import grad, grad_and_loss
from minpy.containers import rebuilt
from minpy.numpy import asarray

__all__ = ["grad", "grad_and_loss", "minpy_to_numpy", "numpy_to_minpy"]


def numpy_to_minpy(value: Any) -> Any:
    """Return NumPy arrays, also those in lists and dicts, as minpy's."""
    return rebuilt(value, lambda x: asarray(x) if hasattr(x, "__array__") else x)


def minpy_to_numpy(value: Any) -> Any:
    """Return minpy's arrays, also those in lists and dicts, as NumPy's."""
    return rebuilt(value, lambda x: x.asnumpy() if type(x) is Array else x)
