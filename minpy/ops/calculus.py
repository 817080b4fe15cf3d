"""Differences, sums over a grid, interpolation, convolution."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import dtype_of, raw
from minpy.inplace import getitem
from minpy.ops.creation import as_array, astype
from minpy.ops.elementwise import exp, log, remainder
from minpy.ops.indexing import values_of, where
from minpy.ops.reduction import axes_of
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import (
    broadcast_to,
    concatenate,
    flip,
    moveaxis,
    normal_axis,
    reshape,
    several,
    shape_of,
)

# ----- differences


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    axis = normal_axis(axis, len(shape_of(a)))
    parts = [as_array(x) for x in (prepend, a, append) if x is not None]
    if len(parts) > 1:
        edge = tuple(1 if i == axis else m for i, m in enumerate(shape_of(a)))
        a = concatenate([x if x.shape else broadcast_to(x, edge) for x in parts], axis)
    before = (slice(None),) * axis
    for _ in range(n):
        a = getitem(a, (*before, slice(1, None))) - getitem(a, (*before, slice(None, -1)))
    return a


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    middle = diff(reshape(ary, -1))
    parts = [p for p in (to_begin, middle, to_end) if p is not None]
    return concatenate([astype(reshape(as_array(p), -1), dtype_of(middle)) for p in parts], 0)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    if edge_order > 2:
        raise ValueError(f"gradient: edge_order is 1 or 2, not {edge_order}")
    axes = axes_of(axis, len(shape_of(f)))
    spacings = varargs or (1.0,)
    spacings = spacings * len(axes) if len(spacings) == 1 else spacings
    pairs = zip(axes, spacings, strict=True)
    results = [moveaxis(_slope(moveaxis(f, a, 0), h, edge_order), 0, a) for a, h in pairs]
    return results[0] if len(results) == 1 else several(results)


def _slope(f: Any, spacing: Any, edge_order: int) -> Any:
    """Return the slope of the parabola through three neighbours, along the first axis."""
    count, *others = shape_of(f)
    h = as_array(spacing)
    h = diff(h) if h.shape else broadcast_to(h, (count - 1,))
    h = reshape(astype(h, onp.result_type(dtype_of(f), onp.float16)), (-1, *(1 for _ in others)))
    before, after = getitem(h, slice(None, -1)), getitem(h, slice(1, None))
    slopes = (getitem(f, slice(1, None)) - getitem(f, slice(None, -1))) / h
    left, right = getitem(slopes, slice(None, -1)), getitem(slopes, slice(1, None))
    middle = (left * after + right * before) / (before + after)
    first, last = getitem(slopes, slice(0, 1)), getitem(slopes, slice(-1, None))
    if edge_order == 2:
        first = 2 * first - getitem(middle, slice(0, 1))
        last = 2 * last - getitem(middle, slice(-1, None))
    return concatenate([first, middle, last], 0)


def unwrap(
    p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * onp.pi
) -> Any:
    values = values_of(p)
    return p + (onp.unwrap(values, discont, axis, period=period) - values)


# ----- integrals and interpolation


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = moveaxis(as_array(y), axis, -1)
    if x is not None:
        dx = diff(moveaxis(as_array(x), axis if len(shape_of(x)) > 1 else -1, -1))
    pairs = getitem(y, (..., slice(1, None))) + getitem(y, (..., slice(None, -1)))
    return sum_(pairs * dx, axis=-1) / 2.0


trapz = trapezoid


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None
) -> Any:
    x, xp, fp = (astype(a, onp.result_type(dtype_of(a), float)) for a in map(as_array, (x, xp, fp)))
    if period is not None:
        left = right = None
        period = abs(period)
        x, xp = remainder(x, period), remainder(xp, period)
        order = onp.argsort(values_of(xp))
        xp, fp = getitem(xp, order), getitem(fp, order)
        first, last = slice(0, 1), slice(-1, None)
        xp = concatenate([getitem(xp, last) - period, xp, getitem(xp, first) + period])
        fp = concatenate([getitem(fp, last), fp, getitem(fp, first)])
    places, grid = values_of(x), values_of(xp)
    if not places.size:
        return x + 0 * sum_(fp)
    low = onp.clip(onp.searchsorted(grid, places, side="right") - 1, 0, len(grid) - 2)
    x0, x1 = getitem(xp, low), getitem(xp, low + 1)
    y0, y1 = getitem(fp, low), getitem(fp, low + 1)
    inside = y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
    result = where(places < grid[0], getitem(fp, 0) if left is None else left, inside)
    return where(places > grid[-1], getitem(fp, -1) if right is None else right, result)


# ----- convolution


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = as_array(a), as_array(v)
    a, v = (reshape(a, (1,)) if not a.shape else a), (reshape(v, (1,)) if not v.shape else v)
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    windows = onp.arange(n + m - 1)[:, None] + onp.arange(m)
    zeros = onp.zeros(m - 1, dtype_of(a))
    full = getitem(concatenate([zeros, a, zeros]), windows) @ flip(v)
    if mode == "full":
        return full
    first, length = ((m - 1) // 2, n) if mode == "same" else (m - 1, n - m + 1)
    return getitem(full, slice(first, first + length))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = as_array(a), as_array(v)
    swapped = v.shape[0] > a.shape[0]
    result = convolve(a, flip(v).conj(), mode)
    if swapped and mode == "same":  # NumPy rounds the other way when the shorter comes first
        full = convolve(a, flip(v).conj(), "full")
        first = full.shape[0] - v.shape[0] - (full.shape[0] - v.shape[0]) // 2
        return getitem(full, slice(first, first + v.shape[0]))
    return result


# ----- numbers between two others


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    *,
    axis: int = 0,
) -> Any:
    dtype = onp.result_type(raw(start), raw(stop), float(num))
    start, stop = astype(as_array(start), dtype), astype(as_array(stop), dtype)
    count = max(num - 1 if endpoint else num, 1)
    ndim = len(onp.broadcast_shapes(start.shape, stop.shape))
    part = (onp.arange(num) / count).astype(onp.zeros(0, dtype).real.dtype)
    part = part.reshape((-1,) + (1,) * ndim)
    result = moveaxis(start * (1 - part) + stop * part, 0, axis)
    return (result, (stop - start) / count) if retstep else result


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    dtype = onp.result_type(raw(start), raw(stop), onp.zeros(()))
    start, stop = (log(astype(as_array(x), dtype)) for x in (start, stop))
    return exp(linspace(start, stop, num, endpoint, axis=axis))


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, *, axis: int = 0
) -> Any:
    return base ** linspace(start, stop, num, endpoint, axis=axis)
