"""Statistics: averages, quantiles, covariances, histograms, and what there is of each value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import dtype_of, is_recorded
from minpy.inplace import getitem, index_add
from minpy.ops.creation import as_array, astype
from minpy.ops.elementwise import conjugate, real, sqrt
from minpy.ops.indexing import sort, take, take_along_axis, values_of
from minpy.ops.reduction import Axis, axes_of, count, diagonal, kept, mean, sum
from minpy.ops.shape import (
    atleast_2d,
    broadcast_to,
    concatenate,
    moveaxis,
    normal_axis,
    reshape,
    shape_of,
    squeeze,
    stack,
)
from minpy.tape import no_gradient

# ----- averages


def average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    if weights is None:
        result, total = mean(a, axis=axis, keepdims=keepdims), count(shape_of(a), axis)
    else:
        weights = onp.asarray(weights) if isinstance(weights, list | tuple) else weights
        if shape_of(weights) != shape_of(a):
            shape = [1] * len(shape_of(a))
            shape[normal_axis(axis, len(shape))] = -1
            weights = broadcast_to(reshape(weights, tuple(shape)), shape_of(a))
        total = sum(weights, axis=axis, keepdims=keepdims)
        result = sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (result, total + 0 * result) if returned else result


# ----- quantiles


def median(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return quantile(a, 0.5, axis=axis, keepdims=keepdims)


def percentile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return quantile(a, onp.asarray(q) / 100, axis=axis, method=method, keepdims=keepdims)


def quantile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return _quantile(a, q, axis, method, keepdims, lambda rows: onp.full(rows.shape, True))


def nanmedian(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return nanquantile(a, 0.5, axis=axis, keepdims=keepdims)


def nanpercentile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return nanquantile(a, onp.asarray(q) / 100, axis=axis, method=method, keepdims=keepdims)


def nanquantile(
    a: Any, q: Any, axis: Axis = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return _quantile(a, q, axis, method, keepdims, lambda rows: ~onp.isnan(rows))


# The methods that take an element as it is: their results have its dtype.
_PICKING = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")


def _quantile(
    a: Any, q: Any, axis: Axis, method: str, keepdims: bool, counted: Callable[[Any], Any]
) -> Any:
    shape, number = shape_of(a), onp.ndim(q) == 0
    q = onp.asarray(q, onp.float64)
    axes = axes_of(axis, len(shape))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    lead = tuple(shape[i] for i in rest)
    flat = reshape(moveaxis(a, rest, range(len(rest))), (*lead, count(shape, axes)))
    if not shape_of(flat)[-1]:  # NumPy's median of nothing
        flat = onp.nan + sum(flat, axis=-1, keepdims=True)
    ordered = sort(flat, axis=-1)  # NaN come last
    sizes = onp.maximum(onp.sum(counted(values_of(flat)), axis=-1), 1)
    place = onp.empty((*lead, q.size))
    for n in onp.unique(sizes):  # the quantile of 0, 1, 2, ... is where it lies, by any method
        place[sizes == n] = onp.quantile(onp.arange(n), q.reshape(-1), method=method)
    low, high = onp.floor(place).astype(int), onp.ceil(place).astype(int)
    weak = number or method in _PICKING
    between = (place - low).astype(dtype_of(a) if weak else onp.float64)
    below, above = take_along_axis(ordered, low, -1), take_along_axis(ordered, high, -1)
    ans = reshape(moveaxis(below + (above - below) * between, -1, 0), (*q.shape, *lead))
    return reshape(ans, q.shape + kept(shape, axis)) if keepdims else ans


# ----- covariances


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    m = astype(m, onp.result_type(dtype_of(m), onp.float64))
    rows = atleast_2d(m)
    rows = rows if rowvar or len(shape_of(m)) == 1 else rows.transpose()
    if y is not None:
        more = atleast_2d(y)
        rows = concatenate([rows, more if rowvar or len(shape_of(y)) == 1 else more.transpose()], 0)
    less = ddof if ddof is not None else 1 - bool(bias)
    if fweights is None and aweights is None:
        away = rows - mean(rows, axis=1, keepdims=True)
        return squeeze((away @ conjugate(away).transpose()) / (rows.shape[1] - less))
    if not rows.shape[0]:
        return onp.zeros((0, 0), dtype_of(rows))
    counts = onp.ones(rows.shape[1], dtype_of(rows).type(0).real.dtype)
    counts = counts if fweights is None else counts * values_of(fweights)
    weights = counts if aweights is None else counts * as_array(aweights)
    total = sum(weights)
    away = rows - reshape(sum(rows * weights, axis=1) / total, (-1, 1))
    lost = 0 if less == 0 else less * (1 if aweights is None else sum(weights * aweights) / total)
    return squeeze((away * weights) @ conjugate(away).transpose() / (total - lost))


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = cov(x, y, rowvar)
    if not c.shape:
        return c / c
    scale = sqrt(real(diagonal(c)))
    return c / reshape(scale, (-1, 1)) / reshape(scale, (1, -1))


# ----- histograms


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    places = values_of(x)
    if weights is None:
        return onp.bincount(places, minlength=minlength)
    size = len(onp.bincount(places, minlength=minlength))
    return index_add(onp.zeros(size), astype(as_array(weights), float), index=places)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any]:
    if is_recorded(a) or is_recorded(bins):
        raise no_gradient("histogram", "except with respect to its weights")
    values = values_of(a).reshape(-1)
    edges = onp.histogram_bin_edges(values, bins, range)
    inside = (values >= edges[0]) & (values <= edges[-1])
    places = onp.searchsorted(edges, values[inside], side="right") - 1
    places = onp.minimum(places, len(edges) - 2)
    weights = getitem(reshape(as_array(weights), -1), inside)
    counts = index_add(onp.zeros(len(edges) - 1, dtype_of(weights)), weights, index=places)
    return (counts / onp.diff(edges) / sum(counts) if density else counts), edges


# ----- each value once, and functions of rows


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    found = onp.unique(
        values_of(ar), True, return_inverse, return_counts, axis, equal_nan=equal_nan
    )
    chosen = take(ar, found[1], axis)  # of equal ones, the first
    more = found[1 if return_index else 2 :]
    return (chosen, *more) if more else chosen


def apply_along_axis(func1d: Callable, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    arr = as_array(arr)
    axis = normal_axis(axis, len(shape_of(arr)))
    rows = moveaxis(arr, axis, -1)
    lead = shape_of(rows)[:-1]
    results = [
        as_array(func1d(getitem(rows, i), *args, **kwargs)) for i in map(tuple, onp.ndindex(*lead))
    ]
    if not results:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    shape = shape_of(results[0])
    out = reshape(stack(results), (*lead, *shape))
    last = tuple(i for i, _ in enumerate(shape, len(lead)))
    return moveaxis(out, last, tuple(i for i, _ in enumerate(shape, axis)))
