"""Making arrays of values, and changing their type."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import Array, is_recorded, wrap
from minpy.backends import NUMPY, backend_of, current
from minpy.backends.raw import owned
from minpy.tape import apply, moved, op
from minpy.tree import tree_map

_astype = op("astype", lambda g, ans, x, dtype: g)


def astype(x: Any, dtype: Any) -> Any:
    """Return a copy of `x` with another dtype; integers carry no gradient."""
    dtype = onp.dtype(dtype)
    if type(x) is Array and dtype.kind not in "fc":
        x = x.detach()
    return apply(_astype.op, x, dtype=dtype)


def new_array(value: Any) -> Array:
    """Return numbers and NumPy's arrays as an `Array` where new arrays are made."""
    x = as_array(value)
    return moved(x, current()) if x is not value and x._backend is NUMPY else x


def as_array(value: Any) -> Array:
    """Return numbers, raw arrays and nested lists as an `Array`; an `Array` as it is."""
    if type(value) is Array:
        return value
    return wrap(value if backend_of(value) is not None else onp.asarray(value))


_KEPT = {Array, int, float, bool, str, type(None)}  # what nobody else writes


def owning(f: Callable) -> Callable:
    """Return a function of arrays that takes copies of the caller's where one is recorded.

    The operations that it calls keep what they are given, without knowing whose it is; an operation
    by itself takes copies of what it keeps.
    """
    if hasattr(f, "op"):
        return f

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if _KEPT.issuperset(map(type, args)) and _KEPT.issuperset(map(type, kwargs.values())):
            return f(*args, **kwargs)
        recorded: list[bool] = []
        tree_map(lambda x: recorded.append(is_recorded(x)), (args, kwargs), numbers=False)
        if any(recorded):
            args, kwargs = tree_map(owned, (args, kwargs), numbers=False)
        return f(*args, **kwargs)

    return call
