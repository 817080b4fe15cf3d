"""Reductions and running totals."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import dtype_of, raw
from minpy.inplace import getitem
from minpy.ops import indexing
from minpy.ops.creation import as_array
from minpy.ops.elementwise import conjugate, is_complex, real, real_part, sqrt
from minpy.ops.indexing import where
from minpy.ops.shape import (
    broadcast_to,
    concatenate,
    flip,
    moveaxis,
    normal_axis,
    reshape,
    shape_of,
)
from minpy.tape import op

Axis = int | Sequence[int] | None

# ----- helpers of rules


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the axes a reduction goes over, as non-negative numbers."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(normal_axis(a, ndim) for a in ((axis,) if isinstance(axis, int) else axis))


def kept(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """Return the shape that a reduction with ``keepdims=True`` has."""
    axes = axes_of(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """Return how many elements each element of a reduction is made of."""
    return math.prod(shape[i] for i in axes_of(axis, len(shape)))


def unreduced(g: Any, x: Any, axis: Axis) -> Any:
    """Return a reduction's gradient with the reduced axes back, of length 1."""
    return reshape(g, kept(shape_of(x), axis))


def safe_sqrt(x: Any) -> Any:
    """Return the square root, with gradient zero where it is zero."""
    zero = x == 0
    return sqrt(x + zero) * ~zero


# ----- sums and means

sum = op("sum", lambda g, ans, a, axis=None, keepdims=False: spread(g, a, axis))


def spread(g: Any, x: Any, axis: Axis) -> Any:
    """Return a reduction's gradient, broadcast to the shape of what was reduced."""
    return broadcast_to(g if axis is None else unreduced(g, x, axis), shape_of(x))


mean = op(
    "mean",
    lambda g, ans, a, axis=None, keepdims=False: spread(g, a, axis) / count(shape_of(a), axis),
)


def _var_rule(g, ans, a, axis=None, ddof=0, keepdims=False):
    scale = 2.0 / (count(a.shape, axis) - ddof)
    g = unreduced(real_part(g), a, axis)
    return g * conjugate(a - mean(a, axis=axis, keepdims=True)) * scale


def _std_rule(g, ans, a, axis=None, ddof=0, keepdims=False):
    size = count(a.shape, axis) - ddof
    g = unreduced(real_part(g) / (ans + (ans == 0)), a, axis)
    return g * conjugate(a - mean(a, axis=axis, keepdims=True)) / size


var = op("var", _var_rule, reads="x")
std = op("std", _std_rule, reads="ans x")

# ----- products


def _prod_rule(g, ans, a, axis=None, keepdims=False):
    return unreduced(g, a, axis) * _product_of_others(a, axes_of(axis, len(a.shape)))


def _product_of_others(a: Any, axes: tuple[int, ...]) -> Any:
    """Return for each element the product of all others, also where there are zeros."""
    shape = a.shape
    rest = [i for i in range(len(shape)) if i not in axes]
    flat = a.transpose((*rest, *axes)).reshape((*(shape[i] for i in rest), count(shape, axes)))
    flat, exponents = scaled(flat, -1)
    others = _products_before(flat, -1) * flip(_products_before(flip(flat, -1), -1), -1)
    if exponents is not None:
        others = times_power(others, exponents.sum(-1, keepdims=True) - exponents)
    others = others.reshape(tuple(shape[i] for i in (*rest, *axes)))
    return others.transpose(tuple(int(i) for i in onp.argsort((*rest, *axes))))


def scaled(a: Any, axis: int) -> tuple[Any, Any]:
    """Return factors near one, and the powers of two they are to be multiplied by, or None.

    That is for products of large numbers and small ones or zeros, on the way to which there is an
    infinity; for others it is `a` itself, and None.
    """
    values = onp.asarray(raw(a))
    fraction, exponents = onp.frexp(onp.abs(values))
    exponents -= (fraction < 0.7) & (fraction > 0)
    if not a.size or onp.abs(exponents).sum(axis).max() < onp.finfo(values.dtype).maxexp - 2:
        return a, None
    return times_power(a, -exponents), exponents


def times_power(x: Any, exponents: Any) -> Any:
    """Return ``x * 2**exponents``; in steps, as the power alone may be infinite."""
    largest = onp.finfo(dtype_of(x)).maxexp - 2
    one = onp.finfo(dtype_of(x)).dtype.type(1)
    for _ in range(4):
        step = onp.clip(exponents, -largest, largest)
        x, exponents = x * onp.ldexp(one, step), exponents - step
    return x


prod = op("prod", _prod_rule, reads="x")

# ----- extremes: ties share the gradient


def _extreme_rule(g, ans, a, axis=None, keepdims=False):
    here = a == reshape(ans, kept(a.shape, axis))
    tied = here.sum(axis=axis, keepdims=True).astype(dtype_of(a))
    return unreduced(g, a, axis) / tied * here


max = op("max", _extreme_rule, reads="ans x")
min = op("min", _extreme_rule, reads="ans x")
amax, amin = max, min


def ptp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims)


# ----- running totals


def _cumsum_rule(g, ans, a, axis=None):
    if axis is None:
        return reshape(flip(cumsum(flip(reshape(g, -1)))), shape_of(a))
    return flip(cumsum(flip(g, axis), axis=axis), axis)


def _cumprod_rule(g, ans, a, axis=None):
    if axis is None:
        return reshape(_cumprod_rule(g, ans, reshape(a, -1), 0), a.shape)
    factors, exponents = scaled(a, axis)
    before, behind = _products_before(factors, axis), _sums_behind(g, a, axis)
    if exponents is None:
        return before * behind
    lost = (before == 0) & ~onp.isfinite(raw(behind))  # nothing times what is too large
    before = before * where(lost, onp.zeros((), dtype_of(a)), behind)
    return times_power(before, onp.cumsum(exponents, axis) - exponents)


