"""Whose array is it: the backends that the engine knows, by the types of their raw arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy import errors
from minpy.backends.backend import NUMPY, Backend
from minpy.backends.scalars import BASES

# the types of NumPy's raw arrays
NUMPYS = frozenset({onp.ndarray, *onp.sctypeDict.values(), *BASES})

FOREIGN: set[type] = set()  # the types of other libraries' raw arrays

Finder = Callable[[Any], Backend]
_known: list[tuple[tuple[type, ...], Finder]] = [(NUMPY.array_types, lambda raw: NUMPY)]


def register(backend: Backend, finder: Finder | None = None) -> Backend:
    """Make the engine know `backend` by its array types; return it.

    `finder` is for libraries with several devices: it takes a raw array to its backend.
    """
    FOREIGN.update(backend.array_types)
    _known.append((backend.array_types, finder or (lambda raw: backend)))
    return backend


def backend_of(raw: Any) -> Backend | None:
    """Return the backend whose array `raw` is, or None for anything that is no array."""
    for types, finder in _known:
        if isinstance(raw, types):
            return finder(raw)
    return None


def runs_bare(name: str, g: Any, values: tuple[Any, ...]) -> bool:
    """Whether an op's gradient rules can run on raw arrays of the backend of a gradient `g`.

    `values` is what the rules get beside it.
    """
    if type(g) in NUMPYS:
        return True
    backend = backend_of(g)
    if backend is None or name not in backend.bare_rules:
        return False
    types: Any = backend.array_types
    return all(
        x.dtype is g.dtype
        if isinstance(x, types)
        else x is None or isinstance(x, tuple | int | float)
        for x in values
    )


def common_backend(one: Backend, other: Backend) -> Backend:
    """Return the backend on which an op runs whose arrays live on two: NumPy's arrays join others.

    Raises
    ------
    minpy.BackendError
        If neither is NumPy: which one should move is for the program to say.
    """
    if one is NUMPY or one is other:
        return other
    if other is NUMPY:
        return one
    raise errors.two_backends(one, other)


def defers_to(other: Any, x: Any) -> bool:
    """Return whether an operator is left to the other operand, as it is to those of pandas.

    Parameters
    ----------
    other : object
    x : Array
        Our operand; if it is recorded and the other one would take it, an error is raised.
    """
    protocol = getattr(type(other), "__array_ufunc__", x)
    if protocol is None:
        return True
    if protocol is x or isinstance(other, type(x)) or backend_of(other) is not None:
        return False
    if x._node is not None:
        raise errors.foreign_operand(x, other)
    return True
