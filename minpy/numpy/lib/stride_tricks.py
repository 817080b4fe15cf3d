"""Windows over arrays, as ``numpy.lib.stride_tricks`` has them, with gradients.

Of a plain array these are NumPy's views.  Of a recorded array they are copies, gathered from it,
so that the gradient of a window goes back to where its elements came from: elements that are in
several windows receive the sum of their gradients.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as onp
from numpy.lib import stride_tricks as theirs

from minpy.array import Array
from minpy.inplace import getitem
from minpy.numpy._public import found_in, plain
from minpy.ops.shape import reshape

__all__ = ["as_strided", "sliding_window_view"]

_PLAIN = {name: plain(f"lib.stride_tricks.{name}", getattr(theirs, name)) for name in __all__}


def as_strided(
    x: Any, shape: Any = None, strides: Any = None, subok: bool = False, writeable: bool = True
) -> Array:
    """Return elements of `x` by their places in memory; see `numpy.lib.stride_tricks.as_strided`.

    Parameters
    ----------
    x : array_like
    shape : sequence of int, optional
        That of the result; by default that of `x`.
    strides : sequence of int, optional
        Bytes from an element of the result to the next one along each axis; by default those of
        `x`.

    Raises
    ------
    ValueError
        If the result would reach outside of a recorded `x`.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> windows = lambda x: np.lib.stride_tricks.as_strided(x, (3, 2), (8, 8))
    >>> windows(np.arange(4.0))
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    >>> minpy.grad(lambda x: np.sum(windows(x)))(np.arange(4.0))
    array([1., 2., 2., 1.])
    """
    if not _gathers(x):
        return _PLAIN["as_strided"](x, shape, strides, subok=subok, writeable=writeable)
    shape = x.shape if shape is None else tuple(int(n) for n in onp.atleast_1d(shape))
    strides = x.strides if strides is None else tuple(int(n) for n in onp.atleast_1d(strides))
    if len(shape) != len(strides):
        raise ValueError(f"as_strided: shape {shape} and strides {strides} have not one length")
    return _gathered(x, _places(x, shape, strides))


def sliding_window_view(
    x: Any,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: bool = False,
    writeable: bool = False,
) -> Array:
    """Return all windows of a shape; see `numpy.lib.stride_tricks.sliding_window_view`.

    Parameters
    ----------
    x : array_like
    window_shape : int or tuple of int
    axis : int or tuple of int, optional
        The axes along which windows slide; all, by default.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> windows = lambda x: np.lib.stride_tricks.sliding_window_view(x, 3)
    >>> minpy.grad(lambda x: np.sum(windows(x)))(np.arange(5.0))
    array([1., 2., 3., 2., 1.])
    """
    if not _gathers(x):
        return _PLAIN["sliding_window_view"](
            x, window_shape, axis, subok=subok, writeable=writeable
        )
    places = onp.arange(x.size).reshape(x.shape)
    return _gathered(x, theirs.sliding_window_view(places, window_shape, axis))


def _gathers(x: Any) -> bool:
    """Whether `x` is recorded, or on another backend, so that NumPy cannot view its memory."""
    found = found_in((x,), {})
    return type(x) is Array and (found.recorded or found.foreign)


def _gathered(x: Array, places: onp.ndarray) -> Array:
    return getitem(reshape(x, (-1,)), places)


def _places(x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> onp.ndarray:
    """Return which element of `x`, counted in C order, each place in memory holds."""
    wanted = _offsets(shape, strides)
    held = _offsets(x.shape, x.strides).ravel()
    order = onp.argsort(held, kind="stable")
    found = onp.searchsorted(held, wanted, sorter=order)
    places = order.take(found, mode="clip") if held.size else found
    if math.prod(shape) and (not held.size or (held[places] != wanted).any()):
        raise ValueError(
            f"as_strided: shape {shape} and strides {strides} reach outside of the recorded array, "
            f"which has shape {x.shape} and strides {x.strides}"
        )
    return places


def _offsets(shape: tuple[int, ...], strides: tuple[int, ...]) -> onp.ndarray:
    """Return how many bytes each element is from the first one."""
    offsets = onp.zeros((), onp.intp)
    for length, stride in zip(shape, strides, strict=True):
        offsets = offsets[..., None] + onp.arange(length) * stride
    return offsets
