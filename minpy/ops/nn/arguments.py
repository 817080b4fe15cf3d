"""What the network functions ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of
from minpy.ops.creation import as_array, astype
from minpy.ops.indexing import values_of


def floating(x: Any) -> Array:
    """Return `x` as an `Array` of real floating numbers.

    Integers become what they become in NumPy beside a float32 array: images of uint8 are float32,
    as in a product with float32 weights, and int64, which float32 cannot hold, is float64.
    """
    x = as_array(x)
    dtype = dtype_of(x)
    if dtype.kind == "f":
        return x
    if dtype.kind in "biu":
        return astype(x, onp.result_type(dtype, onp.float32))
    raise TypeError(f"network functions take real numbers, but got an array of dtype {dtype}")


def indices_below(limit: int, values: Any, what: str, of: str) -> onp.ndarray:
    """Return indices as a NumPy array, or raise and say where one is none.

    Parameters
    ----------
    limit : int
        Indices are 0 to ``limit - 1``.
    values : array_like of int
    what : str
        What messages call them: ``"embedding: indices"``.
    of : str
        What they number: ``"rows"``.
    """
    indices = values_of(values)
    if indices.size == 0:
        return indices.astype(onp.intp)  # an empty list has no integers in it
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"{what} are integers, but have dtype {indices.dtype}; write .astype(int) if they are "
            "whole numbers"
        )
    outside = (indices < 0) | (indices >= limit)
    if outside.any():
        place = tuple(int(i) for i in onp.argwhere(outside)[0])
        where = ", ".join(map(str, place))
        raise IndexError(
            f"{what}[{where}] is {indices[place]}, but there are {limit} {of}, numbered from 0"
        )
    return indices.astype(onp.intp, copy=False)
