"""How a ufunc becomes public: its call, and its methods ``reduce``, ``outer`` and ``at``."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from minpy.array import Array, wrap
from minpy.backends import NUMPY
from minpy.backends.numpy import names_once
from minpy.backends.statistics import counter
from minpy.errors import no_gradient
from minpy.inplace import fixed, getitem, index_add, setitem
from minpy.numpy._public import (
    NOT_DIFFERENTIABLE,
    _chosen,
    fits_dtype,
    found_in,
    gathered,
    into,
    mutating,
    plain,
    traced,
    unwrap_nested,
    wrap_nested,
)
from minpy.ops.creation import as_array, astype
from minpy.ops.indexing import where as choose
from minpy.ops.shape import broadcast_to, moveaxis, reshape, shape_of, stack


class Ufunc(functools.partial):
    """A ufunc: unlike a function, it does not become a method where it is an attribute of a class.

    ``class Net: act = np.tanh`` leaves ``net.act(x)`` what it is with NumPy.
    """

    def __new__(cls, call: Callable) -> Ufunc:
        self = super().__new__(cls, call)
        functools.update_wrapper(self, call)
        return self

    def __get__(self, instance: Any, owner: Any = None) -> Ufunc:
        return self

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.__name__,)


def _named(name: str) -> Any:
    """Return a ufunc of `minpy.numpy` by its name: what pickles and copies are made of."""
    return getattr(sys.modules["minpy.numpy"], name)


def ufunc(name: str, function: Any, ours: Callable | None) -> Callable:
    """Return the public form of a ufunc, with its methods and attributes."""
    refuses = name not in NOT_DIFFERENTIABLE
    if ours is None:
        slow = plain(name, function, refuses=refuses)
    else:
        slow = _traced_ufunc(name, function, ours)
    if ours is None:
        call = slow
    elif function.nin == 1:

        @functools.wraps(function, updated=())
        def call(x, /, out=None, **kwargs):
            if type(x) is Array and out is None and not kwargs:
                return ours(x)
            return slow(x, out=out, **kwargs)
    else:

        @functools.wraps(function, updated=())
        def call(x, y, /, out=None, **kwargs):
            if (type(x) is Array or type(y) is Array) and out is None and not kwargs:
                result = ours(x, y)
                if result is NotImplemented:  # it is the other operand's, such as a pandas.Series
                    return function(unwrap_nested(x), unwrap_nested(y))
                return result
            return slow(x, y, out=out, **kwargs)

    call = Ufunc(call)
    for attribute in ("nin", "nout", "nargs", "ntypes", "types", "identity", "signature"):
        setattr(call, attribute, getattr(function, attribute))
    _add_methods(name, function, ours, call)
    return call


_CASTING = ("casting", "order", "subok")


def _traced_ufunc(name: str, function: Any, ours: Callable) -> Callable:
    accepted = set(inspect.signature(ours).parameters)
    count = counter(name, NUMPY.name)

    def call(*args, out=None, where=True, dtype=None, **kwargs):
        if out is not None:
            out = out[0] if isinstance(out, tuple) else out
        found = found_in(args, {"where": where})
        if not found.recorded and not found.foreign and out is None:
            if where is not True:
                kwargs["where"] = unwrap_nested(where)
            count()
            return wrap_nested(function(*unwrap_nested(args), dtype=dtype, **kwargs), found.arrays)
        numbers = (int, float, complex)
        args = tuple(x if type(x) in numbers else as_array(gathered(x)) for x in args)
        if dtype is not None:
            if not all(fits_dtype(x, dtype) for x in args):
                raise no_gradient(f"{name} of complex numbers with dtype={dtype!r}")
            args = tuple(astype(x, dtype) for x in args)
        more = {key: value for key, value in kwargs.items() if key not in _CASTING}
        result = ours(*args, **_chosen(name, more, {}, accepted))
        if where is not True:
            if out is None:
                out = wrap(onp.zeros(result.shape, result.dtype))
            result = choose(where, result, out)
        return result if out is None else into(out, _given(result, name), (), kwargs)

    call.__name__ = name
    return call


def _given(result: Any, name: str) -> Callable:
    def given(**_):
        return result

    given.__name__ = name
    return given


# ----- methods

REDUCE: dict[str, Callable] = {}  # what reduces and accumulates in one op, by the ufunc's name
ACCUMULATE: dict[str, Callable] = {}


def _add_methods(name: str, function: Any, ours: Callable | None, call: Any) -> None:
    if function.signature is not None or function.nout != 1:
        return
    call.at = mutating(f"{name}.at", function.at, _at(name, ours))
    if function.nin == 1:
        return
    if ours is None:
        for method in ("outer", "reduce", "accumulate", "reduceat"):
            setattr(call, method, plain(f"{name}.{method}", getattr(function, method)))
        return

    def outer(x, y):
        x, y = as_array(x), as_array(y)
        return ours(x.reshape(x.shape + (1,) * y.ndim), y)

    reduce = REDUCE.get(name) or functools.partial(_reduce, function, ours)
    accumulate = ACCUMULATE.get(name) or functools.partial(_accumulate, ours)
    call.outer = traced(f"{name}.outer", lambda x, y: function.outer(x, y), outer)
    call.reduce = _method(f"{name}.reduce", function.reduce, reduce)
    call.accumulate = _method(f"{name}.accumulate", function.accumulate, accumulate)
    call.reduceat = traced(
        f"{name}.reduceat",
        lambda array, indices, axis=0, dtype=None, out=None: function.reduceat(
            array, indices, axis, dtype, out
        ),
        lambda array, indices, axis=0: _reduceat(reduce, array, indices, axis),
    )


def _method(name: str, function: Any, ours: Callable) -> Callable:
    def theirs(array, axis=0, dtype=None, out=None, **kwargs):
        return function(array, axis, dtype, out, **kwargs)

    def own(array, axis=0, **kwargs):
        if name.endswith("accumulate") and not shape_of(array):
            raise TypeError("cannot accumulate on a scalar")
        return ours(array, axis=axis, **kwargs)

    return traced(name, theirs, own)


def _reduce(
    function: Any, ours: Callable, array: Any, axis: Any = 0, keepdims: bool = False
) -> Any:
    """Fold an array along some axes with an op of two arguments, from the left."""
    array = as_array(array)
    axes = range(array.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(range(array.ndim)[a] for a in axes)
    rest = tuple(i for i in range(array.ndim) if i not in axes)
    if not array.size:
        return wrap(onp.asarray(function.reduce(unwrap_nested(array), axis, keepdims=keepdims)))
    rows = reshape(moveaxis(array, axes, range(len(axes))), (-1, *(array.shape[i] for i in rest)))
    result = functools.reduce(ours, _rows(rows))
    if not keepdims:
        return result
    return reshape(result, tuple(1 if i in axes else n for i, n in enumerate(array.shape)))


def _accumulate(ours: Callable, array: Any, axis: int = 0) -> Any:
    rows = moveaxis(as_array(array), axis, 0)
    if not rows.shape[0]:
        return array
    results = [getitem(rows, 0)]
    for row in list(_rows(rows))[1:]:
        results.append(ours(results[-1], row))
    return moveaxis(stack(results), 0, axis)


def _reduceat(reduce: Callable, array: Any, indices: Any, axis: int = 0) -> Any:
    rows = moveaxis(as_array(array), axis, 0)
    starts = [int(i) for i in unwrap_nested(indices)]
    stops = [*starts[1:], rows.shape[0]]
    results = [
        reduce(getitem(rows, slice(i, j)), axis=0) if i < j else getitem(rows, i)
        for i, j in zip(starts, stops, strict=True)
    ]
    return moveaxis(stack(results), 0, axis)


def _rows(x: Any) -> Iterator[Any]:
    return (getitem(x, i) for i in range(x.shape[0]))


def _at(name: str, ours: Callable | None) -> Callable | None:
    """Return the recorded form of ``ufunc.at``: an element counts as often as it is named."""
    if ours is None:
        return None

    def add_at(a: Array, indices: Any, b: Any) -> None:
        setitem(a, Ellipsis, index_add(a, as_array(b), index=fixed(indices)))

    def at(a: Array, indices: Any, *b: Any) -> None:
        index = fixed(indices)
        if names_once(index):
            setitem(a, index, ours(getitem(a, index), *b))
            return
        named = onp.arange(a.size).reshape(a.shape)[index]
        more = [reshape(broadcast_to(as_array(x), named.shape), -1) for x in b]
        for places, chosen in _rounds(named.reshape(-1)):
            index = onp.unravel_index(places, a.shape)
            setitem(a, index, ours(getitem(a, index), *(getitem(x, chosen) for x in more)))

    return add_at if name == "add" else at


def _rounds(places: onp.ndarray) -> Iterator[tuple[onp.ndarray, onp.ndarray]]:
    """Yield the places named for the first time, for the second and so on, and where they are."""
    order = onp.argsort(places, kind="stable")
    ordered = places[order]
    first = onp.searchsorted(ordered, ordered)
    turns = onp.empty_like(order)
    turns[order] = onp.arange(len(order)) - first
    for turn in range(turns.max(initial=-1) + 1):
        chosen = onp.flatnonzero(turns == turn)
        yield places[chosen], chosen
