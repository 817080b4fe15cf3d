"""What floating numbers without axes have of arrays: operators that know arrays, and methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import Array, wrap
from minpy.backends.context import CPU
from minpy.backends.scalars import BASES, SCALARS, as_scalar, plain_scalar
from minpy.backends.statistics import op_watchers
from minpy.numpy._public import found_in

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


def operator_with(ours: Callable, theirs: Callable, mirror: str, *, reflected: bool) -> Callable:
    """Return an operator of scalars: ours if the other operand is an array, else NumPy's.

    NumPy leaves the operator to the other operand where that is of a wider type: its method called
    `mirror` is asked here, so that the result is one of ours.
    """

    def method(self: Any, other: Any) -> Any:
        if type(other) is Array or op_watchers:  # who looks for a NaN watches the ops of arrays
            number = wrap(self)
            return ours(other, number) if reflected else ours(number, other)
        ans = theirs(self, other)
        if ans is NotImplemented and isinstance(other, onp.generic):
            ans = getattr(other, mirror)(plain_scalar(self))
        return _result(ans)

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


def _array_function(
    self: Any, function: Any, kinds: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Let NumPy's function be ours if there is an array among the arguments.

    NumPy's `roots` and `poly` look for such arrays among the elements of their argument, which
    are scalars.
    """
    if found_in(args, kwargs).arrays:
        return Array.__array_function__(self, function, kinds, args, kwargs)
    return function._implementation(*args, **kwargs)


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
            straight, mirrored = f"__{name}__", f"__r{name}__"
            for how, mirror in ((straight, mirrored), (mirrored, straight)):
                theirs = getattr(base, how, None)
                if theirs is not None:
                    reflected = how == mirrored
                    setattr(kind, how, operator_with(ours, theirs, mirror, reflected=reflected))
        for name in unary:
            setattr(kind, f"__{name}__", _unary(getattr(base, f"__{name}__")))
        for name in AS_ARRAY:
            if hasattr(Array, name):
                setattr(kind, name, _as_array(name))
        for name in ("real", "imag", "T"):
            setattr(kind, name, property(_unary(getattr(base, name).__get__)))
        for name, method in {
            "__array_function__": _array_function,
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
