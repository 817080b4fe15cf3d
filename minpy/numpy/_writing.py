"""NumPy's functions that write into an array, for values that are recorded."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.inplace import getitem, setitem
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
