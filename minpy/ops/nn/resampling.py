"""Images of another size: means of windows, and interpolation.

Each pixel of the result is a weighted mean of pixels, and the weights of rows and of columns are
apart: ``y = rows @ x @ cols.T`` with two small matrices.  One op is under all of it, average
pooling too, and its transpose is its gradient.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as onp

from minpy.array import Array
from minpy.ops.nn.convolution import Pair, images, pair
from minpy.ops.shape import shape_of
from minpy.tape import op

# ----- the matrices: what each of `count` pixels is made of, along an axis of `length`


def _windows(length, count, kernel, stride, padding, ceil_mode, count_include_pad):
    first = onp.arange(count) * stride - padding
    last = onp.minimum(first + kernel, length + padding)
    inside = onp.minimum(last, length) - onp.maximum(first, 0)
    return _means(length, first, last, last - first if count_include_pad else inside)


def _shares(length, count):
    first = onp.arange(count) * length // count
    last = -(-(onp.arange(count) + 1) * length // count)
    return _means(length, first, last, last - first)


def _means(length, first, last, size):
    pixels = onp.arange(length)
    return ((first[:, None] <= pixels) & (pixels < last[:, None])) / size[:, None]


def _nearest(length, count, scale):
    step = onp.float32(1 / scale if scale else length / count)  # as PyTorch rounds it
    source = onp.minimum((onp.arange(count) * step).astype(int), length - 1)
    return onp.eye(length)[source]


def _bilinear(length, count, scale, align_corners):
    if align_corners:
        source = onp.arange(count) * ((length - 1) / max(count - 1, 1))
    else:
        step = 1 / scale if scale else length / count
        source = onp.maximum((onp.arange(count) + 0.5) * step - 0.5, 0)
    source = onp.minimum(source, length - 1)
    before = source.astype(int)
    after = onp.minimum(before + 1, length - 1)
    share = (source - before)[:, None]
    return onp.eye(length)[before] * (1 - share) + onp.eye(length)[after] * share


_KINDS = {"windows": _windows, "shares": _shares, "nearest": _nearest, "bilinear": _bilinear}


@lru_cache
def _matrix(kind, length, count, dtype, *options):
    return _KINDS[kind](length, count, *options).astype(dtype)


def _matrices(size, result, dtype, how):
    """Return the matrices for height and width; an option of `how` may have a value for each."""
    kind, *options = how
    for axis in range(2):
        own = (option[axis] if isinstance(option, tuple) else option for option in options)
        yield _matrix(kind, size[axis], result[axis], dtype, *own)


# ----- on NumPy


def _resample2d_on_numpy(x, *, size, how):
    rows, cols = _matrices(x.shape[2:], size, x.dtype, how)
    return _weighted(x, rows, cols.T)


def _resample2d_input_on_numpy(g, *, size, how):
    rows, cols = _matrices(size, g.shape[2:], g.dtype, how)
    return _weighted(g, rows.T, cols)


def _weighted(x, left, right):
    """Return ``left @ x @ right`` of all planes; an infinity or NaN stays in its windows."""
    out = _product(x, left, right)
    if onp.isfinite(out).all():
        return out
    out = _product(onp.where(onp.isfinite(x), x, 0), left, right)  # zero times infinity is NaN
    for value, here in ((onp.inf, x == onp.inf), (-onp.inf, x == -onp.inf), (onp.nan, x != x)):
        out[_product(here.astype(x.dtype), left, right) > 0] += value
    return out


def _product(x, left, right):
    n, c, h, w = x.shape
    with onp.errstate(invalid="ignore"):
        return left @ (x.reshape(-1, w) @ right).reshape(n, c, h, right.shape[1])


# ----- ops

resample2d = op(
    "nn.resample2d",
    lambda g, ans, x, size, how: _resample2d_input(g, size=shape_of(x)[2:], how=how),
    raw=_resample2d_on_numpy,
)
_resample2d_input = op(
    "nn.resample2d_input",
    lambda h, ans, g, size, how: resample2d(h, size=shape_of(g)[2:], how=how),
    raw=_resample2d_input_on_numpy,
)

# ----- functions


def upsample(
    x: Any,
    size: int | Pair | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Array:
    """Return images of another size, larger or smaller, by interpolation.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    size : int or pair of int, optional
        The new height and width.
    scale_factor : float or pair of float, optional
        How many times larger; this or `size` is to be given.
    mode : {'nearest', 'bilinear'}
        Whether a pixel is the nearest one, or a mean of the four around it.
    align_corners : bool
        For 'bilinear': whether the centres of the corner pixels keep their places, and not the
        outer corners of the image.

    Returns
    -------
    Array, shape (N, C, *size)

    Raises
    ------
    ValueError
        If it is not clear what size or mode is wanted.

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.upsample([[[[1.0, 2.0]]]], scale_factor=2)
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    >>> F.upsample([[[[1.0, 2.0]]]], (1, 3), mode="bilinear", align_corners=True)
    array([[[[1. , 1.5, 2. ]]]])
    """
    x = images("upsample", x)
    if mode not in ("nearest", "bilinear") or (align_corners and mode == "nearest"):
        raise ValueError(
            "upsample: mode is 'nearest', or 'bilinear' with or without align_corners, but got "
            f"mode={mode!r}, align_corners={align_corners!r}"
        )
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"upsample takes either a size or a scale_factor, but got {size!r} and {scale_factor!r}"
        )
    scales = None
    if size is None:
        both = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor,) * 2
        scales = (float(both[0]), float(both[1]))
        size = tuple(math.floor(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
    size = pair(size, "upsample: the new size")
    how = ("nearest", scales) if mode == "nearest" else ("bilinear", scales, bool(align_corners))
    return resample2d(x, size=size, how=how)
