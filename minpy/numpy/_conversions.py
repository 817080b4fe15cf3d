"""Looking at an array, and leaving it: what of NumPy's array gives something that is no array.

Looking is free.  Leaving is explicit (`detach`, `asnumpy`, `item`), or refused while the array is
recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from minpy.array import Array, pin, printable, raw, wrap
from minpy.backends.context import Context
from minpy.escapes import leave_by

# ----- looking


def ndim(self: Array) -> int:
    """Number of axes."""
    return len(self.shape)


def size(self: Array) -> int:
    """Number of elements."""
    return math.prod(self.shape)


def context(self: Array) -> Context:
    """Device on which the array is."""
    return self._backend.context


def length(self: Array) -> int:
    if not self.shape:
        raise TypeError("len() of unsized object")
    return self.shape[0]


def contains(self: Array, value: object) -> bool:
    return raw(value) in printable(self)


def iterate(self: Array) -> Iterator[Any]:
    if not self.shape:
        raise TypeError("iteration over a 0-d array")
    return (self[i] for i in range(self.shape[0]))


def formatted(self: Array, spec: str) -> str:
    data = printable(self)
    return format(data.item() if data.shape == () else data, spec)


def hashed(self: Array) -> int:
    if self.shape:
        raise TypeError("unhashable type: an array with axes; x.tolist() can be made a tuple")
    return id(self) >> 4 if self._node is not None else hash(printable(self).item())


def wait_to_read(self: Array) -> None:
    """Wait until the values are there; for programs of the old minpy. Here they always are."""


# ----- leaving


def detach(self: Array) -> Array:
    """Return an array with the same values through which no gradient flows."""
    out = wrap(pin(self))
    out._pinned = True
    leave_by("x.detach()", self)
    return out


def asnumpy(self: Array) -> onp.ndarray:
    """Return the values as a plain `numpy.ndarray`, outside of what is being recorded."""
    data = printable(self)
    leave_by("x.asnumpy()", self)
    return onp.array(data) if self._node is not None else onp.asarray(data)


def item(self: Array, *index: Any) -> Any:
    """Return one element as a Python number, outside of what is being recorded."""
    data = printable(self)
    leave_by("x.item()", self)
    return data.item(*index)


def as_array(self: Array, dtype: Any = None, copy: bool | None = None) -> onp.ndarray:
    data = self._leave(
        "A conversion to a NumPy array (numpy.asarray, plain[i] = x; plain.dot(x), for which you "
        "write plain @ x)"
    )
    return onp.array(data, dtype=dtype) if copy else onp.asarray(data, dtype=dtype)


def _leaving_by(convert: Callable[[Any], Any], how: str) -> Callable[[Array], Any]:
    return lambda self: convert(self._leave(how))


METHODS: dict[str, Any] = {
    "__array__": as_array,
    "__bool__": lambda self: bool(printable(self)),
    "__complex__": _leaving_by(complex, "complex(x)"),
    "__contains__": contains,
    "__dlpack__": lambda self, **kw: onp.asarray(self._leave("__dlpack__")).__dlpack__(**kw),
    "__dlpack_device__": lambda self: onp.asarray(printable(self)).__dlpack_device__(),
    "__float__": _leaving_by(float, "float(x), or a function of the math module,"),
    "__format__": formatted,
    "__hash__": hashed,
    "__index__": _leaving_by(lambda data: data.__index__(), "Use as an index"),
    "__int__": _leaving_by(int, "int(x)"),
    "__iter__": iterate,
    "__len__": length,
    "__reduce__": _leaving_by(lambda data: (wrap, (onp.asarray(data),)), "Pickling"),
    "__repr__": lambda self: repr(onp.asarray(printable(self))),
    "__str__": lambda self: str(printable(self)),
    "asnumpy": asnumpy,
    "context": property(context),
    "detach": detach,
    "item": item,
    "ndim": property(ndim),
    "size": property(size),
    "tolist": _leaving_by(lambda data: data.tolist(), "x.tolist()"),
    "wait_to_read": wait_to_read,
}
