"""Making arrays of values, and changing their type."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array, current_data, dtype_of, wrap
from minpy.backends import backend_of
from minpy.tape import apply, op

_astype = op("astype", lambda g, ans, x, dtype: g)


def astype(x: Any, dtype: Any) -> Any:
    """Return a copy of `x` with another dtype; integers carry no gradient."""
    dtype = onp.dtype(dtype)
    if type(x) is Array and dtype.kind not in "fc":
        x = x.detach()
    return apply(_astype.op, x, dtype=dtype)


def as_array(value: Any) -> Array:
    """Return numbers, raw arrays and nested lists as an `Array`; an `Array` as it is."""
    if type(value) is Array:
        return value
    return wrap(value if backend_of(value) is not None else onp.asarray(value))


def zeros_like(x: Array) -> Array:
    """Return zeros with the shape, dtype and backend of `x`."""
    current_data(x)
    return wrap(x._backend.from_numpy(onp.zeros(x.shape, dtype_of(x))))
