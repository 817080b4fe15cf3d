"""Which of our functions stands for which of NumPy's names."""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as onp

from minpy.array import Array
from minpy.errors import ImplicitExitError, no_gradient
from minpy.inplace import copy as copy_op
from minpy.inplace import getitem
from minpy.numpy import _public, _ufuncs
from minpy.numpy._public import (
    NOT_DIFFERENTIABLE,
    found_in,
    mutating,
    plain,
    traced,
    unwrap_nested,
    wrap_nested,
)
from minpy.numpy._ufuncs import ufunc
from minpy.numpy._writing import IN_PLACE
from minpy.ops import (
    calculus,
    elementwise,
    indexing,
    padding,
    polynomials,
    products,
    reduction,
    scimath,
    shape,
    statistics,
)
from minpy.ops import fft as fft_ops
from minpy.ops import linalg as linalg_ops
from minpy.ops.creation import as_array, astype
from minpy.ops.shape import in_order


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


OURS = _functions_of(
    *(elementwise, shape, indexing, reduction, products, calculus, statistics, padding),
    *(polynomials,),
    like=onp,
)
LINALG = _functions_of(products, shape, linalg_ops, like=onp.linalg)
FFT = _functions_of(fft_ops, like=onp.fft)
EMATH = _functions_of(scimath, like=onp.emath)
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
    dict.fromkeys(("sum", "nansum"), OURS["add"])
    | dict.fromkeys(("prod", "nanprod"), OURS["multiply"])
    | dict.fromkeys(("max", "amax", "nanmax"), OURS["maximum"])
    | dict.fromkeys(("min", "amin", "nanmin"), OURS["minimum"])
)
_ufuncs.REDUCE.update(
    add=OURS["sum"], multiply=OURS["prod"], maximum=OURS["max"], minimum=OURS["min"]
)
_ufuncs.ACCUMULATE.update(add=OURS["cumsum"], multiply=OURS["cumprod"])


# ----- making arrays


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Array:
    """Return an array; of arrays that are recorded, a recorded one. See `numpy.array`."""
    kwargs = {"copy": copy, "order": order, "ndmin": ndmin}
    if type(object) is list:  # NumPy meets what is recorded by itself: lists may be long
        with suppress(ImplicitExitError):
            return wrap_nested(onp.array(object, dtype, **kwargs))
    found = found_in((object,), {})
    if not found.arrays or not (found.recorded or type(object) is Array):
        return wrap_nested(onp.array(unwrap_nested(object), dtype, **kwargs))
    out = object if type(object) is Array else shape.from_nested(object)
    if dtype is not None and out.dtype != dtype:
        out = astype(out, dtype)
    elif copy is True and out is object:
        out = copy_op(out)
    if out.ndim < ndmin:
        out = shape.reshape(out, (1,) * (ndmin - out.ndim) + out.shape)
    return in_order(out, order)


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, like: Any = None, **kwargs: Any
) -> Array:
    """Return `a` as an array, without copying if it is one. See `numpy.asarray`."""
    recorded = type(a) is not Array and found_in((a,), {}).recorded
    if type(a) is not Array and not recorded:
        return wrap_nested(onp.asarray(unwrap_nested(a), dtype, order, **kwargs))
    if kwargs:
        onp.asarray(0.0, **{**kwargs, "copy": None} if "copy" in kwargs else kwargs)  # it refuses
    if kwargs.get("copy") or recorded:
        return array(a, dtype, order=order or "K")
    out = a if dtype is None or a.dtype == dtype else astype(a, dtype)
    out = in_order(out, order)
    if out is not a and kwargs.get("copy") is False:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return out


def ascontiguousarray(a: Any, dtype: Any = None, **kwargs: Any) -> Array:
    """Return `a` as an array in C order, with at least one axis."""
    return in_order(shape.atleast_1d(asarray(a, dtype, **kwargs)), "C")


def copy(a: Any, order: str = "K", subok: bool = False) -> Array:
    """Return a copy. See `numpy.copy`."""
    return array(a, order=order)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **kwargs: Any) -> Array:
    """Return an array full of one value, which may be recorded. See `numpy.full`."""
    if not found_in((fill_value,), {}).arrays:
        return wrap_nested(onp.full(shape, fill_value, dtype, order, **kwargs))
    onp.full((), 0.0, order=order, **{**kwargs, "like": None})  # it refuses what it does not know
    filled = OURS["broadcast_to"](
        array(fill_value), tuple(shape) if isinstance(shape, list | tuple) else (shape,)
    )
    return in_order(copy_op(filled) if dtype is None else astype(filled, dtype), order)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    **kwargs: Any,
) -> Array:
    """Return an array like `a`, full of one value, which may be recorded."""
    like = unwrap_nested(a)
    if not found_in((fill_value,), {}).arrays:
        return wrap_nested(
            onp.full_like(like, fill_value, dtype, order, subok, shape=shape, **kwargs)
        )
    model = onp.empty_like(like, dtype, order, shape=shape, **kwargs)
    order = "C" if model.flags.c_contiguous else "F" if model.flags.f_contiguous else "C"
    return full(model.shape, fill_value, model.dtype, order)


def astype_public(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """Return `x` with another dtype. See `numpy.astype`."""
    x = as_array(x)
    return x if not copy and x.dtype == dtype else astype(x, dtype)


# ----- arrays made by indexing


class ByIndexing:
    """``np.r_[0:3, x]`` and its kind."""

    def __init__(self, name: str, value: Any) -> None:
        self._name = name
        self._arrange = value.__getitem__
        self._make = plain(name, value.__getitem__)

    def __getitem__(self, key: Any) -> Any:
        return self._joined(key) if found_in((key,), {}).recorded else self._make(key)

    def _joined(self, key: Any) -> Any:
        """Let NumPy arrange the places of the elements, then take the elements from there."""
        parts: list[Any] = []
        places = []
        for part in key if type(key) is tuple else (key,):
            if not isinstance(part, str):
                part = onp.r_[part] if isinstance(part, slice) else part
                parts.append(as_array(shape.from_nested(part)))
                start = sum(x.size for x in parts[:-1])
                part = start + onp.arange(parts[-1].size).reshape(parts[-1].shape)
            places.append(part)
        arranged = self._arrange(tuple(places))
        if type(arranged) is not onp.ndarray:
            raise no_gradient(f"{self._name} with a matrix as its result")
        dtype = onp.result_type(*(x.dtype for x in parts))
        joined = shape.concatenate([astype(shape.reshape(x, -1), dtype) for x in parts])
        return getitem(joined, arranged)


BY_INDEXING = ("r_", "c_", "mgrid", "ogrid")
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
