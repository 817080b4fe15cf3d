"""The array: a handle on a raw array of some backend.

A handle holds the raw array, and a node when it is being recorded.  Two slots more are for
aliasing.  ``_link`` is None for an array that owns its place in NumPy's memory, which is what the
hot path of every op asks for; otherwise it tells the backend, and for a view of another array
how to make it anew.  ``_pinned`` is set when a gradient rule will read the raw array later, so that
a write in place copies it first (see `minpy.inplace`).

Slots that are only set when they are needed (``_pinned``, ``_shared``) are read with a default:
setting them on each new array would cost as much as the checks of an op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as onp
from numpy import ndarray

from minpy import backends, errors
from minpy.backends import FOREIGN, NUMPY, Backend
from minpy.backends.raw import dtype_of_raw
from minpy.backends.scalars import as_scalar, plain_scalar

if TYPE_CHECKING:
    from minpy.array_methods import ArrayMethods
else:
    ArrayMethods = object  # the operators and methods come from a table: `minpy.numpy._methods`

new = object.__new__

observers: list[Callable[[Array], None]] = []  # called with recorded arrays that are looked at


@dataclass(slots=True)
class Shared:
    """What an array and the views of it know together.

    Attributes
    ----------
    version : int
        How often a write changed the array's memory or its node.
    copied : bool
        Whether a write had to copy, because a gradient rule will read the old values.
    """

    version: int = 0
    copied: bool = False


class Link:
    """Where an array is that is more than its own NumPy memory.

    Attributes
    ----------
    backend : Backend
    root : Array or None
        The array this one is a view of.
    steps : tuple of (op, args, static)
        What leads from `root` to the view.
    shared : Shared or None
        What it shares with its root.
    seen : int
        The root's version that the view was made from.
    """

    __slots__ = ("backend", "root", "seen", "shared", "steps")

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.root = None
        self.shared = None


def link_view(view: Array, source: Array, step: tuple) -> None:
    """Make `view` follow the writes to `source`, from which `step` leads to it."""
    link = view._link = new(Link)
    of = source._link
    if of is None or of.root is None:
        link.backend = NUMPY if of is None else of.backend
        link.root = source
        link.steps = (step,)
        shared = getattr(source, "_shared", None)
        if shared is None:
            shared = source._shared = Shared()
    else:
        link.backend = of.backend
        link.root = of.root
        link.steps = (*of.steps, step)
        shared = of.shared
    link.shared = shared
    link.seen = shared.version


class Array(ArrayMethods):
    """An n-dimensional array that records what is done with it; made by NumPy's functions.

    It has `numpy.ndarray`'s attributes, methods and operators.  What differs: it may live on
    another backend, and inside a function that is being differentiated leaving it is explicit.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> x * x
    array([1., 4.])
    """

    __slots__ = ("__weakref__", "_data", "_link", "_node", "_pinned", "_shared")
    _data: Any
    _pinned: bool
    _link: Link | None
    _node: Any
    _shared: Shared
    asnumpy: Callable[[], ndarray]  # given to it by `minpy.numpy`, as all that NumPy's array has

    def __new__(cls, *args: Any, **kwargs: Any) -> Array:
        """Make an uninitialised array, as ``numpy.ndarray(shape, dtype)`` does."""
        return wrap(onp.ndarray(*args, **kwargs))

    # -- what it is, whether recorded or not

    @property
    def shape(self) -> tuple[int, ...]:
        """Length along each axis."""
        shape = current_data(self).shape
        return shape if type(shape) is tuple else tuple(shape)

    @property
    def dtype(self) -> onp.dtype:
        """Type of the elements."""
        return dtype_of_raw(current_data(self))

    @property
    def _backend(self) -> Backend:
        return NUMPY if self._link is None else self._link.backend

    # -- leaving: refused while recorded, or explicit (see `minpy.numpy._conversions`)

    def _leave(self, how: str) -> Any:
        data = printable(self)  # a view may become recorded by this
        if self._node is not None:
            __tracebackhide__ = True
            raise errors.implicit_exit(how, self)
        return data


def wrap(data: Any, node: tuple | None = None, backend: Backend = NUMPY) -> Array:
    """Return the handle of a raw array; of an op's result, `backend` is where the op ran."""
    x = new(Array)
    x._data = data
    x._node = node
    if type(data) is ndarray:
        x._link = None
    elif isinstance(data, onp.generic):
        x._data = plain_scalar(data)
        x._link = None
    elif isinstance(data, backend.array_types):
        x._link = home_of(data, backend)
    else:
        of_data = backends.backend_of(data)
        if of_data is None:
            raise TypeError(f"no backend knows arrays of type {type(data).__name__}")
        x._link = home(of_data)
    return x


