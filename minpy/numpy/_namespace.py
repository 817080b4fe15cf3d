"""Which of our functions stands for which of NumPy's names."""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as onp

from minpy.array import Array, current_data
from minpy.errors import ImplicitExitError
from minpy.inplace import copy as copy_op
from minpy.inplace import setitem
from minpy.numpy import _public
from minpy.numpy._public import (
    NOT_DIFFERENTIABLE,
    found_in,
    mutating,
    plain,
    traced,
    ufunc,
    unwrap_nested,
    wrap_nested,
)
from minpy.ops import (
    calculus,
    elementwise,
    indexing,
    products,
    reduction,
    shape,
)
from minpy.ops import fft as fft_ops
from minpy.ops import linalg as linalg_ops
from minpy.ops.creation import as_array, astype


def _functions_of(*modules: types.ModuleType, like: Any) -> dict[str, Callable]:
    """Return the functions that `modules` define and the namespace `like` has too."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "").startswith("minpy.")
        and _is_function(getattr(like, name, None))
    }


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


OURS = _functions_of(elementwise, shape, indexing, reduction, products, calculus, like=onp)
LINALG = _functions_of(products, shape, linalg_ops, like=onp.linalg)
FFT = _functions_of(fft_ops, like=onp.fft)
ALIASES = {
    "abs": "absolute",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "conj": "conjugate",
    "mod": "remainder",
    "pow": "power",
    "true_divide": "divide",
}
OURS["divmod"] = lambda x, y: (OURS["floor_divide"](x, y), OURS["remainder"](x, y))
OURS |= {alias: OURS[name] for alias, name in ALIASES.items()}
_public._WITH_INITIAL.update(
    sum=OURS["add"], prod=OURS["multiply"], max=OURS["maximum"], min=OURS["minimum"]
)
_public._REDUCE.update(
    add=OURS["sum"], multiply=OURS["prod"], maximum=OURS["max"], minimum=OURS["min"]
)
_public._ACCUMULATE.update(add=OURS["cumsum"], multiply=OURS["cumprod"])


# ----- making arrays


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: str = "K",
    ndmin: int = 0,
    **kwargs: Any,
) -> Array:
    """Return an array; of arrays that are recorded, a recorded one. See `numpy.array`."""
    if type(object) is list:  # NumPy meets what is recorded by itself: lists may be long
        with suppress(ImplicitExitError):
            made = onp.array(object, dtype, copy=copy, order=order, ndmin=ndmin, **kwargs)
            return wrap_nested(made)
    found = found_in((object,), {})
    if not found.arrays or not (found.recorded or type(object) is Array):
        raw = onp.array(unwrap_nested(object), dtype, copy=copy, order=order, ndmin=ndmin, **kwargs)
        return wrap_nested(raw)
    out = object if type(object) is Array else shape.from_nested(object)
    if dtype is not None and out.dtype != dtype:
        out = astype(out, dtype)
    elif copy is True and out is object:
        out = copy_op(out)
    if out.ndim < ndmin:
        out = shape.reshape(out, (1,) * (ndmin - out.ndim) + out.shape)
    return out


def asarray(a: Any, dtype: Any = None, order: Any = None, **kwargs: Any) -> Array:
    """Return `a` as an array, without copying if it is one. See `numpy.asarray`."""
    if kwargs.pop("copy", None):
        return array(a, dtype)
    if type(a) is Array:
        return a if dtype is None or a.dtype == dtype else astype(a, dtype)
    if found_in((a,), {}).recorded:
        return array(a, dtype)
    return wrap_nested(onp.asarray(unwrap_nested(a), dtype, order, **kwargs))


def ascontiguousarray(a: Any, dtype: Any = None, **kwargs: Any) -> Array:
    """Return `a` as an array in C order, with at least one axis."""
    a = shape.atleast_1d(asarray(a, dtype))
    return a if onp.asarray(current_data(a)).flags.c_contiguous else copy_op(a)


def copy(a: Any, order: str = "K", subok: bool = False) -> Array:
    """Return a copy. See `numpy.copy`."""
    return array(a, order=order)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **kwargs: Any) -> Array:
    """Return an array full of one value, which may be recorded. See `numpy.full`."""
    if not found_in((fill_value,), {}).arrays:
        return wrap_nested(onp.full(shape, fill_value, dtype, order, **kwargs))
    filled = OURS["broadcast_to"](fill_value, shape if isinstance(shape, tuple) else (shape,))
    return copy_op(filled) if dtype is None else astype(filled, dtype)


def full_like(a: Any, fill_value: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Array:
    """Return an array like `a`, full of one value, which may be recorded."""
    if not found_in((fill_value,), {}).arrays:
        return wrap_nested(onp.full_like(unwrap_nested(a), fill_value, dtype, *args, **kwargs))
    return full(onp.shape(unwrap_nested(a)), fill_value, dtype or as_array(a).dtype)


def astype_public(x: Any, dtype: Any, /, **kwargs: Any) -> Array:
    """Return `x` with another dtype. See `numpy.astype`."""
    return astype(as_array(x), dtype)


# ----- writing into arrays


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if where is True:
        setitem(dst, Ellipsis, src)
    else:
        setitem(dst, Ellipsis, indexing.where(where, src, dst))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    rows = onp.arange(min(a.shape))
    setitem(a, (rows,) * a.ndim, val)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None = -1) -> None:
    indices = indexing.values_of(indices)
    grid = list(onp.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = indices
    setitem(arr, tuple(grid), values)


# ----- arrays made by indexing


class ByIndexing:
    """``np.r_[0:3, x]`` and its kind."""

    def __init__(self, name: str, value: Any) -> None:
        self._make = plain(name, value.__getitem__)

    def __getitem__(self, index: Any) -> Any:
        return self._make(index)


BY_INDEXING = ("r_", "c_", "mgrid", "ogrid")
IN_PLACE = {
    "copyto": copyto,
    "fill_diagonal": fill_diagonal,
    "put": None,
    "putmask": None,
    "place": None,
    "put_along_axis": put_along_axis,
}
MADE = {
    "array": array,
    "asarray": asarray,
    "asanyarray": asarray,
    "ascontiguousarray": ascontiguousarray,
    "astype": astype_public,
    "copy": copy,
    "full": full,
    "full_like": full_like,
}


def public(name: str, value: Any, prefix: str = "", ours: dict[str, Callable] = OURS) -> Any:
    """Return what `name` is in our namespace, given what it is in NumPy's."""
    full_name = prefix + name
    if not prefix and name in MADE:
        return MADE[name]
    if isinstance(value, onp.ufunc):
        return ufunc(ALIASES.get(full_name, full_name), value, ours.get(name))
    if not prefix and name in BY_INDEXING:
        return ByIndexing(name, value)
    if not _is_function(value) or isinstance(value, types.ModuleType):
        return value
    if not prefix and name in IN_PLACE:
        return mutating(name, value, IN_PLACE[name])
    if name in ours:
        return traced(full_name, value, ours[name])
    return plain(full_name, value, refuses=full_name not in NOT_DIFFERENTIABLE)
