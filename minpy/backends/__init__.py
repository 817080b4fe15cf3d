"""Backends: what differs between array libraries.

An array lives in one library on one device, and an op runs where its arrays live.  What the engine
needs of such a place is a `Backend`: its raw array type, two conversions, and a module of
differences.  The implementation of an op is the same-named function of that module, else NumPy's by
a round trip through NumPy arrays, which is counted in `Backend.fallbacks`.

NumPy itself is the backend every other one falls back to.  A new backend is one module with the
functions that differ, and one line in `minpy.backends.libraries`; see `minpy.backends.numpy`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as onp

from minpy import errors
from minpy.backends import context as _context
from minpy.backends import libraries, statistics
from minpy.backends import numpy as differences
from minpy.backends import policy as _policy
from minpy.backends.context import CPU, Context
from minpy.backends.policy import Policy
from minpy.backends.settings import Setting
from minpy.tree import tree_map


class Backend:
    """One array library on one device.

    Parameters
    ----------
    name : str
        The library's name, as policies and messages call it.
    array_types : tuple of type
        The types of its raw arrays.
    functions : object
        Its differences: attributes named like NumPy's functions (``linalg.inv`` is looked up as
        ``linalg_inv``), on raw arrays.
    to_numpy, from_numpy : callable
        Conversions of one raw array.
    lend, collect : callable, optional
        The same for kernels that run here on NumPy's arrays, and may share their memory: what is
        lent is not used any more once what came of it has been collected.
    aliases : callable, optional
        ``aliases(a, b)``: whether two raw arrays share memory.
    owns : callable, optional
        Whether a raw array has memory of its own, rather than showing another one's.
    dtype_of : callable, optional
        NumPy's dtype for the elements of a raw array.
    views : frozenset of str, optional
        The ops whose results are copies here where NumPy's are views.
    bare_rules : frozenset of str, optional
        The ops whose gradient rules run on raw arrays of one dtype too: what they ask of an array
        is what this library's and NumPy's have in common.
    context : Context, optional
        The device.

    Attributes
    ----------
    takes : frozenset of type
        What its functions take as it is.
    fallbacks : collections.Counter
        How often each name ran on NumPy for want of an implementation.
    home, home_of_scalars : object
        What `minpy.array` keeps for it: the links of arrays that live here and are no views.
    """

    def __init__(
        self,
        name: str,
        array_types: tuple[type, ...],
        functions: Any,
        *,
        to_numpy: Callable[[Any], onp.ndarray],
        from_numpy: Callable[[onp.ndarray], Any],
        lend: Callable[[onp.ndarray], Any] | None = None,
        collect: Callable[[Any], onp.ndarray] | None = None,
        aliases: Callable[[Any, Any], bool] = lambda a, b: False,
        owns: Callable[[Any], bool] = lambda x: False,
        dtype_of: Callable[[Any], onp.dtype] = lambda x: x.dtype,
        views: frozenset[str] = frozenset(),
        bare_rules: frozenset[str] = frozenset(),
        context: Context = CPU,
    ) -> None:
        self.name = name
        self.array_types = array_types
        self.functions = functions
        self.aliases = aliases
        self.owns = owns
        self.dtype_of = dtype_of
        self.views = views
        self.bare_rules = bare_rules
        self.context = context
        self.to_numpy = to_numpy
        self.from_numpy = from_numpy
        self.lend = lend or from_numpy
        self.collect = collect or to_numpy
        if context.device_type != "cpu":
            self.to_numpy = _counting(to_numpy, f"from {context}")
            self.from_numpy = _counting(from_numpy, f"to {context}")
        self.takes = frozenset({*array_types, int, float, bool, tuple, type(None)})
        self.fallbacks: Counter[str] = Counter()
        self.home: Any = None
        self.home_of_scalars: Any = None
        self._found: dict[str, Callable[..., Any]] = {}

    def __repr__(self) -> str:
        return f"<backend {self}>"

    def __str__(self) -> str:
        return self.name if self.context == CPU else f"{self.name} on {self.context}"

    def has(self, name: str) -> bool:
        """Return whether the op called `name` runs here without NumPy's help."""
        return self._own(name) is not None

    def _own(self, name: str) -> Callable[..., Any] | None:
        return getattr(self.functions, name.replace(".", "_"), None)

    def implementation(
        self, name: str, raw: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """Return what `find` does for one of NumPy's names; looked up once."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self.find(name, raw)
        return found

    def find(self, name: str, raw: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Return the function that runs the op called `name` on raw arrays.

        `raw` runs the op on NumPy arrays, where it is called in another way than NumPy's function
        of that name is.
        """
        own = self._own(name)
        if self is NUMPY:
            own = own or raw or _dotted(onp, name)
            if own is None:
                raise AttributeError(f"NumPy has no {name!r}, and no difference is declared for it")
            return own
        fallback = self.through_numpy(name, raw)
        return fallback if own is None else self._counted(name, own, fallback)

    def _counted(
        self, name: str, own: Callable[..., Any], fallback: Callable[..., Any]
    ) -> Callable[..., Any]:
        count = statistics.counter(name, str(self))

        def run(*args: Any, **static: Any) -> Any:
            try:
                ans = own(*args, **static)
            except NotImplementedError:  # of these arguments
                return fallback(*args, **static)
            except RuntimeError as error:
                raise errors.of_library(error, self) from error
            count()
            return ans

        return run

    def through_numpy(self, name: str, raw: Callable[..., Any] | None) -> Callable[..., Any]:
        """Return what takes this library's arrays to NumPy, runs the op there, and comes back."""
        count = statistics.counter(name, statistics.FALLBACK + str(self))

        def fallback(*args: Any, **static: Any) -> Any:
            if _policy.current_policy().only:
                raise errors.lacks(self, name, _policy.current_policy().name)
            on_numpy = raw or NUMPY.implementation(name)
            count()
            self.fallbacks[name] += 1
            return self.inward(on_numpy(*self.outward(args), **self.outward(static)))

        return fallback

    def copies_view(self, op: Any, args: tuple[Any, ...], static: dict[str, Any]) -> bool:
        """Return whether an op made a copy of its first argument where NumPy makes a view.

        NumPy says so itself, when it is asked for a view of memory that nobody fills.
        """
        if op.name not in self.views and not (op.name == "getitem" and _backwards(**static)):
            return False
        if op.name == "getitem" and _advanced(**static):
            return False
        link = args[0]._link
        shape, steps = (args[0].shape, ()) if link.root is None else (link.root.shape, link.steps)
        source = differences.follow(onp.empty(shape, bool), steps)
        return onp.may_share_memory(op.raw(source, *args[1:], **static), source)

    def outward(self, value: Any) -> Any:
        """Return `value` with this library's arrays, also nested ones, made NumPy's."""
        return tree_map(lambda x: self.to_numpy(x) if isinstance(x, self.array_types) else x, value)

    def inward(self, value: Any) -> Any:
        """Return `value` with NumPy arrays and floating scalars made this library's."""
        if self is NUMPY:
            return value
        return tree_map(lambda x: self.from_numpy(onp.asarray(x)) if _stays(x) else x, value)


def _advanced(index: Any) -> bool:
    """Whether an index has arrays in it: then NumPy makes a copy, too."""
    parts = index if type(index) is tuple else (index,)
    return any(isinstance(part, onp.ndarray | bool) for part in parts)


def _backwards(index: Any) -> bool:
    """Whether an index has negative steps, of which no other library makes a view."""
    parts = index if type(index) is tuple else (index,)
    return any(type(part) is slice and (part.step or 1) < 0 for part in parts)


def _stays(x: Any) -> bool:
    """Whether a result stays an array: arrays do, and floating scalars; counts and flags do not."""
    return isinstance(x, onp.ndarray | onp.inexact)


def _counting(convert: Callable[[Any], Any], way: str) -> Callable[[Any], Any]:
    """Return a conversion that notes how many bytes it copies."""

    def counted(x: Any) -> Any:
        out = convert(x)
        statistics.copied(way, out.nbytes)
        return out

    return counted


def _dotted(namespace: Any, name: str) -> Callable[..., Any] | None:
    for part in name.split("."):
        namespace = getattr(namespace, part, None)
    return namespace


NUMPY = Backend(
    "numpy",
    (onp.ndarray, onp.generic),
    differences,
    to_numpy=lambda x: x,
    from_numpy=lambda x: x,
    aliases=onp.may_share_memory,
    owns=lambda x: x.base is None,
)


NUMPYS = frozenset({onp.ndarray, *onp.sctypeDict.values()})  # the types of NumPy's raw arrays

FOREIGN: set[type] = set()  # the types of other libraries' raw arrays

# ----- whose array is it

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


# ----- where new arrays are made

_using: Setting[Backend | None] = Setting("backend", None)


def current() -> Backend:
    """Return the backend on which new arrays are made."""
    backend = _using.get()
    if backend is not None:
        return backend
    policy, context = _policy.current_policy(), _context.current_context()
    if policy.library is None and context is CPU:
        return NUMPY  # spelt out: this is asked whenever an array is made
    return backend_for(policy, context)


@contextmanager
def using(backend: Backend) -> Iterator[Backend]:
    """Make new arrays on `backend` inside a ``with`` block, whatever policy and context say."""
    _using.enter(backend)
    try:
        yield backend
    finally:
        _using.leave()


@cache
def backend_for(policy: Policy, context: Context) -> Backend:
    """Return the backend on which a policy makes arrays on a device.

    Raises
    ------
    minpy.BackendError
        If the policy's library is not installed.
    minpy.DeviceError
        If there is no such device for it.
    """
    if policy.library == NUMPY.name or (policy.library is None and context.device_type == "cpu"):
        if context.device_type != "cpu":
            raise errors.no_device(context, policy.name, ["NumPy computes on the CPU alone."])
        return NUMPY
    reasons = []
    for library in libraries.LIBRARIES.values():
        if policy.library in (None, library.name):
            found = library.backend_on(context)
            if isinstance(found, Backend):
                return found
            reasons.append(found)
    raise errors.no_device(context, policy.name, reasons)


def check_policy(backend: Backend) -> None:
    """Raise if the policy in force forbids that ops run on `backend`."""
    policy = _policy.in_force.get()
    if policy.only and policy.library != backend.name:
        raise errors.forbidden(backend, policy.name)