def scalar_of(x: Array) -> Any:
    """Return an array as a number, if it is floating, has no axes, and nothing hangs on it.

    That is, if it is not recorded, and lives in NumPy's memory.
    """
    data = x._data
    if x._node is not None or x._backend is not NUMPY or data.shape:
        return x
    return as_scalar(data) if isinstance(data.dtype.type(), onp.inexact) else x


def home(backend: Backend) -> Link | None:
    """Return the link of arrays that live on a backend and are no views; they share it."""
    if backend.home is None and backend is not NUMPY:
        backend.home_of_scalars = Link(backend)  # before the other, which other threads look for
        backend.home = Link(backend)
    return backend.home


def home_of(data: Any, backend: Backend) -> Link:
    """Return the link of an op's result: without axes it is a scalar, which is never written."""
    return home(backend) if data.shape else backend.home_of_scalars


def current_data(x: Array) -> Any:
    """Return the raw array, after a view has caught up with writes to its root."""
    link = x._link
    if link is not None and link.shared is not None and link.seen != link.shared.version:
        refresh(x)
    return x._data


def refresh(x: Array) -> None:
    """Make a view anew after its root was written.

    ``v = x[1:]; x[0] = w`` leaves ``v`` on the old memory or the old node of ``x``; the steps that
    made ``v`` are taken again when ``v`` is used next.
    """
    link = x._link
    fresh = link.root
    for call, args, static in link.steps:
        fresh = call(fresh, *args, **static)
    x._data = fresh._data
    x._node = fresh._node
    link.seen = link.shared.version


def bump_version(root: Array, *, copied: bool = False) -> None:
    """Let the views of `root` know that its memory or its node is another one now."""
    shared = getattr(root, "_shared", None)
    if shared is not None:
        shared.version += 1
        shared.copied = shared.copied or copied


def pin(x: Array) -> Any:
    """Return the raw array of `x` for somebody who will read it later, safe from writes.

    A view shares its root's memory: the first write that comes in between copies the whole root
    once, and from then on what is held of its views is a small copy.  That keeps a loop such as
    ``out[:, t] = out[:, t - 1] * w`` linear.
    """
    link = x._link
    if link is None or link.root is None:
        x._pinned = True
        return x._data
    data = current_data(x)
    if link.shared.copied:
        return link.backend.implementation("copy")(data)
    link.root._pinned = True
    return data


def numpy_data(x: Any) -> Any:
    """Return the raw array of an `Array` in NumPy's memory; None for anything else."""
    if type(x) is not Array or (x._link is not None and x._link.backend is not NUMPY):
        return None
    return current_data(x)


def dtype_of(x: Any) -> onp.dtype:
    """Return NumPy's dtype for the elements of an array, raw or not, of any backend."""
    return x.dtype if type(x) is Array else dtype_of_raw(x)


def look_at(x: Array) -> None:
    """Tell those who observe it that the values of an array are used outside of what is recorded.

    What is decided by them, such as a mask, stays as it is when the recording is replayed.
    """
    if x._node is not None:
        for observe in observers:
            observe(x)


def printable(x: Array) -> Any:
    """Return the values as NumPy's, for looking at."""
    data = current_data(x)
    if observers:
        look_at(x)
    link = x._link
    return data if link is None or link.backend is NUMPY else link.backend.to_numpy(data)


def raw(value: Any) -> Any:
    """Return the values of an `Array` as NumPy's, without asking; anything else as it is."""
    return printable(value) if type(value) is Array else value


def is_recorded(x: Any) -> bool:
    """Return whether `x` is an array that is being recorded.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.is_recorded(np.ones(3))
    False
    """
    if type(x) is not Array:
        return False
    current_data(x)
    return x._node is not None


def is_differentiable(x: Any) -> bool:
    """Whether a gradient with respect to `x` makes sense: floating arrays and numbers."""
    if type(x) is Array or isinstance(x, ndarray) or type(x) in FOREIGN:
        return dtype_of(x).kind in "fc"
    return isinstance(x, float | complex | onp.inexact)
