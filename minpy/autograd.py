"""The functions that differentiate: `grad` and its relatives.

All of them run a function once on recorded arguments (`Recording`) and then the backward pass
(`minpy.backward`).  Where a function is differentiated inside another one that is, nothing is
different: the leaves of the inner recording are children of the outer one's nodes.
"""

from __future__ import annotations

import functools
import gc
import inspect
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from itertools import chain, compress, repeat
from operator import is_
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy import errors
from minpy.array import (
    Array,
    current_data,
    dtype_of,
    exits,
    is_differentiable,
    printable,
    scalar_of,
    wrap,
)
from minpy.backward import backward, between, without_bystanders
from minpy.inplace import zeros_for
from minpy.ops.creation import as_array, astype, new_array
from minpy.ops.elementwise import real
from minpy.ops.shape import concatenate, reshape
from minpy.tape import Node, leaf, moved, next_serial
from minpy.tracebacks import shorten_traceback
from minpy.tree import is_nested, leaves, tree_map

Argnum = int | str | Sequence[int | str]


# ----- recording

# Called with each function that is to be differentiated; they may raise.
before_recording: list[Callable[[Callable], None]] = []


class Recording:
    """One run of a function on recorded arguments, until it is closed.

    Parameters
    ----------
    f : callable
    argnum : int, str, or sequence of these
        The arguments to differentiate with respect to, by position or by name.
    args, kwargs
        What `f` is called with.

    Attributes
    ----------
    result
        What `f` returned.
    leaves : list of tuple
        The nodes from which the recording starts.
    """

    def __init__(self, f: Callable, argnum: Argnum, args: tuple, kwargs: dict) -> None:
        for guard in before_recording:
            guard(f)
        self.f = f
        self.argnums = _argnums(f, argnum)
        self.bare = isinstance(argnum, int | str)
        self.leaves: list[Node] = []
        self.start = next_serial()
        self._was_pinned: list[tuple[Array, bool]] = []
        self._given: list[Any] = []
        given_args, given_kwargs = list(args), dict(kwargs)
        with _lock:  # nobody looks for what ended recordings left while this one begins
            for which in self.argnums:
                holder, place = _argument(f, which, given_args, given_kwargs)
                self._given.append(holder[place])
                holder[place] = tree_map(self._leaf, holder[place])
                given = self._given[-1]
                if not (type(given) is int or any(map(is_differentiable, leaves(given)))):
                    raise errors.nothing_floating(f, which, given)
            _active[id(self)] = self.leaves
        try:
            self.result = f(*given_args, **given_kwargs)
        except BaseException as error:
            self.stop()
            _let_go(self.leaves, 2)  # the traceback refers to them: the oldest are not looked at
            if isinstance(error.__cause__, errors.ImplicitExitError):
                # NumPy hides it behind "setting an array element with a sequence"
                written = errors.written_outside("plain[i] = x")
                raise written.with_traceback(error.__traceback__) from None
            raise

    def _leaf(self, value: Any) -> Any:
        if type(value) is int and value is self._given[-1]:
            value = float(value)
        if not is_differentiable(value):
            return value
        x = new_array(value)
        self._was_pinned.append((x, getattr(x, "_pinned", False)))
        recorded = leaf(x)
        self.leaves.append(recorded._node)
        return recorded

    def end(self) -> Array:
        """Return the result, if it is an array that can be differentiated."""
        result = self.result
        if isinstance(result, float | int | complex | onp.generic | onp.ndarray):
            result = as_array(result)
        if type(result) is not Array:
            raise errors.no_array(self.f, result)
        current_data(result)
        if result.dtype.kind == "b":
            raise errors.no_array(self.f, result)
        ways = [way for way, serial in exits.items() if serial >= self.start]
        if result._node is None and ways:
            warnings.warn(errors.constant_result(self.f, ways, self.argnums), stacklevel=3)
        return result

    def gradients(self, found: list[Any]) -> Any:
        """Return gradients, one for each leaf, in the shape of the arguments."""
        arriving = iter(zip(found, [x for x, _ in self._was_pinned], strict=True))

        def gradient(value: Any) -> Any:
            if not is_differentiable(value) and not (type(value) is int and value is given):
                return None
            g, x = next(arriving)
            g = zeros_for(x) if g is None else _as_kind_of(g, x)
            return g if isinstance(value, Array | onp.ndarray) else scalar_of(g)

        result = []
        for given in self._given:
            result.append(tree_map(gradient, given))
        return result[0] if self.bare else result

    def stop(self) -> None:
        """Note that the recording is no longer running."""
        _active.pop(id(self), None)

    def close(self) -> None:
        """End the recording: what it left behind outside the function becomes plain arrays."""
        self.stop()
        nodes, self.leaves, self.result = self.leaves, [], None
        if _references(nodes) <= _OURS:
            for x, was_pinned in self._was_pinned:
                x._pinned = was_pinned
            nodes = []
        if nodes or _ended:
            _let_go(nodes)


