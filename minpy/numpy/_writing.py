"""What writes into an array: NumPy's functions, and operators such as ``x += y``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy import errors
from minpy.array import Array, current_data, raw
from minpy.backends import NUMPY
from minpy.inplace import adopt, getitem, make_writable, origin, setitem, write
from minpy.ops import indexing, shape
from minpy.ops.creation import as_array
from minpy.ops.indexing import values_of


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if where is True:
        setitem(dst, Ellipsis, src)
    else:
        setitem(dst, Ellipsis, indexing.where(where, src, dst))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    rows = onp.arange(min(a.shape))
    setitem(a, (rows,) * a.ndim, val)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None = -1) -> None:
    indices = values_of(indices)
    if axis is None:
        return setitem(arr, onp.unravel_index(indices, arr.shape), values)
    axis = shape.normal_axis(axis, len(arr.shape))
    grid = list(onp.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = indices
    setitem(arr, tuple(grid), values)


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    places = onp.arange(a.size)
    places = onp.take(places, values_of(ind).reshape(-1), mode=mode)
    _write_flat(a, places, v, onp.arange(places.size))


def putmask(a: Any, mask: Any, values: Any) -> None:
    places = _chosen_by(mask, a)
    _write_flat(a, places, values, places)


def place(arr: Any, mask: Any, vals: Any) -> None:
    places = _chosen_by(mask, arr)
    _write_flat(arr, places, vals, onp.arange(places.size))


def _chosen_by(mask: Any, a: Any) -> onp.ndarray:
    mask = values_of(mask)
    if mask.size != a.size:
        raise ValueError(f"the mask has {mask.size} elements, but the array has {a.size}")
    return onp.flatnonzero(mask)


def _write_flat(a: Any, places: onp.ndarray, values: Any, chosen: onp.ndarray) -> None:
    """Write into places of the flattened array the chosen values, which repeat."""
    values = shape.reshape(as_array(shape.from_nested(values)), -1)
    if not places.size or not values.shape[0]:
        return
    values = getitem(values, chosen % values.shape[0])
    setitem(a, onp.unravel_index(places, a.shape), values)


IN_PLACE = {
    "copyto": copyto,
    "fill_diagonal": fill_diagonal,
    "put": put,
    "putmask": putmask,
    "place": place,
    "put_along_axis": put_along_axis,
}


def augmented(call: Callable[[Any, Any], Any], on_raw: Callable[[Any, Any], Any]) -> Any:
    """Return the method behind ``x += y``, given ``x + y`` and its in-place form on raw arrays."""

    def method(x, y):
        data = current_data(x)
        if type(data) is not ndarray and (
            isinstance(data, onp.generic) or x._link is x._backend.home_of_scalars is not None
        ):
            return call(x, y)  # NumPy's scalars are immutable: the name is bound to a new one
        if type(y) is Array:
            current_data(y)
        root, steps = origin(x)
        if x._node is None and (type(y) is not Array or y._node is None) and x._backend is NUMPY:
            make_writable(root)
            on_raw(current_data(x), raw(y))
            return x
        result = call(x, y)
        if result is NotImplemented:
            return result
        values = result._data
        if (
            steps
            and type(values) is ndarray is type(data)
            and values.shape == data.shape
            and values.dtype is data.dtype
            and data.dtype.kind in "fc"
        ):  # short, as in loops over steps in time
            write(x, root, steps, Ellipsis, result, result._node)
            return x
        same_dtype = result.dtype == x.dtype
        if result.shape != x.shape or not (
            same_dtype or onp.can_cast(result.dtype, x.dtype, "same_kind")
        ):
            raise errors.does_not_fit(call.__name__, result, x)
        if steps or not same_dtype or not adopt(x, result):
            setitem(x, Ellipsis, result)
        return x

    method.__name__ = f"i{call.__name__}"
    return method