def _products_before(a: Any, axis: int) -> Any:
    """Return for each element the product of those before it along an axis."""
    axis = normal_axis(axis, len(a.shape))
    if a.shape[axis] == 0:
        return a
    shape = tuple(1 if i == axis else n for i, n in enumerate(a.shape))
    one = onp.ones(shape, dtype_of(a))
    return cumprod(concatenate([one, getitem(a, _at(slice(None, -1), axis))], axis), axis=axis)


def _sums_behind(g: Any, a: Any, axis: int) -> Any:
    """Return ``s[i] = g[i] + a[i + 1] * s[i + 1]`` along an axis: right also where `a` is zero."""
    axis = normal_axis(axis, len(a.shape))
    sums: list[Any] = []
    for i in reversed(range(a.shape[axis])):
        here = getitem(g, _at(slice(i, i + 1), axis))
        behind = getitem(a, _at(slice(i + 1, i + 2), axis)) * sums[-1] if sums else 0
        sums.append(here + behind)
    return concatenate(sums[::-1], axis) if sums else g


def _at(part: slice, axis: int) -> tuple[Any, ...]:
    return (slice(None),) * axis + (part,)


cumsum = op("cumsum", _cumsum_rule)
cumprod = op("cumprod", _cumprod_rule, reads="x")


def cumulative_sum(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return _cumulative(cumsum, x, axis, include_initial, 0)


def cumulative_prod(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return _cumulative(cumprod, x, axis, include_initial, 1)


def _cumulative(total: Any, x: Any, axis: int | None, include_initial: bool, start: int) -> Any:
    x = x if x.shape else reshape(x, (1,))
    if axis is None and len(x.shape) > 1:
        raise ValueError(f"an array of shape {x.shape} needs axis=..., along which to accumulate")
    axis = normal_axis(0 if axis is None else axis, len(x.shape))
    ans = total(x, axis=axis)
    if not include_initial:
        return ans
    shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    return concatenate([onp.full(shape, start, dtype_of(x)), ans], axis)


# ----- of the elements that a mask chooses


def _mean_where(a: Any, axis: Axis = None, keepdims: bool = False, *, where: Any) -> Any:
    mask = onp.broadcast_to(where, shape_of(a))
    total = sum(indexing.where(mask, a, onp.zeros((), dtype_of(a))), axis=axis, keepdims=keepdims)
    return total / _number(mask, axis, keepdims, total)


def _var_where(
    a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, *, where: Any
) -> Any:
    mask = onp.broadcast_to(where, shape_of(a))
    away = a - _mean_where(a, axis, True, where=mask)
    size = real(away * conjugate(away)) if is_complex(away) else away * away
    total = sum(
        indexing.where(mask, size, onp.zeros((), dtype_of(size))), axis=axis, keepdims=keepdims
    )
    number = onp.sum(mask, axis=axis, keepdims=keepdims) - ddof
    return total / onp.maximum(number, 0).astype(dtype_of(total))


def _std_where(
    a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, *, where: Any
) -> Any:
    return safe_sqrt(_var_where(a, axis, ddof, keepdims, where=where))


WITH_WHERE = {"mean": _mean_where, "var": _var_where, "std": _std_where}

# ----- diagonals


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return sum(diagonal(a, offset, axis1, axis2), axis=-1)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    a = moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = shape_of(a)[-2:]
    down, right = (-offset, 0) if offset < 0 else (0, offset)
    i = onp.arange(builtins.max(0, builtins.min(rows - down, columns - right)))
    return getitem(a, (..., i + down, i + right))


# ----- leaving NaN out


def _without_nan(a: Any, instead: float) -> tuple[Any, Any]:
    """Return `a` with its NaN replaced, and where there were none."""
    valid = ~onp.isnan(as_array(a).asnumpy())
    return where(valid, a, onp.asarray(instead, dtype_of(a))), valid


def _number(valid: Any, axis: Axis, keepdims: bool, like: Any) -> Any:
    return onp.sum(valid, axis=axis, keepdims=keepdims).astype(dtype_of(like))


def nansum(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return sum(_without_nan(a, 0)[0], axis=axis, keepdims=keepdims)


def nanprod(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return prod(_without_nan(a, 1)[0], axis=axis, keepdims=keepdims)


def nancumsum(a: Any, axis: int | None = None) -> Any:
    return cumsum(_without_nan(a, 0)[0], axis=axis)


def nancumprod(a: Any, axis: int | None = None) -> Any:
    return cumprod(_without_nan(a, 1)[0], axis=axis)


def nanmax(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return max(_without_nan(a, -onp.inf)[0], axis=axis, keepdims=keepdims)


def nanmin(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return min(_without_nan(a, onp.inf)[0], axis=axis, keepdims=keepdims)


def nanmean(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    filled, valid = _without_nan(a, 0)
    return sum(filled, axis=axis, keepdims=keepdims) / _number(valid, axis, keepdims, a)


def nanvar(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    filled, valid = _without_nan(a, 0)
    away = (filled - nanmean(a, axis=axis, keepdims=True)) * valid
    total = sum(real(away * conjugate(away)), axis=axis, keepdims=keepdims)
    return total / onp.asarray(_number(valid, axis, keepdims, total) - ddof, dtype_of(total))


def nanstd(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    return safe_sqrt(nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))