def _as_kind_of(g: Array, x: Array) -> Array:
    """Return a gradient where its argument is, with its dtype; of a real one it is real."""
    if type(g._data) is ndarray is type(x._data) and g._data.dtype is x._data.dtype:
        return g
    g = moved(g, x._backend)
    if g.dtype == x.dtype:
        return g
    if onp.issubdtype(g.dtype, onp.complexfloating) and x.dtype.kind == "f":
        g = real(g)
    g = astype(g, x.dtype)
    return g if type(g) is Array else wrap(g)  # without axes it may be a number by now


def _argnums(f: Callable, argnum: Argnum) -> list[int | str]:
    if isinstance(argnum, int | str):
        return [argnum]
    if not isinstance(argnum, Sequence | range):
        raise errors.wrong_argnum(f, argnum)
    return list(argnum)


def _argument(f: Callable, which: int | str, args: list, kwargs: dict) -> tuple[Any, Any]:
    """Return where the argument called `which` is: the list or dict, and its place there."""
    place: Any = which
    if isinstance(which, str) and which not in kwargs:
        parameters = inspect.signature(f).parameters
        place = list(parameters).index(which) if which in parameters else len(args)
        if which in parameters and place >= len(args):
            default = parameters[which].default
            if default is not inspect.Parameter.empty:
                kwargs[which] = default
                place = which
    if isinstance(place, str):
        return kwargs, place
    if not isinstance(place, int) or not -len(args) <= place < len(args):
        raise errors.no_such_argument(f, which, args, kwargs)
    return args, place


# ----- letting go
#
# An array that a function leaves outside itself, in a list or by writing into an outer array,
# still carries its node, and with it the graph.  When a recording ends, the references to its
# leaves tell whether something like that is there; only then are the arrays looked for.


_active: dict[int, list[Node]] = {}  # the leaves of each running recording, of all threads
_ended: list[Node] = []  # leaves of ended recordings, still to be looked at
_lock = threading.RLock()


def _references(nodes: list[Node]) -> int:
    return max([sys.getrefcount(node) for node in nodes], default=0)


_OURS = _references([(object(),)])  # to a node that nothing but a list has


def _let_go(nodes: list[Node], generations: int = 3) -> None:
    """Make plain the arrays that ended recordings left behind."""
    with _lock:
        _ended.extend(nodes)
        nodes.clear()
        running = {node[0] for leaves_of in list(_active.values()) for node in leaves_of}
        outer = [node for node in _ended if running and node[2][0] is not None]
        ended = sorted((node for node in _ended if node not in outer), key=lambda node: node[0])
        _ended[:] = outer  # of a recording inside another one that is running
        _drop_free(ended)
        for generation in range(generations):  # the collector's: the first has what is new
            if not ended:
                break
            _make_plain(generation, {node[0] for node in ended}, running)
            _drop_free(ended)


def _drop_free(ended: list[Node]) -> None:
    """Drop leaves that nobody refers to; the leaf of an inner recording refers to an outer node."""
    while ended:
        youngest = [ended.pop()]
        if _references(youngest) > _OURS:
            ended += youngest
            break


def _make_plain(generation: int, ended: set[int], running: set[int]) -> None:
    """Take the nodes from arrays that come from an ended recording and from no running one."""
    arrays = _arrays_in(generation)
    nodes = [node for x in arrays if (node := getattr(x, "_node", None)) is not None]
    found, _ = between(nodes, 0)
    over = without_bystanders(found, ended).keys() - without_bystanders(found, running).keys()
    for x in arrays:
        node = getattr(x, "_node", None)
        if node is not None and node[0] in over:
            x._node = None


def _arrays_in(generation: int) -> list[Array]:
    """Return the arrays in one of the collector's generations.

    In one call, during which no other thread runs: a thread that is filling a tuple must not find
    that somebody else refers to it.  And by their type: asked whether they are instances, objects
    of other libraries run code of their own.
    """
    everything: list[Any] = []
    fill = map(everything.extend, map(gc.get_objects, (generation,)))
    look = compress(everything, map(is_, map(type, everything), repeat(Array)))
    empty = map(list.clear, (everything,))
    return [x for x in list(chain(fill, look, empty)) if x is not None]


def _forget(ends: list[Node], nodes: list[Node]) -> None:
    """Let go of a recording that was kept for its vjp."""
    ends.clear()
    _let_go(nodes)


# ----- gradients


