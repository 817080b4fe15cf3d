"""A backend for tests: a library that has about half of NumPy's functions, and little else.

Its arrays wrap a NumPy array and can do nothing: no operators, no methods, none of NumPy's
protocols.  Whatever the engine does with one that is not in `Functions` must go through
`Backend.implementation`, or it fails.
"""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy import backends
from minpy.backends import NUMPY, Backend

__all__ = ["OWN", "TOY", "ToyArray"]


class ToyArray:
    """An array of the toy library: a shape, a dtype, and values that only `Functions` look at."""

    __slots__ = ("__weakref__", "_values")

    __array_ufunc__ = None  # NumPy's operators leave it alone
    __hash__ = None

    def __init__(self, values: onp.ndarray) -> None:
        assert type(values) is onp.ndarray, f"a toy array is made of {type(values).__name__}"
        self._values = values

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    @property
    def dtype(self) -> onp.dtype:
        return self._values.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> onp.ndarray:
        raise AssertionError("NumPy was given a toy array")

    def __bool__(self) -> bool:
        raise AssertionError("a toy array was asked whether it is true")

    def __iter__(self) -> Any:
        raise AssertionError("a toy array was iterated over")

    def __len__(self) -> int:
        raise AssertionError("a toy array was asked for its length")

    def __repr__(self) -> str:
        return f"<toy {self.shape} {self.dtype}>"


# What the library has: the rest of NumPy's functions are fallbacks.
_OWN = """
    add subtract multiply negative exp tanh sin square maximum absolute sign
    matmul sum max reshape transpose concatenate broadcast_to expand_dims where
    getitem setitem copy astype
"""
OWN = _OWN.split()


class Functions:
    """The toy library's functions, on toy arrays and numbers."""


def _own(name: str) -> Any:
    on_numpy = NUMPY.implementation(name)

    def function(*args: Any, **kwargs: Any) -> Any:
        opened = [_opened(x) for x in args]
        return _closed(on_numpy(*opened, **kwargs))

    return staticmethod(function)


def _opened(x: Any) -> Any:
    assert not isinstance(x, onp.ndarray) or x.dtype.kind in "biu", "a NumPy array among toy arrays"
    return x._values if type(x) is ToyArray else x


def _closed(x: Any) -> Any:
    if isinstance(x, (onp.ndarray, onp.inexact)):
        return ToyArray(onp.asarray(x))
    return x


for _name in OWN:
    if _name not in ("setitem", "concatenate"):
        setattr(Functions, _name, _own(_name))


def _setitem(x: ToyArray, index: Any, value: Any) -> None:
    x._values[index] = _opened(value)


def _concatenate(*arrays: ToyArray, axis: int) -> ToyArray:
    return ToyArray(onp.concatenate([x._values for x in arrays], axis))


Functions.setitem = staticmethod(_setitem)
Functions.concatenate = staticmethod(_concatenate)

TOY = backends.register(
    Backend(
        "toy",
        (ToyArray,),
        Functions,
        to_numpy=lambda x: x._values,
        from_numpy=lambda x: ToyArray(onp.asarray(x)),
        aliases=lambda a, b: onp.may_share_memory(a._values, b._values),
    )
)
