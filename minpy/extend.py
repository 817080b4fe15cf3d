"""Ops of one's own: a function on raw arrays, and its gradient rule.

Three ways in, one mechanism: `primitive` with `defvjp` (as in HIPS autograd), `customop` with
``def_grad`` (as in the old minpy), and `checkpoint`, whose rule runs the function again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as onp

from minpy.array import Array, current_data, is_recorded, printable, wrap
from minpy.autograd import make_vjp
from minpy.backends import NUMPY, Backend, backend_of, statistics
from minpy.backends.context import CPU
from minpy.backends.libraries import LIBRARIES
from minpy.errors import name_of, wrong_rule
from minpy.inplace import zeros_for
from minpy.ops.creation import as_array
from minpy.ops.elementwise import add
from minpy.ops.reduction import sum as sum_
from minpy.tape import Op, Rules, apply
from minpy.tree import leaves, tree_map


def primitive(f: Callable) -> Callable:
    """Make an op of a function on plain NumPy arrays; give its rules with `defvjp`.

    Parameters
    ----------
    f : callable
        Gets NumPy arrays for the arrays among its positional arguments, and returns one array or
        number.  Keyword arguments are handed on and not differentiated.

    Returns
    -------
    callable
        Works as `f` does; a recorded argument without a rule raises `NoGradientError`.

    Examples
    --------
    >>> import minpy
    >>> from minpy.extend import defvjp, primitive
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> minpy.grad(cube)(2.0)
    12.0
    """
    name = getattr(f, "__name__", "primitive")
    raw = _returning_raw(name, f)
    return _op_of(f, name, raw, lambda backend: backend.through_numpy(name, raw))


def _op_of(
    f: Callable, name: str, raw: Callable, implementation: Callable[[Backend], Callable]
) -> Callable:
    """Return `f` as an op: `raw` runs on NumPy's arrays, ``implementation(backend)`` on others."""
    record = Op(name, Rules(), "all ans", raw, wrapped=True)
    record.by_backend = OnEachBackend(implementation)

    @functools.wraps(f)
    def call(*args, **kwargs):
        arrays = [as_array(x) if backend_of(x) is not None else x for x in args]
        ans = apply(record, *arrays, **kwargs)
        return wrap(ans) if backend_of(ans) is not None else ans

    record.call = call
    call.op = record  # type: ignore[attr-defined]
    return call


def _returning_raw(name: str, f: Callable) -> Callable:
    """Return `f`, which may compute with `minpy.numpy` and return what that returns."""

    def raw(*args: Any, **static: Any) -> Any:
        ans = f(*args, **static)
        if type(ans) is not Array:
            return ans
        if is_recorded(ans):
            raise _uses_recorded(name)
        return printable(ans)

    return raw


def _uses_recorded(name: str) -> TypeError:
    return TypeError(
        f"{name} uses a recorded array that is no argument of it, and its gradient would be lost; "
        "pass it as an argument"
    )


class OnEachBackend(dict):
    """What runs a user's op on each backend, and never that library's function of the same name."""

    def __init__(self, implementation: Callable[[Backend], Callable]) -> None:
        self.by_backend = implementation

    def get(self, backend: Backend, default: Any = None) -> Callable:
        """Return what runs it there, made when it is first asked for."""
        if backend not in self:
            self[backend] = self.by_backend(backend)
        return self[backend]


def defvjp(f: Callable, *rules: Callable | None, argnums: Sequence[int] | None = None) -> None:
    """Give an op made by `primitive` its gradient rules.

    Parameters
    ----------
    f : callable
        What `primitive` returned.
    *rules : callable or None
        For each argument ``lambda ans, *args: lambda g: ...``, written with `minpy.numpy`; None
        where there is no gradient to be had (it is zero).
    argnums : sequence of int, optional
        The arguments that `rules` are for; the first ones by default.
    """
    record = getattr(f, "op", None)
    if record is None or not record.wrapped:
        raise TypeError(f"defvjp gives rules to what minpy.extend.primitive made, not to {f!r}")
    places = range(len(rules)) if argnums is None else argnums
    for argnum, rule in zip(places, rules, strict=True):
        record.rules[argnum] = _rule_of(record.name, argnum, rule)


def _rule_of(name: str, argnum: int, rule: Callable | None) -> Callable:
    """Return a rule as the engine calls it, which checks what the user's rule returns."""

    def checked(g: Any, ans: Any, *args: Any, **static: Any) -> Any:
        if rule is None:
            return zeros_for(args[argnum])
        gradient = rule(ans, *args, **static)(g)
        if getattr(gradient, "shape", ()) != args[argnum].shape or gradient is None:
            raise wrong_rule(name, argnum, args[argnum].shape, gradient)
        return gradient

    return checked


def customop(backend: str = "numpy") -> Callable:
    """Decorate a function on raw arrays; give its gradients with ``.def_grad``.

    Parameters
    ----------
    backend : {'numpy', 'mxnet', 'torch'}
        Whose arrays the function gets, and returns one of.  Arrays that live elsewhere are
        brought there and back.

    Returns
    -------
    callable
        A decorator.  What it returns has ``def_grad(rule, argnum=0)`` with rules such as
        ``lambda ans, *args: lambda g: ...``, written with `minpy.numpy`; `argnum` may be several.

    Raises
    ------
    ValueError
        If there is no such library.
    minpy.BackendError
        At the first call, if the library is not installed.

    Examples
    --------
    >>> import minpy
    >>> @minpy.customop("numpy")
    ... def double(x):
    ...     return 2 * x
    >>> double.def_grad(lambda ans, x: lambda g: 2 * g)
    >>> minpy.grad(double)(1.0)
    2.0
    """
    known = ["numpy", *LIBRARIES]
    if backend not in known:
        raise ValueError(
            f"customop takes the name of a library, one of {', '.join(known)}, but was given "
            f"{backend!r}"
        )

    def decorate(f: Callable) -> Callable:
        call = primitive(f) if backend == "numpy" else _op_in(backend, f)

        def def_grad(rule: Callable, argnum: int | Sequence[int] = 0) -> None:
            for one in [argnum] if isinstance(argnum, int) else argnum:
                defvjp(call, rule, argnums=[one])

        call.def_grad = def_grad  # type: ignore[attr-defined]
        return call

    return decorate


