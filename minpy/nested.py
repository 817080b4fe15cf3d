"""Nested values as one vector: so a value of several arrays has one end for the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy import errors
from minpy.array import Array, current_data, is_differentiable
from minpy.ops.creation import as_array, astype
from minpy.ops.shape import concatenate, reshape
from minpy.tree import leaves, tree_map


def handles(value: Any) -> Any:
    """Return a nested value with its arrays and floating numbers as `Array` objects."""
    return tree_map(_handle, value)


def _handle(x: Any) -> Any:
    if not is_differentiable(x):
        return x
    x = as_array(x)
    current_data(x)
    return x


def joined(f: Callable, value: Any, parts: Any) -> Array:
    """Return `parts`, nested as the value of `f` is, as one vector of what can be differentiated.

    Raises
    ------
    ValueError
        If the structures or the shapes differ.
    TypeError
        If there is nothing to differentiate.
    """
    like, found = leaves(value), leaves(parts)
    if len(like) != len(found):
        raise errors.wrong_structure(f, len(like), len(found))
    pairs = [(x, as_array(y)) for x, y in zip(like, found, strict=True) if is_differentiable(x)]
    if not pairs:
        raise errors.no_array(f, value)
    dtype = onp.result_type(*(x.dtype for x, _ in pairs))
    for x, y in pairs:
        if x.shape != y.shape:
            raise errors.wrong_gradient(f, x.shape, y.shape)
    return concatenate([reshape(y if y.dtype == dtype else astype(y, dtype), -1) for _, y in pairs])
