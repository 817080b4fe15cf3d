"""The old minpy's `minpy.core`: where its programs import gradients and conversions from."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minpy.array import Array
from minpy.autograd import grad
from minpy.derivatives import grad_and_loss
from minpy.numpy import asarray
from minpy.symbol import Function
from minpy.tree import tree_map

__all__ = [
    "Function",
    "convert_args",
    "grad",
    "grad_and_loss",
    "minpy_to_numpy",
    "numpy_to_minpy",
    "return_numpy",
]


def numpy_to_minpy(value: Any) -> Any:
    """Return NumPy arrays, also those in lists and dicts, as minpy's.

    Examples
    --------
    >>> import numpy
    >>> numpy_to_minpy({"w": [numpy.ones(2)], "name": "linear"})
    {'w': [array([1., 1.])], 'name': 'linear'}
    """
    return tree_map(lambda x: asarray(x) if hasattr(x, "__array__") else x, value)


def minpy_to_numpy(value: Any) -> Any:
    """Return minpy's arrays, also those in lists and dicts, as NumPy's.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> type(minpy_to_numpy([np.ones(2)])[0]).__module__
    'numpy'
    """
    return tree_map(lambda x: x.asnumpy() if type(x) is Array else x, value)


def convert_args(func: Callable) -> Callable:
    """Decorate a function written with `minpy.numpy`: it may be called with NumPy's arrays.

    Examples
    --------
    >>> import numpy
    >>> convert_args(type)(numpy.ones(2)).__name__
    'Array'
    """

    @functools.wraps(func)
    def converted(*args: Any, **kwargs: Any) -> Any:
        return func(*numpy_to_minpy(args), **numpy_to_minpy(kwargs))

    return converted


def return_numpy(func: Callable) -> Callable:
    """Decorate a function written with `minpy.numpy`: it returns NumPy's arrays.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> type(return_numpy(np.ones)(2)).__name__
    'ndarray'
    """

    @functools.wraps(func)
    def converted(*args: Any, **kwargs: Any) -> Any:
        return minpy_to_numpy(func(*args, **kwargs))

    return converted
