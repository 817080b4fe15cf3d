"""Pooling: the largest value, or the mean, of each window of an image.

Max pooling, of whichever windows, says where it found its values: positions in the plane of H * W
pixels.  Its gradient puts values at positions (`_unpool`), and the gradient of that takes the
values at the same positions (`_pick`).  These two are linear and each other's transposes, so that
one rule is right for all kinds and to all orders.

Means are linear themselves, and rows and columns apart: see `minpy.ops.nn.resampling`.
"""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array
from minpy.ops.nn.convolution import Pair, check_fit, images, pair, steps
from minpy.ops.nn.resampling import resample2d
from minpy.ops.shape import shape_of
from minpy.tape import op

# ----- on NumPy


def _reached(length, count, offset, stride, padding):
    """Return which of `count` windows have their `offset`-th pixel inside, and these pixels."""
    first = max(0, -(-(padding - offset) // stride))
    last = max(first, min(count, (length - 1 + padding - offset) // stride + 1))
    start = first * stride - padding + offset
    return slice(first, last), slice(start, start + (last - first) * stride, stride)


def _max_pool2d_on_numpy(x, *, kernel, stride, padding, dilation, ceil_mode):
    size = x.shape[2:]
    counts = tuple(map(steps, size, kernel, stride, padding, dilation, (ceil_mode, ceil_mode)))
    offsets = []
    for i, j in onp.ndindex(kernel):
        rows, from_rows = _reached(size[0], counts[0], i * dilation[0], stride[0], padding[0])
        cols, from_cols = _reached(size[1], counts[1], j * dilation[1], stride[1], padding[1])
        offsets.append(((..., rows, cols), x[..., from_rows, from_cols]))
    best = onp.full(x.shape[:2] + counts, -onp.inf, x.dtype)
    for windows, pixels in offsets:
        onp.maximum(best[windows], pixels, out=best[windows])
    nans = onp.isnan(best).any()
    found = onp.zeros(best.shape, bool)
    which = onp.zeros(best.shape, onp.min_scalar_type(len(offsets)))  # bytes: quick to count
    for windows, pixels in offsets:
        found[windows] |= pixels == best[windows]
        if nans:
            found[windows] |= onp.isnan(pixels)
        which += ~found
    rows, cols = (onp.arange(n) * s - p for n, s, p in zip(counts, stride, padding))
    inside = [i * dilation[0] * size[1] + j * dilation[1] for i, j in onp.ndindex(kernel)]
    return best, onp.array(inside)[which] + (rows[:, None] * size[1] + cols)


def _adaptive_max_pool2d_on_numpy(x, *, size):
    height, width = x.shape[2:]
    values = onp.empty(x.shape[:2] + size, x.dtype)
    indices = onp.empty(values.shape, onp.int64)
    for i, j in onp.ndindex(size):
        (top, bottom), (left, right) = _share(height, size[0], i), _share(width, size[1], j)
        area = (bottom - top) * (right - left)
        window = x[:, :, top:bottom, left:right].reshape(*x.shape[:2], area)
        place = window.argmax(axis=-1)
        values[:, :, i, j] = onp.take_along_axis(window, place[..., None], -1)[..., 0]
        rows, cols = onp.divmod(place, right - left)
        indices[:, :, i, j] = (top + rows) * width + left + cols
    return values, indices


def _share(length, parts, i):
    """Return where the `i`-th of so many parts of an axis starts and ends; parts may overlap."""
    return i * length // parts, -(-(i + 1) * length // parts)


def _flat(indices, area):
    """Return positions in each plane as positions in all of them."""
    planes = onp.arange(0, indices.shape[0] * indices.shape[1] * area, area)
    return (indices + planes.reshape(*indices.shape[:2], 1, 1)).reshape(-1)


def _unpool_on_numpy(x, indices, *, size):
    out = onp.zeros((*x.shape[:2], *size), x.dtype)
    onp.add.at(out.reshape(-1), _flat(indices, size[0] * size[1]), x.reshape(-1))
    return out


def _pick_on_numpy(x, indices):
    return x.reshape(-1)[_flat(indices, x.shape[2] * x.shape[3])].reshape(indices.shape)


# ----- ops


def _max_pool_rule(g, ans, x, **static):
    return _unpool(g[0], _constant(ans[1]), size=shape_of(x)[2:])


def _constant(indices):
    return indices.detach() if type(indices) is Array else indices


_max_pool2d = op("nn.max_pool2d", _max_pool_rule, reads="ans", raw=_max_pool2d_on_numpy)
_adaptive_max_pool2d = op(
    "nn.adaptive_max_pool2d", _max_pool_rule, reads="ans", raw=_adaptive_max_pool2d_on_numpy
)
_unpool = op(
    "nn.unpool",
    lambda g, ans, x, indices, size: _pick(g, indices),
    None,
    reads=("y", ""),
    raw=_unpool_on_numpy,
)
_pick = op(
    "nn.pick",
    lambda g, ans, x, indices: _unpool(g, indices, size=shape_of(x)[2:]),
    None,
    reads=("y", ""),
    raw=_pick_on_numpy,
)

# ----- functions: the largest value


def max_pool2d(
    x: Any,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window; of equal ones the first gets the gradient.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size : int or pair of int
        The size of a window, KH and KW.
    stride : int or pair of int, optional
        How far apart windows are; by default they lie side by side.
    padding : int or pair of int
        How far windows reach beyond the image, at most half of their size; there is nothing there.
    dilation : int or pair of int
        How far apart the pixels are that a window takes.
    ceil_mode : bool
        Whether there is a last window that reaches beyond the padding, where pixels are left over.
    return_indices : bool
        Whether to return also where the values were.

    Returns
    -------
    Array, shape (N, C, (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, ...)
        NaN where there is one in the window.
    indices : Array of int64, of the same shape
        Positions in the plane, ``row * W + column``; only with `return_indices`.

    Raises
    ------
    ValueError
        If the padding is too large, or the windows do not fit into the padded images.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    x = images("max_pool2d", x)
    window = _window("max_pool2d", x, kernel_size, stride, padding, dilation)
    values, indices = _max_pool2d(x, **window, ceil_mode=bool(ceil_mode))
    return (values, _constant(indices)) if return_indices else values


def adaptive_max_pool2d(x: Any, output_size: int | Pair, return_indices: bool = False) -> Any:
    """Return the largest value of each of so many windows, which share the image out evenly.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    output_size : int or pair of int
        How many windows there are along the height and the width; where they do not divide it,
        neighbours overlap by a pixel.
    return_indices : bool
        As in `max_pool2d`.

    Returns
    -------
    Array, shape (N, C, *output_size)
    indices : Array of int64, of the same shape
        Only with `return_indices`.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.adaptive_max_pool2d(np.arange(9.0).reshape(1, 1, 3, 3), 2)
    array([[[[4., 5.],
             [7., 8.]]]])
    """
    x = images("adaptive_max_pool2d", x)
    size = pair(output_size, "adaptive_max_pool2d: output_size")
    values, indices = _adaptive_max_pool2d(x, size=size)
    return (values, _constant(indices)) if return_indices else values


def global_max_pool2d(x: Any) -> Array:
    """Return the largest value of each channel of each image.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)

    Returns
    -------
    Array, shape (N, C, 1, 1)

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.global_max_pool2d([[[[1.0, 4.0], [2.0, 3.0]]]])
    array([[[[4.]]]])
    """
    return adaptive_max_pool2d(x, 1)


# ----- functions: the mean


def avg_pool2d(
    x: Any,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the mean of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size, stride, padding, ceil_mode
        As in `max_pool2d`; padding is zeros.
    count_include_pad : bool
        Whether the zeros of the padding are counted as values.

    Returns
    -------
    Array, shape (N, C, (H + 2 padding - KH) // stride + 1, ...)

    Raises
    ------
    ValueError
        If the padding is too large, or the windows do not fit into the padded images.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    x = images("avg_pool2d", x)
    window = _window("avg_pool2d", x, kernel_size, stride, padding, 1)
    ceils = (bool(ceil_mode), bool(ceil_mode))
    size = tuple(map(steps, x.shape[2:], *window.values(), ceils))
    kernel, stride, padding, _ = window.values()
    how = ("windows", kernel, stride, padding, bool(ceil_mode), bool(count_include_pad))
    return resample2d(x, size=size, how=how)


def adaptive_avg_pool2d(x: Any, output_size: int | Pair) -> Array:
    """Return the mean of each of so many windows, which share the image out evenly.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    output_size : int or pair of int
        As in `adaptive_max_pool2d`.

    Returns
    -------
    Array, shape (N, C, *output_size)

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.adaptive_avg_pool2d(np.arange(9.0).reshape(1, 1, 3, 3), 2)
    array([[[[2., 3.],
             [5., 6.]]]])
    """
    x = images("adaptive_avg_pool2d", x)
    size = pair(output_size, "adaptive_avg_pool2d: output_size")
    return resample2d(x, size=size, how=("shares",))


def global_avg_pool2d(x: Any) -> Array:
    """Return the mean of each channel of each image.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)

    Returns
    -------
    Array, shape (N, C, 1, 1)

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.global_avg_pool2d([[[[1.0, 4.0], [2.0, 3.0]]]])
    array([[[[2.5]]]])
    """
    return adaptive_avg_pool2d(x, 1)


def _window(name: str, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any) -> dict:
    """Return the checked numbers that describe windows."""
    kernel = pair(kernel, f"{name}: kernel_size")
    stride = kernel if stride is None else pair(stride, f"{name}: stride")
    padding, dilation = pair(padding, f"{name}: padding", 0), pair(dilation, f"{name}: dilation")
    if padding[0] > kernel[0] // 2 or padding[1] > kernel[1] // 2:
        raise ValueError(f"{name}: padding {padding} is more than half of kernel_size {kernel}")
    check_fit(name, x.shape, kernel, padding, dilation)
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
