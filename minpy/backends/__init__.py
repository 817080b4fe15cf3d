"""Backends: what differs between array libraries.

An array lives in one library, and an op runs where its arrays live.  What the engine needs of a
library is a `Backend`: its raw array type, two conversions, and a module of differences.  The
implementation of an op is the same-named function of that module, else the library's own, else
NumPy's by a round trip through NumPy arrays, which is counted in `Backend.fallbacks`.

NumPy itself is the backend every other one falls back to.  A new backend is one module with a
`Backend` in it and the functions that differ; see `minpy.backends.numpy`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import numpy as onp

from minpy.backends import numpy as differences


class Backend:
    """One array library.

    Parameters
    ----------
    name : str
        What policies and messages call it.
    array_types : tuple of type
        The types of its raw arrays.
    functions : object
        Its differences: attributes named like NumPy's functions (``linalg.inv`` is looked up as
        ``linalg_inv``), on raw arrays.
    library : object, optional
        The library's own namespace, asked where `functions` has no such name.
    to_numpy, from_numpy : callable
        Conversions of one raw array.
    aliases : callable, optional
        ``aliases(a, b)``: whether two raw arrays share memory.

    Attributes
    ----------
    fallbacks : collections.Counter
        How often each name ran on NumPy for want of an implementation.
    """

    def __init__(
        self,
        name: str,
        array_types: tuple[type, ...],
        functions: Any,
        *,
        library: Any = None,
        to_numpy: Callable[[Any], onp.ndarray],
        from_numpy: Callable[[onp.ndarray], Any],
        aliases: Callable[[Any, Any], bool] = lambda a, b: False,
    ) -> None:
        self.name = name
        self.array_types = array_types
        self.functions = functions
        self.library = library if library is not None else SimpleNamespace()
        self.to_numpy = to_numpy
        self.from_numpy = from_numpy
        self.aliases = aliases
        self.fallbacks: Counter[str] = Counter()
        self._found: dict[str, Callable[..., Any]] = {}

    def __repr__(self) -> str:
        return f"<backend {self.name}>"

    def implementation(
        self, name: str, raw: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """Return the function that runs the op called `name` on raw arrays; looked up once.

        `raw` runs the op on NumPy arrays, where it is called in another way than NumPy's function
        of that name is; then the library's function of that name is no implementation of it.
        """
        found = self._found.get(name)
        if found is None:
            found = getattr(self.functions, name.replace(".", "_"), None)
            if found is None and raw is None:
                found = _dotted(self.library, name)
            if found is None and self is NUMPY:
                raise AttributeError(f"NumPy has no {name!r}, and no difference is declared for it")
            if found is None:
                found = self._through_numpy(name, raw or NUMPY.implementation(name))
            self._found[name] = found
        return found

    def _through_numpy(self, name: str, on_numpy: Callable[..., Any]) -> Callable[..., Any]:
        def fallback(*args: Any, **kwargs: Any) -> Any:
            self.fallbacks[name] += 1
            return self.inward(on_numpy(*self.outward(args), **self.outward(kwargs)))

        return fallback

    def outward(self, value: Any) -> Any:
        """Return `value` with this library's arrays, also nested ones, made NumPy's."""
        return _mapped(lambda x: self.to_numpy(x) if isinstance(x, self.array_types) else x, value)

    def inward(self, value: Any) -> Any:
        """Return `value` with NumPy arrays and floating scalars made this library's."""
        if self is NUMPY:
            return value
        return _mapped(lambda x: self.from_numpy(onp.asarray(x)) if _stays(x) else x, value)


def _stays(x: Any) -> bool:
    """Whether a result stays an array: arrays do, and floating scalars; counts and flags do not."""
    return isinstance(x, onp.ndarray | onp.inexact)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    if type(value) is dict:
        return {key: _mapped(change, item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(change, item) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(_mapped(change, item) for item in value)
    return change(value)


def _dotted(namespace: Any, name: str) -> Callable[..., Any] | None:
    for part in name.split("."):
        namespace = getattr(namespace, part, None)
    return namespace


NUMPY = Backend(
    "numpy",
    (onp.ndarray, onp.generic),
    differences,
    library=onp,
    to_numpy=lambda x: x,
    from_numpy=lambda x: x,
    aliases=onp.may_share_memory,
)

_registered: list[Backend] = [NUMPY]
_creating: ContextVar[Backend] = ContextVar("minpy_backend", default=NUMPY)


def register(backend: Backend) -> Backend:
    """Make the engine know `backend` by its array types; return it."""
    _registered.append(backend)
    return backend


def backend_of(raw: Any) -> Backend | None:
    """Return the backend whose array `raw` is, or None for anything that is no array."""
    for backend in _registered:
        if isinstance(raw, backend.array_types):
            return backend
    return None


def current() -> Backend:
    """Return the backend on which new arrays are made."""
    return _creating.get()


@contextmanager
def using(backend: Backend) -> Iterator[Backend]:
    """Make new arrays on `backend` inside a ``with`` block; nests, and restores on exceptions."""
    token = _creating.set(backend)
    try:
        yield backend
    finally:
        _creating.reset(token)