def value_and_grad(f: Callable, argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]:
    """Return a function that returns the value of `f` and its gradient.

    Parameters
    ----------
    f : callable
        Returns an array or a number; one that is no scalar is differentiated as if summed.
    argnum : int, str, or sequence of these
        Which argument, by position or by name.  An argument may be a nested dict, list, tuple or
        dataclass of arrays; its gradient has the same structure, with None where there is
        nothing to differentiate.

    Returns
    -------
    callable
        ``(value, gradient)`` for the arguments of `f`; a list of gradients for a sequence.

    Raises
    ------
    TypeError
        If the argument holds nothing floating, or `f` returns no real array or number.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """
    if not callable(f):
        raise errors.no_function(f)

    @functools.wraps(f)
    @shorten_traceback
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        recording = Recording(f, argnum, args, kwargs)
        try:
            end = recording.end()
            if end.dtype.kind == "c":
                raise errors.complex_result(f)
            data, ends = end._data, [end._node]
            recording.result = None
            del end
            found, node = _pulled(recording, ends, _ones(data))
            return _value(data, node), recording.gradients(found)
        finally:
            recording.close()

    return value_and_gradient


def _pulled(recording: Recording, ends: list[Node], seed: Array) -> tuple[list[Any], Node | None]:
    serials = [node[0] for node in recording.leaves]
    if ends[0] is None:
        return [None] * len(serials), None
    return backward(ends, seed, serials, recording.start, alone=_alone(recording))


def _alone(recording: Recording) -> bool:
    """Whether no other recording is running, and none gave this one its arguments."""
    others = [key for key in list(_active) if key != id(recording)]
    return not others and all(node[2][0] is None for node in recording.leaves)


def _value(data: Any, node: Node | None = None) -> Any:
    """Return the value of a function; its memory may be an argument's, or read by a kept vjp."""
    value = wrap(data, node)
    value._pinned = True
    return scalar_of(value)


def _ones(data: Any) -> Array:
    """Return ones with the shape, dtype and backend of a raw array."""
    like = wrap(data)
    ones = onp.ones(like.shape, dtype_of(like))
    return wrap(ones if like._link is None else like._backend.from_numpy(ones))


def grad(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that returns the gradient of `f`; see `value_and_grad`.

    Examples
    --------
    >>> import minpy
    >>> def foo(x):
    ...     return x if x > 0 else 2 * x
    >>> minpy.grad(foo)(3), minpy.grad(foo)(-1)
    (1.0, 2.0)
    """
    both = value_and_grad(f, argnum)

    @functools.wraps(f)
    @shorten_traceback
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def make_vjp(f: Callable, argnum: Argnum = 0) -> Callable[..., tuple[Callable, Any]]:
    """Return a function that returns a vector-Jacobian product and the value of `f`.

    `f` returns an array, a number, or a nested dict, list, tuple or dataclass of these.

    Returns
    -------
    callable
        ``(vjp, value)`` for the arguments of `f`.  ``vjp(g)``, with `g` of the value's structure
        and shapes, returns ``g`` times the Jacobian, and can be called as often as needed.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> vjp, value = minpy.make_vjp(np.exp)(np.zeros(2))
    >>> vjp(np.array([1.0, 3.0]))
    array([1., 3.])
    """
    if not callable(f):
        raise errors.no_function(f)

    @functools.wraps(f)
    @shorten_traceback
    def vjp_and_value(*args: Any, **kwargs: Any) -> tuple[Callable, Any]:
        recording = Recording(f, argnum, args, kwargs)
        try:
            nested = tree_map(_handle_of, recording.result) if is_nested(recording.result) else None
            if nested is not None:
                recording.result = _joined(f, nested, nested)
            end = recording.end()
        except BaseException:
            recording.close()
            raise
        data, ends, shape, backend = end._data, [end._node], end.shape, end._backend
        beyond = None not in ends and not _alone(recording) and between(ends, recording.start)[1]
        value = _value(data, ends[0] if beyond else None)
        if nested is not None and not beyond:
            nested = tree_map(lambda x: _value(x._data) if type(x) is Array else x, nested)
        recording.result = None
        del end
        recording.stop()

        def vjp(g: Any) -> Any:
            if nested is not None:
                g = _joined(f, nested, g)
            g = g if type(g) is Array else as_array(g)
            current_data(g)
            if g.shape != shape:
                raise errors.wrong_gradient(f, shape, g.shape)
            if g._backend is not backend:
                g = wrap(backend.inward(printable(g)))
            return recording.gradients(_pulled(recording, ends.copy(), g)[0])

        weakref.finalize(vjp, _forget, ends, recording.leaves).atexit = False
        return vjp, value if nested is None else nested

    return vjp_and_value


def _handle_of(x: Any) -> Any:
    """Return an array or a number in a nested value as an `Array`; anything else as it is."""
    if not is_differentiable(x):
        return x
    x = as_array(x)
    current_data(x)
    return x


def _joined(f: Callable, value: Any, parts: Any) -> Array:
    """Return `parts`, nested as the value of `f` is, as one vector of what can be differentiated.

    A value of several arrays so has one end, from which one backward pass starts.
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
