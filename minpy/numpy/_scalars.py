"""What floating numbers without axes have of arrays: operators that know arrays, and methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import Array, wrap
from minpy.backends.context import CPU
from minpy.backends.scalars import BASES, SCALARS, as_scalar, plain_scalar

# NumPy's scalars have these methods, and return plain arrays or plain scalars.
AS_ARRAY = """
    all any argmax argmin argsort astype choose clip compress conj conjugate copy cumprod cumsum
    diagonal dot flatten max mean min prod ravel repeat reshape round squeeze std sum swapaxes take
    trace transpose var view
    __array_namespace__ to_device as_in_context
""".split()


def _result(ans: Any) -> Any:
    """Return a result of NumPy's arithmetic as one of ours."""
    if type(ans) in SCALARS:
        return as_scalar(ans)
    return wrap(ans) if type(ans) is onp.ndarray else ans


def operator_with(ours: Callable, theirs: Callable, *, reflected: bool) -> Callable:
    """Return an operator of scalars: ours if the other operand is an array, else NumPy's."""

    def method(self: Any, other: Any) -> Any:
        if type(other) is Array:
            number = wrap(self)
            return ours(other, number) if reflected else ours(number, other)
        return _result(theirs(self, other))

    return method


def _unary(theirs: Callable) -> Callable:
    return lambda self: _result(theirs(self))


def _as_array(name: str) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(wrap(self), name)(*args, **kwargs)

    method.__name__ = name
    return method


def _itself(self: Any, *args: Any) -> Any:
    return self


def install(operators: dict[str, Callable], unary: list[str]) -> None:
    """Give the scalars their methods.

    Parameters
    ----------
    operators : dict
        What an operator does with arrays, by its name without underscores.
    unary : list of str
        The operators with one operand.
    """
    for kind, base in BASES.items():
        for name, ours in operators.items():
            for how in (f"__{name}__", f"__r{name}__"):
                theirs = getattr(base, how, None)
                if theirs is not None:
                    method = operator_with(ours, theirs, reflected=how != f"__{name}__")
                    setattr(kind, how, method)
        for name in unary:
            setattr(kind, f"__{name}__", _unary(getattr(base, f"__{name}__")))
        for name in AS_ARRAY:
            if hasattr(Array, name):
                setattr(kind, name, _as_array(name))
        for name in ("real", "imag", "T"):
            setattr(kind, name, property(_unary(getattr(base, name).__get__)))
        for name, method in {
            "__copy__": _itself,
            "__deepcopy__": _itself,
            "__getitem__": lambda self, index: self if index == () else wrap(self)[index],
            "__iter__": None,  # an object with `__getitem__` would be iterated over
            "__reduce__": lambda self: (as_scalar, (plain_scalar(self),)),
            "__repr__": base.__str__,
            "asnumpy": lambda self: onp.asarray(plain_scalar(self)),
            "context": property(lambda self: CPU),
            "detach": _itself,
            "wait_to_read": lambda self: None,
        }.items():
            setattr(kind, name, method)
