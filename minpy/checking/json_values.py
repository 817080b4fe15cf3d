"""Plain JSON for what was found: also of infinities, NaN and complex numbers, which JSON lacks.

>>> unpack(pack({"at": (2, 3), "value": 1 + 2j})) == {"at": (2, 3), "value": 1 + 2j}
True
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def pack(value: Any) -> Any:
    """Return `value` as JSON can say it.

    >>> pack((1.0, float("inf"), 2j))
    [1.0, {'float': 'inf'}, {'complex': [0.0, 2.0]}]
    """
    if isinstance(value, complex):
        return {"complex": [pack(value.real), pack(value.imag)]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    return value


def unpack(value: Any) -> Any:
    """Return what `pack` was given, with tuples for lists."""
    if isinstance(value, list):
        return tuple(unpack(item) for item in value)
    if isinstance(value, dict):
        if set(value) == {"float"}:
            return float(value["float"])
        if set(value) == {"complex"}:
            return complex(*unpack(value["complex"]))
        return {key: unpack(item) for key, item in value.items()}
    return value
