"""Choosing elements: by index, by condition, by order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of, raw
from minpy.backends import NUMPY
from minpy.inplace import getitem, index_add, setitem, zeros_for
from minpy.ops.creation import astype
from minpy.ops.shape import atleast_1d, broadcast_to, normal_axis, reshape, shape_of
from minpy.tape import op, unbroadcast


def values_of(x: Any) -> Any:
    """Return an index, a mask or a condition as a NumPy array: no gradient flows through it."""
    return onp.asarray(raw(x))


def values_there(x: Any) -> Any:
    """Return what `values_of` does, but leave arrays of other backends where they are."""
    return x if type(x) is Array and x._backend is not NUMPY else values_of(x)


# ----- by condition

# The branch that is not chosen gets the gradient zero.  Where its own derivative is infinite, as
# that of log at 0 in ``where(x > 0, log(x), 0)``, the product is NaN, as in other libraries.  To
# keep it out every rule that divides would have to mask its result, which takes 2 to 17 times as
# long as the division; so the argument is to be made harmless: ``log(where(x > 0, x, 1))``.
_where = op(
    "where",
    None,
    lambda g, ans, condition, x, y: unbroadcast(g * condition, x),
    lambda g, ans, condition, x, y: unbroadcast(g * ~condition, y),
)


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None and y is None:
        return onp.nonzero(values_of(condition))
    return _where(values_there(condition).astype(bool), x, y)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(condition, choice, result)
    return result


def piecewise(
    x: Any, condlist: Sequence[Any], funclist: Sequence[Any], *args: Any, **kw: Any
) -> Any:
    shape, x = shape_of(x), atleast_1d(x)
    conditions = [values_of(c).astype(bool).reshape(x.shape) for c in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~onp.any(conditions, axis=0))
    result = zeros_for(x)
    for condition, function in zip(conditions, funclist, strict=True):
        value = function
        if callable(function) and condition.any():
            value = function(getitem(x, condition), *args, **kw)
        if not callable(value):
            setitem(result, condition, value)
    return reshape(result, shape)


def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = reshape(a, -1), 0
    axis = normal_axis(axis, len(shape_of(a)))
    return getitem(a, (slice(None),) * axis + (onp.flatnonzero(values_of(condition)),))


def extract(condition: Any, arr: Any) -> Any:
    return compress(values_of(condition).reshape(-1), arr)


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None:
        a = where(values_there(a) < values_there(low), low, a)
    if high is not None:
        a = where(values_there(a) > values_there(high), high, a)
    return a


# ----- by index


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    if axis is None:
        a, axis = reshape(a, -1), 0
    axis = normal_axis(axis, len(shape_of(a)))
    indices, length = values_of(indices), shape_of(a)[axis]
    if not onp.can_cast(indices.dtype, onp.intp, "same_kind"):
        raise TypeError(f"take: indices are integers, but these are {indices.dtype}")
    if mode != "raise":
        indices = indices % length if mode == "wrap" else onp.clip(indices, 0, length - 1)
    if indices.ndim == 0:
        return getitem(a, (slice(None),) * axis + (int(indices),))
    return getitem(a, (slice(None),) * axis + (indices,))


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        arr, axis = reshape(arr, -1), 0
    indices = values_of(indices)
    axis = normal_axis(axis, len(shape_of(arr)))
    grid = list(onp.ogrid[tuple(slice(n) for n in indices.shape)])
    sizes = shape_of(arr)
    grid = [onp.zeros_like(g) if sizes[i] == 1 else g for i, g in enumerate(grid)]
    grid[axis] = indices
    return getitem(arr, tuple(grid))


def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    a = values_of(a)
    n = len(choices)
    if mode != "raise":
        a = a % n if mode == "wrap" else onp.clip(a, 0, n - 1)
    shape = onp.broadcast_shapes(a.shape, *(shape_of(choices[i]) for i in range(n)))
    result = broadcast_to(choices[0], shape)
    for i in range(1, n):
        result = where(a == i, choices[i], result)
    return result


# ----- triangles and diagonals


def tril(m: Any, k: int = 0) -> Any:
    return _masked(m, onp.tri(*shape_of(m)[-2:], k=k, dtype=bool))


def triu(m: Any, k: int = 0) -> Any:
    return _masked(m, ~onp.tri(*shape_of(m)[-2:], k=k - 1, dtype=bool))


def _masked(m: Any, mask: Any) -> Any:
    return where(mask, m, onp.zeros((), dtype_of(m)))


def diag(v: Any, k: int = 0) -> Any:
    shape = shape_of(v)
    if len(shape) == 2:
        places = onp.diagonal(onp.arange(shape[0] * shape[1]).reshape(shape), k)
        return getitem(reshape(v, -1), places)
    if len(shape) != 1:
        raise ValueError(f"diag: input must be 1- or 2-d, but has shape {shape}")
    size = shape[0] + abs(k)
    places = onp.diag(onp.arange(1, shape[0] + 1), k)
    padded = _place(v, size * size, onp.flatnonzero(places))
    return reshape(padded, (size, size))


def diagflat(v: Any, k: int = 0) -> Any:
    return diag(reshape(v, -1), k)


def _place(v: Any, size: int, places: Any) -> Any:
    """Return a vector of zeros of length `size` with `v` at `places`."""
    return index_add(onp.zeros(size, dtype_of(v)), v, index=places)


# ----- by order


def sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, **kw: Any) -> Any:
    if axis is None:
        a, axis = reshape(a, -1), 0
    places = onp.argsort(values_of(a), axis=axis, kind="stable")
    return take_along_axis(a, places, axis)


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    if axis is None:
        a, axis = reshape(a, -1), 0
    values = values_of(a)
    parts = onp.partition(values, kth, axis, kind)  # argpartition may order each part differently
    places = onp.empty(values.shape, int)
    ranks, sources = (onp.argsort(x, axis=axis, kind="stable") for x in (parts, values))
    onp.put_along_axis(places, ranks, sources, axis)
    return take_along_axis(a, places, axis)


def sort_complex(a: Any) -> Any:
    return sort(a if dtype_of(a).kind == "c" else astype(a, complex), axis=-1)


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    shape = shape_of(filt)
    if len(shape) != 1 and onp.lib.NumpyVersion(onp.__version__) < "2.2.0":
        raise ValueError(f"trim_zeros: until NumPy 2.2 for one axis, but the shape is {shape}")
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    nonzero = onp.argwhere(values_of(filt))
    index = [slice(None)] * len(shape)
    for axis in axes:
        places = nonzero[:, axis]
        first = places.min(initial=shape[axis]) if "f" in trim.lower() else 0
        last = places.max(initial=-1) + 1 if "b" in trim.lower() else shape[axis]
        index[axis] = slice(int(first), int(last))
    return getitem(filt, tuple(index))
