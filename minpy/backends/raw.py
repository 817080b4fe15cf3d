"""What the engine does with raw arrays, whatever library they are of."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.backends.backend import NUMPY
from minpy.backends.registry import FOREIGN, NUMPYS, backend_of


def dtype_of_raw(data: Any) -> onp.dtype:
    """Return NumPy's dtype for the elements of a raw array."""
    dtype = data.dtype
    return dtype if isinstance(dtype, onp.dtype) else backend_of(data).dtype_of(data)


def copied(data: Any, dtype: Any = None) -> Any:
    """Return a raw array's copy in memory of its own, in C order."""
    if type(data) is onp.ndarray or isinstance(data, onp.generic):
        return onp.array(data, dtype, order="C")
    backend = backend_of(data)
    if dtype is not None and backend.dtype_of(data) != dtype:
        return backend.implementation("astype")(data, dtype)
    return backend.implementation("copy")(data)


def owned(value: Any) -> Any:
    """Return a caller's array as a copy, which its owner cannot write; anything else as it is."""
    if isinstance(value, onp.ndarray):
        return value.copy()
    return copied(value) if type(value) in FOREIGN else value


def added(one: Any, other: Any) -> Any:
    """Return the sum of two raw arrays of one library."""
    if type(one) in NUMPYS and type(other) in NUMPYS:
        return one + other
    return backend_of(one).implementation("add")(one, other)


def zeros_of(like: Any) -> Any:
    """Return zeros of an array's shape and type that take no memory: nobody may write into them."""
    run = backend_of(like).implementation
    return run("broadcast_to")(run("zeros_for")(like, ()), tuple(like.shape))


def is_view(
    ans: Any, data: Any, backend: Any, op: Any, args: tuple[Any, ...], static: dict[str, Any]
) -> bool:
    """Whether an op's result shows the memory of its first argument, `data`, or would on NumPy."""
    if backend is not NUMPY:
        return backend.aliases(ans, data) or backend.copies_view(op, args, static)
    return type(ans) is onp.ndarray and shows(ans, data)


def shows(ans: onp.ndarray, data: Any) -> bool:
    """Whether an array of NumPy's shows the memory of another one, which it was made of."""
    if ans.base is None and ans is not data:
        return False
    if type(data) is not onp.ndarray:
        return False
    return ans.base is data or ans is data or onp.may_share_memory(ans, data)
