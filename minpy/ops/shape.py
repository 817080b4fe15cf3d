"""Shapes: moving axes, joining, splitting, repeating, padding."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of, raw
from minpy.backends import NUMPY
from minpy.inplace import copy as copied
from minpy.inplace import getitem
from minpy.ops.creation import as_array, astype
from minpy.tape import no_gradient, op, unbroadcast, variadic

several = list if onp.__version__ < "2" else tuple  # what NumPy returns several arrays in


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array; a rule's unread argument is its own shape."""
    return (
        x if isinstance(x, tuple) else tuple(onp.shape(x) if not hasattr(x, "shape") else x.shape)
    )


def normal_axis(axis: int, ndim: int) -> int:
    """Return a non-negative axis number, or raise as NumPy does."""
    if not -ndim <= axis < ndim:
        raise onp.exceptions.AxisError(axis, ndim)
    return axis % ndim


# ----- other shapes of the same values

_reshape = op(
    "reshape",
    lambda g, ans, x, shape, order="C": _reshape(g, x, order=order),
    raw=lambda x, shape, order="C": x.reshape(shape, order=order),  # half the time of NumPy's
)
_ravel = op("ravel", lambda g, ans, x, order: _reshape(g, x, order=order))
_transpose = op(
    "transpose",
    lambda g, ans, x, axes=None: _transpose(g, _inverse(axes)),
    raw=lambda x, axes=None: x.transpose(axes),
)
squeeze = op("squeeze", lambda g, ans, a, axis=None: _reshape(g, a))
expand_dims = op("expand_dims", lambda g, ans, a, axis: _reshape(g, a))
swapaxes = op("swapaxes", lambda g, ans, a, axis1, axis2: swapaxes(g, axis1, axis2))
moveaxis = op("moveaxis", lambda g, ans, a, source, destination: moveaxis(g, destination, source))
broadcast_to = op("broadcast_to", lambda g, ans, array, shape: unbroadcast(g, array))


def _inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    return axes and tuple(int(i) for i in onp.argsort([a % len(axes) for a in axes]))


def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    if order == "C" and copy is None:
        return _reshape(a, shape)
    result = _reshape(a, shape, order=memory_order(a, order))
    if copy is False and type(a) is Array and not onp.may_share_memory(raw(result), raw(a)):
        raise ValueError("Unable to avoid creating a copy while reshaping.")
    return copied(result) if copy else result


def in_order(x: Any, order: str | None) -> Any:
    """Return `x`, copied if its memory does not have the order that is asked for, C or F."""
    if order not in ("C", "F") or (type(x) is Array and x._backend is not NUMPY):
        return x
    flags = onp.asarray(raw(x)).flags
    if flags.c_contiguous if order == "C" else flags.f_contiguous:
        return x
    rows = x if order == "C" else transpose(x)
    rows = reshape(ravel(rows), rows.shape)
    return rows if order == "C" else transpose(rows)


def memory_order(a: Any, order: str) -> str:
    """Return the order, rows or columns first, that an array in memory order has."""
    if order not in ("A", "K"):
        return order
    flags = onp.asarray(raw(a)).flags
    if order == "K" and not flags.forc:
        raise no_gradient("an array that is not contiguous, in memory order (order='K'),")
    return "F" if flags.fnc else "C"


def ravel(a: Any, order: str = "C") -> Any:
    return _ravel(a, order=memory_order(a, order))


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    return _transpose(a, None if axes is None else tuple(axes))


def permute_dims(a: Any, axes: Sequence[int] | None = None) -> Any:
    return transpose(a, axes)


def matrix_transpose(x: Any) -> Any:
    return swapaxes(x, -1, -2)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis = normal_axis(axis, len(shape_of(a)))
    start = start + len(shape_of(a)) if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def atleast_1d(*arys: Any) -> Any:
    return _each(lambda x: x if shape_of(x) else _reshape(x, (1,)), arys)


def atleast_2d(*arys: Any) -> Any:
    def change(x: Any) -> Any:
        shape = shape_of(x)
        return x if len(shape) >= 2 else _reshape(x, (1, *shape) if shape else (1, 1))

    return _each(change, arys)


def atleast_3d(*arys: Any) -> Any:
    def change(x: Any) -> Any:
        shape = shape_of(x)
        forms = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}
        return x if len(shape) >= 3 else _reshape(x, forms[len(shape)])

    return _each(change, arys)


def _each(change: Any, arrays: Sequence[Any]) -> Any:
    results = [change(as_array(x)) for x in arrays]
    return results[0] if len(results) == 1 else several(results)


def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    shape = onp.broadcast_shapes(*(shape_of(x) for x in args))
    return several(broadcast_to(x, shape) for x in args)


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> Any:
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    grid = [reshape(x, tuple(-1 if a == i else 1 for i in axes)) for a, x in enumerate(xi)]
    return several(grid) if sparse else broadcast_arrays(*grid)


# ----- joining


def _concatenate_rule(g, ans, *arrays, axis, argnum):
    start = builtins.sum(shape_of(x)[axis] for x in arrays[:argnum])
    part = slice(start, start + shape_of(arrays[argnum])[axis])
    return getitem(g, (slice(None),) * axis + (part,))


_concatenate = variadic(
    "concatenate", _concatenate_rule, raw=lambda *arrays, axis: onp.concatenate(arrays, axis)
)


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    arrays = [x if type(x) is Array else onp.asarray(x) for x in arrays]
    if axis is None:
        arrays, axis = [reshape(x, -1) for x in arrays], 0
    if not arrays:
        raise ValueError("need at least one array to concatenate")
    return _concatenate(*arrays, axis=normal_axis(axis, len(shape_of(arrays[0]))))


