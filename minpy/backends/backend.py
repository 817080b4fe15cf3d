"""What the engine knows of a place where arrays live: one array library on one device."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as onp

from minpy import errors
from minpy.backends import numpy as differences
from minpy.backends import statistics
from minpy.backends.context import CPU, Context
from minpy.backends.policy import current_policy
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
                raise errors.of_library(error, self) from None
            count()
            return ans

        return run

    def through_numpy(self, name: str, raw: Callable[..., Any] | None) -> Callable[..., Any]:
        """Return what takes this library's arrays to NumPy, runs the op there, and comes back."""
        count = statistics.counter(name, statistics.FALLBACK + str(self))

        def fallback(*args: Any, **static: Any) -> Any:
            if current_policy().only:
                raise errors.lacks(self, name, current_policy().name)
            on_numpy = raw or NUMPY.implementation(name)
            count()
            self.fallbacks[name] += 1
            args, static = self.tree_to_numpy((args, static))
            return self.tree_from_numpy(on_numpy(*args, **static))

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

    def write(
        self, data: Any, index: Any, value: Any, root: Any, steps: Sequence[differences.Step]
    ) -> None:
        """Write into a raw array, to which `steps` lead from `root`, also where it is a copy."""
        if steps and not self.aliases(data, root):  # ``x[::-1]``, of which NumPy makes a view
            shape = tuple(root.shape)
            places = onp.arange(math.prod(shape)).reshape(shape)
            places = differences.follow(places, steps)[index]
            if not places.size:
                return
            data = root
            if shape:
                index = onp.unravel_index(places, shape)
            else:  # one number, which is shown with axes
                index, value = (), value.reshape(()) if getattr(value, "shape", ()) else value
        self.implementation("setitem")(data, index, value)

    def tree_to_numpy(self, value: Any) -> Any:
        """Return `value` with this library's arrays, also nested ones, made NumPy's."""
        return tree_map(lambda x: self.to_numpy(x) if isinstance(x, self.array_types) else x, value)

    def tree_from_numpy(self, value: Any) -> Any:
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
