"""Functions of real numbers whose results are complex outside of their domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import dtype_of
from minpy.ops import elementwise
from minpy.ops.creation import as_array, astype
from minpy.ops.elementwise import is_complex
from minpy.ops.indexing import values_of


def _fitting(x: Any, outside: Callable[[Any], Any]) -> Any:
    """Return `x`, as complex numbers if one of them is real and outside."""
    x = as_array(x)
    if is_complex(x) or not onp.any(outside(values_of(x))):
        return x
    return astype(x, onp.result_type(dtype_of(x), onp.complex64))


def _negative(values: Any) -> Any:
    return values < 0


def _beyond_one(values: Any) -> Any:
    return abs(values) > 1


def sqrt(x: Any) -> Any:
    return elementwise.sqrt(_fitting(x, _negative))


def log(x: Any) -> Any:
    return elementwise.log(_fitting(x, _negative))


def log2(x: Any) -> Any:
    return elementwise.log2(_fitting(x, _negative))


def log10(x: Any) -> Any:
    return elementwise.log10(_fitting(x, _negative))


def logn(n: Any, x: Any) -> Any:
    return log(x) / log(n)


def power(x: Any, p: Any) -> Any:
    return elementwise.power(_fitting(x, _negative), as_array(p) * 1.0)


def arccos(x: Any) -> Any:
    return elementwise.arccos(_fitting(x, _beyond_one))


def arcsin(x: Any) -> Any:
    return elementwise.arcsin(_fitting(x, _beyond_one))


def arctanh(x: Any) -> Any:
    return elementwise.arctanh(_fitting(x, _beyond_one))
