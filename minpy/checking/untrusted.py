"""Taking what a student's function returned, without trusting it.

A returned object may be anything: None, a list, an array of strings, or a subclass of
`numpy.ndarray` whose comparison says "equal" to everything.  So nothing of the object is called.
Its exact type is looked at; what is an array by its memory layout is viewed as the base class and
copied once; and all that follows sees that copy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as onp

from minpy.array import Array
from minpy.backends.scalars import PLAIN, plain_scalar
from minpy.checking.texts import Message, cleaned

MOST_ELEMENTS = 2**24  # of an array that is compared
MOST_LISTED = 100_000  # numbers in nested lists
DEEPEST = 32  # nesting of lists

_PLAIN = (bool, int, float, complex)
# NumPy's own and ours, not what others derive from them.
_SCALARS = frozenset([*onp.sctypeDict.values(), *PLAIN])


@dataclass(frozen=True)
class Received:
    """A value that was received: an array of the base class, or why it is none.

    Attributes
    ----------
    array : ndarray, optional
        A copy of the numbers; None if there are none, or if their shape is not the one expected.
    problem : str
        The verdict on it, if it cannot be compared: ``"missing"``, ``"type"`` or ``"numbers"``.
    detail : Message, optional
        What it is instead.
    shape : tuple of int, optional
    dtype : str, optional
    """

    array: onp.ndarray | None = None
    problem: str = ""
    detail: Message | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


def receive(value: Any, most: int = MOST_ELEMENTS) -> Received:
    """Take numbers out of `value`, whatever it is; of more than `most` elements, only the shape.

    Arrays of NumPy (and of its subclasses: the data of a masked array, say) and of minpy are
    taken, numbers, and nested lists and tuples of numbers.  Never raises.

    Examples
    --------
    >>> receive([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> print(receive([[1, 2], [3]]).detail)
    its rows differ in length
    >>> receive("12").problem
    'type'
    """
    if value is None:
        return Received(problem="missing")
    try:
        if type(value) is Array:
            value = value.asnumpy()
        value = plain_scalar(value)
        if type(value) in _SCALARS or type(value) in _PLAIN:
            value = onp.array(value)
        elif type(value) is list or type(value) is tuple:
            problem = _list_problem(value)
            if problem:
                return Received(problem="numbers", detail=problem)
            value = onp.array(value)
        if not issubclass(type(value), onp.ndarray):
            return Received(
                problem="type", detail=Message("received.type", {"kind": type_name(value)})
            )
        return _of_base(onp.ndarray.view(value, onp.ndarray), most)
    except ValueError:
        return Received(problem="numbers", detail=Message("received.ragged"))
    except Exception:
        return Received(problem="numbers", detail=Message("received.unreadable"))


def _of_base(base: onp.ndarray, most: int) -> Received:
    shape, dtype = base.shape, base.dtype.name
    if base.dtype.kind not in "biufc":
        detail = Message("received.dtype", {"dtype": dtype})
        return Received(problem="numbers", detail=detail, shape=shape, dtype=dtype)
    if base.size > most:
        return Received(shape=shape, dtype=dtype)
    with onp.errstate(all="ignore"):
        array = onp.array(base, dtype="complex128" if base.dtype.kind == "c" else "float64")
    return Received(array, shape=shape, dtype=dtype)


def _list_problem(value: Any) -> Message | None:
    """Say why nested lists are not numbers only; nothing in them is called."""
    count = 0
    level = [value]
    for _ in range(DEEPEST):
        nested = []
        for item in level:
            count += len(item)
            if count > MOST_LISTED:
                return Message("received.long", {"most": MOST_LISTED})
            for part in item:
                if type(part) is list or type(part) is tuple:
                    nested.append(part)
                elif type(part) not in _PLAIN and type(part) not in _SCALARS:
                    return Message("received.item", {"kind": type_name(part)})
        if not nested:
            return None
        level = nested
    return Message("received.deep", {"most": DEEPEST})


def type_name(value: Any) -> str:
    """Return the name of a value's type, whatever its metaclass says.

    >>> type_name({})
    'dict'
    """
    return cleaned(type.__dict__["__name__"].__get__(type(value)), 60)