concat = concatenate


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    arrays = [x if type(x) is Array else onp.asarray(x) for x in arrays]
    shapes = {shape_of(x) for x in arrays}
    if len(shapes) != 1:
        raise ValueError(f"stack: all arrays must have the same shape, but got {sorted(shapes)}")
    axis = normal_axis(axis, len(shapes.pop()) + 1)
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


def vstack(tup: Sequence[Any]) -> Any:
    return concatenate([atleast_2d(x) for x in tup], 0)


row_stack = vstack


def hstack(tup: Sequence[Any]) -> Any:
    arrays = [atleast_1d(x) for x in tup]
    return concatenate(arrays, 0 if arrays and len(arrays[0].shape) == 1 else 1)


def dstack(tup: Sequence[Any]) -> Any:
    return concatenate([atleast_3d(x) for x in tup], 2)


def column_stack(tup: Sequence[Any]) -> Any:
    arrays = [as_array(x) for x in tup]
    return concatenate([x if len(x.shape) >= 2 else reshape(x, (-1, 1)) for x in arrays], 1)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return concatenate([arr, values], axis)


def block(arrays: Any) -> Any:
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]

    def joined(part: Any, level: int) -> Any:
        if not isinstance(part, list):
            shape = shape_of(part)
            return _reshape(as_array(part), (1,) * (depth - len(shape)) + shape)
        return concatenate([joined(p, level + 1) for p in part], level - depth)

    return joined(arrays, 0)


def from_nested(value: Any) -> Any:
    """Return nested lists with arrays in them as one array."""
    if isinstance(value, list | tuple):
        return stack([from_nested(item) for item in value])
    return value if type(value) is Array else onp.asarray(value)


# ----- splitting


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    length = shape_of(ary)[axis]
    if onp.ndim(indices_or_sections) == 0:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        sizes = [length // sections + (i < length % sections) for i in range(sections)]
        bounds = [0, *onp.cumsum(sizes).tolist()]
    else:
        bounds = [0, *(int(i) for i in indices_or_sections), length]
    before = (slice(None),) * normal_axis(axis, len(shape_of(ary)))
    return [getitem(ary, (*before, slice(*pair))) for pair in itertools.pairwise(bounds)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if onp.ndim(indices_or_sections) == 0 and shape_of(ary)[axis] % int(indices_or_sections):
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 1 if len(shape_of(ary)) > 1 else 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    x = moveaxis(x, axis, 0)
    return tuple(getitem(x, i) for i in range(shape_of(x)[0]))


# ----- reversing and rolling


def flip(m: Any, axis: int | Sequence[int] | None = None) -> Any:
    ndim = len(shape_of(m))
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    chosen = {normal_axis(a, ndim) for a in axes}
    return getitem(m, tuple(slice(None, None, -1 if i in chosen else 1) for i in range(ndim)))


def flipud(m: Any) -> Any:
    return flip(m, 0)


def fliplr(m: Any) -> Any:
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    first, second = axes
    if k % 4 == 0:
        return getitem(m, Ellipsis)
    if k % 4 == 2:
        return flip(flip(m, first), second)
    if k % 4 == 1:
        return swapaxes(flip(m, second), first, second)
    return flip(swapaxes(m, first, second), second)


def _unroll(g, ans, a, shift, axis=None):
    return roll(g, (-onp.asarray(shift)).tolist(), axis)


roll = op("roll", _unroll)

# ----- repeating


def _tile_rule(g, ans, A, reps):
    shape = (1,) * (len(reps) - len(A)) + A
    split_shape = [n for pair in zip(reps, shape, strict=True) for n in pair]
    g = reshape(g, tuple(split_shape))
    return reshape(g.sum(axis=tuple(range(0, 2 * len(reps), 2))), A)


_tile = op("tile", _tile_rule)


def tile(A: Any, reps: Any) -> Any:
    reps = tuple(int(r) for r in onp.atleast_1d(reps))
    return _tile(A, (1,) * (len(shape_of(A)) - len(reps)) + reps)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = reshape(a, -1), 0
    a = atleast_1d(a)
    axis = normal_axis(axis, len(shape_of(a)))
    index = onp.repeat(onp.arange(shape_of(a)[axis]), onp.asarray(repeats))
    return getitem(a, (slice(None),) * axis + (index,))


def resize(a: Any, new_shape: Any) -> Any:
    a = reshape(a, -1)
    if not shape_of(a)[0]:
        return onp.zeros(new_shape, dtype_of(a))
    index = onp.resize(onp.arange(shape_of(a)[0]), new_shape)
    return getitem(a, index)


# ----- leaving some out, putting some in


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = reshape(arr, -1), 0
    axis = normal_axis(axis, len(shape_of(arr)))
    kept = onp.delete(onp.arange(shape_of(arr)[axis]), obj)
    return getitem(arr, (slice(None),) * axis + (kept,))


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = reshape(arr, -1), 0
    axis = normal_axis(axis, len(shape_of(arr)))
    shape, values = shape_of(arr), astype(as_array(from_nested(values)), dtype_of(arr))
    values = reshape(values, (1,) * (len(shape) - len(shape_of(values))) + shape_of(values))
    if not isinstance(obj, slice) and onp.ndim(obj) == 0:
        values = moveaxis(values, 0, axis)
    if not isinstance(obj, slice) and onp.size(obj) == 1:  # one place takes all values
        obj = onp.repeat(obj, shape_of(values)[axis])
    places = onp.insert(onp.arange(shape[axis]), obj, -1)
    new = int((places < 0).sum())
    places[places < 0] = shape[axis] + onp.arange(new)
    target = tuple(new if i == axis else n for i, n in enumerate(shape))
    both = concatenate([arr, broadcast_to(values, target)], axis)
    return getitem(both, (slice(None),) * axis + (places,))