def _op_in(library: str, f: Callable) -> Callable:
    """Return an op of a function on the raw arrays of a library that is not NumPy."""
    name = getattr(f, "__name__", "customop")

    def implementation(backend: Backend) -> Callable:
        def run(*args: Any, **static: Any) -> Any:
            count()
            if backend.name == library:
                args, static = tree_map(_as_programs_know_it, (args, static))
                return f(*args, **static)
            own = LIBRARIES[library].backend_on(CPU)
            args, static = own.tree_from_numpy(backend.tree_to_numpy((args, static)))
            args, static = tree_map(_as_programs_know_it, (args, static))
            return backend.tree_from_numpy(own.tree_to_numpy(f(*args, **static)))

        count = statistics.counter(name, str(backend) if backend.name == library else library)
        run.count = lambda: None  # type: ignore[attr-defined] # for the op: it has been counted
        return run

    return _op_of(f, name, implementation(NUMPY), implementation)


def _as_programs_know_it(x: Any) -> Any:
    """Return an array of MXNet's newer kind as one of ``mx.nd``; anything else as it is."""
    return x.as_nd_ndarray() if hasattr(x, "as_nd_ndarray") else x


def checkpoint(f: Callable) -> Callable:
    """Return `f`, which keeps only its arguments, and is run again in the backward pass.

    It trades time for memory: nothing that is computed inside `f` is kept for the gradient.

    The second run draws the same random numbers as the first: from ``np.random``, and from the
    generators that are arguments of `f`, or variables that `f` reads.

    Raises
    ------
    TypeError
        If `f` uses a recorded array that is no argument: its gradient would be lost.
    RuntimeError
        In the backward pass, if the second run returns other values than the first.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> wave = minpy.checkpoint(lambda x: np.sin(np.exp(x)))
    >>> bool(minpy.grad(wave)(0.0) == minpy.grad(lambda x: np.sin(np.exp(x)))(0.0))
    True
    """

    def run(call: Any, arrays: Sequence[Any]) -> Any:
        given = iter(arrays)
        args, kwargs = tree_map(lambda x: next(given) if type(x) is Array else x, call)
        return f(*args, **kwargs)

    def forward(*data: Any, call: tuple, states: list) -> Any:
        result = run(call, [wrap(x) for x in data])
        if any(map(is_recorded, leaves(result))):
            raise _uses_recorded(f"checkpoint({name_of(f)})")
        return tree_map(lambda x: current_data(as_array(x)), result)

    def rule(g: Any, ans: Any, *arrays: Any, call: tuple, states: list, argnum: int) -> Any:
        def weighted(*xs: Any) -> Any:
            results = run(call, xs)
            if not all(map(_agree, leaves(results), leaves(ans))):
                raise _other_values(f)
            if type(g) is not tuple:
                return sum_(results * g)
            products = [sum_(y * part) for y, part in zip(results, g, strict=True)]
            return functools.reduce(add, products)

        now = [(bits, bits.state) for bits, _ in states]
        _set_states(states)
        try:
            return make_vjp(weighted, argnum)(*arrays)[0](1.0)
        finally:
            _set_states(now)

    record = Op("checkpoint", Rules(each=rule), "all ans", forward, wrapped=True)
    record.by_backend = OnEachBackend(lambda backend: forward)

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        arrays = [x for x in leaves((args, kwargs)) if type(x) is Array]
        if not arrays:
            return f(*args, **kwargs)
        states = [(bits, bits.state) for bits in _bit_generators(f, args, kwargs)]
        return apply(record, *arrays, call=(args, kwargs), states=states)

    return checkpointed


def _bit_generators(f: Callable, args: tuple, kwargs: dict) -> list[Any]:
    """Return the sources of random numbers: of ``np.random``, and of generators `f` reads."""
    code = inspect.unwrap(f)
    read = inspect.getclosurevars(code) if inspect.isfunction(code) else None
    variables = (read.nonlocals, read.globals) if read else ()
    found: list[Any] = [onp.random.get_state.__self__]  # type: ignore[attr-defined]
    for x in leaves((args, kwargs, *variables)):
        if isinstance(x, onp.random.Generator | onp.random.RandomState):
            found.append(x)
    bits = [getattr(x, "bit_generator", None) or x._bit_generator for x in found]
    return list({id(b): b for b in bits}.values())


def _set_states(states: list) -> None:
    for bits, state in states:
        bits.state = state


def _agree(again: Any, first: Any) -> bool:
    """Whether two runs returned the same, up to what threads do to the last digits."""
    again, first = (onp.asarray(printable(as_array(x))) for x in (again, first))
    return again.shape == first.shape and onp.allclose(again, first, 1e-3, 1e-6, equal_nan=True)


def _other_values(f: Callable) -> RuntimeError:
    return RuntimeError(
        f"checkpoint({name_of(f)}) returned other values when it was run again for the gradient. "
        "If it draws random numbers, draw them from np.random, or pass the generator as an "
        "argument; if it reads something that changes between the two runs, pass that as an "
        "argument"
    )
