"""The functions that differentiate: `grad` and its relatives.

All of them run a function once on recorded arguments (`Recording`) and then the backward pass
(`minpy.backward`).  Where a function is differentiated inside another one that is, nothing is
different: the leaves of the inner recording are children of the outer one's nodes.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy import errors
from minpy.arguments import Argnum, as_list, locate
from minpy.array import Array, dtype_of, is_differentiable, scalar_of, wrap
from minpy.backward import backward, between
from minpy.escapes import let_go, lock, nothing_refers_to, running_leaves, warn_of_exits
from minpy.inplace import zeros_for
from minpy.nested import handles, joined
from minpy.ops.creation import as_array, astype, new_array
from minpy.ops.elementwise import real
from minpy.tape import Node, leaf, moved, next_serial
from minpy.tracebacks import shorten_traceback
from minpy.tree import is_nested, leaves, tree_map

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
        self.argnums = as_list(f, argnum)
        self.bare = isinstance(argnum, int | str)
        self.leaves: list[Node] = []
        self.start = next_serial()
        self._was_pinned: list[tuple[Array, bool]] = []
        self._given: list[Any] = []
        given_args, given_kwargs = list(args), dict(kwargs)
        with lock:
            for which in self.argnums:
                holder, place = locate(f, which, given_args, given_kwargs)
                self._given.append(holder[place])
                holder[place] = tree_map(self._leaf, holder[place])
                given = self._given[-1]
                if not (type(given) is int or any(map(is_differentiable, leaves(given)))):
                    raise errors.nothing_floating(f, which, given)
            running_leaves[id(self)] = self.leaves
        try:
            self.result = f(*given_args, **given_kwargs)
        except BaseException as error:
            self.stop()
            let_go(self.leaves, 2)  # the traceback refers to them: the oldest are not looked at
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
        if type(result) is not Array or result.dtype.kind == "b":
            raise errors.no_array(self.f, result)
        if result._node is None:
            warn_of_exits(self.f, self.argnums, self.start)
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
        running_leaves.pop(id(self), None)

    def close(self) -> None:
        """End the recording: what it left behind outside the function becomes plain arrays."""
        self.stop()
        nodes, self.leaves, self.result = self.leaves, [], None
        if nothing_refers_to(nodes):
            for x, was_pinned in self._was_pinned:
                x._pinned = was_pinned
            nodes.clear()
        let_go(nodes)


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
    others = [key for key in list(running_leaves) if key != id(recording)]
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
        nested = None
        try:
            if is_nested(recording.result):
                nested = handles(recording.result)
                recording.result = joined(f, nested, nested)
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
            g = as_array(g if nested is None else joined(f, nested, g))
            if g.shape != shape:
                raise errors.wrong_gradient(f, shape, g.shape)
            return recording.gradients(_pulled(recording, ends.copy(), moved(g, backend))[0])

        weakref.finalize(vjp, _forget, ends, recording.leaves).atexit = False
        return vjp, value if nested is None else nested

    return vjp_and_value


def _forget(ends: list[Node], nodes: list[Node]) -> None:
    """Let go of a recording that was kept for its vjp."""
    ends.clear()
    let_go(nodes)
