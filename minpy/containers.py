"""Nested arguments: the arrays in dicts, lists, tuples and dataclasses, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import Array


def is_differentiable(x: Any) -> bool:
    """Whether a gradient with respect to `x` makes sense: floating arrays and numbers."""
    if isinstance(x, float | complex | onp.inexact):
        return True
    dtype = getattr(x, "dtype", None)
    return isinstance(x, Array | onp.ndarray) and onp.issubdtype(dtype, onp.inexact)


def is_nested(value: Any) -> bool:
    """Whether `value` is a container: a dict, list, tuple or dataclass."""
    if isinstance(value, dict | list | tuple):
        return True
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def leaves(value: Any) -> list[Any]:
    """Return everything in `value` that is no container, in order."""
    found: list[Any] = []
    rebuilt(value, found.append)
    return found


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return `value` with each leaf replaced by ``change(leaf)``.

    Examples
    --------
    >>> rebuilt({"w": [1, 2], "b": (3,)}, lambda x: 10 * x)
    {'w': [10, 20], 'b': (30,)}
    """
    if isinstance(value, dict):
        return type(value)((key, rebuilt(item, change)) for key, item in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(rebuilt(item, change) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(rebuilt(item, change) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **{k: rebuilt(v, change) for k, v in fields.items()})
    return change(value)


def labels(value: Any, name: str) -> list[str]:
    """Return what each leaf of `value` is called, if `value` is called `name`.

    Examples
    --------
    >>> labels({"w": 1, "b": [2, 3]}, "params")
    ["params['w']", "params['b'][0]", "params['b'][1]"]
    """
    if isinstance(value, dict):
        parts = [(item, f"{name}[{key!r}]") for key, item in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(item, f"{name}[{i}]") for i, item in enumerate(value)]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        parts = [(getattr(value, field), f"{name}.{field}") for field in fields]
    else:
        return [name]
    return [label for item, item_name in parts for label in labels(item, item_name)]
