"""Gradients against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as onp

from minpy import numpy as np
from minpy.array import Array, is_differentiable
from minpy.autograd import make_vjp
from minpy.checking.call_context import CallContext
from minpy.checking.card import Card
from minpy.checking.comparison import Comparison, compare
from minpy.checking.texts import Message, say
from minpy.errors import name_of
from minpy.tree import labels, leaves, tree_map

CENTRAL_STEP = float(onp.finfo(onp.float64).eps) ** (1 / 3)
COMPLEX_STEP = 1e-30
MOST_ELEMENTS = 2_000  # of an argument, before random directions take their place
MOST_OUTPUTS = 100  # of a result, before random combinations take their place
QUIET = 1e-6  # rounding of slopes, beside which a kink stands out
CLOSER = 1e-2  # how much smaller the steps are that look for a kink


@dataclass(frozen=True)
class ArgumentReport:
    """How far apart the gradients with respect to one argument are.

    Attributes
    ----------
    name : str
        Its position, and for a nested argument the way to the array in it, such as ``0['w']``.
    shape : tuple of int
    error : float
        The largest relative error, as `minpy.checking.relative_error` defines it.
    index : tuple of int
        Where it is: in the result, then in the argument; or the number of a random direction.
    gradient, numeric : float
        The two values there; of a complex argument's imaginary part after all real ones.
    checked : str
        What was compared.
    tolerance : float
    comparison : Comparison
        All of it, with what explains the error.
    """

    name: str
    shape: tuple[int, ...]
    error: float
    index: tuple[int, ...]
    gradient: float
    numeric: float
    checked: str
    tolerance: float
    comparison: Comparison

    @property
    def passed(self) -> bool:
        """Whether the largest error is within the tolerance."""
        return bool(self.error <= self.tolerance)  # a NaN is not


@dataclass(frozen=True)
class GradientReport:
    """What `gradcheck` found; true if all is well, readable when printed, a card in a notebook."""

    name: str
    arguments: tuple[ArgumentReport, ...]

    @property
    def passed(self) -> bool:
        """Whether every argument's gradient is within the tolerance."""
        return all(argument.passed for argument in self.arguments)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def card(self) -> Card:
        """The report as a card."""
        comparisons = [argument.comparison for argument in self.arguments]
        return Card(say("card.gradient", name=self.name), comparisons, about="gradients")

    def _repr_html_(self) -> str:
        return self.card._repr_html_()

    def __str__(self) -> str:
        return str(self.card)

    __repr__ = __str__


def gradcheck(
    f: Callable,
    *args: Any,
    argnum: int | Sequence[int] | None = None,
    tolerance: float = 1e-5,
    step: float | None = None,
    method: str = "central",
    directions: int | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradient of a function with finite differences, in float64.

    Parameters
    ----------
    f : callable
        Returns an array or a number.
    *args
        What `f` is called with; floating arrays and numbers are checked, also in nested dicts,
        lists, tuples and dataclasses.
    argnum : int or sequence of int, optional
        Which arguments to check; all floating ones by default.
    tolerance : float
        The largest relative error that passes.
    step : float, optional
        How far to move an element: by default 6e-6 times its size, or 1e-30 for complex steps.
    method : {'central', 'complex'}
        Central differences; or the imaginary part of one step along the imaginary axis, exact to
        rounding, for functions that are analytic (no ``abs``, no comparisons).
    directions : int, optional
        Compare along this many random directions; by default only for arguments of more than 2,000
        elements, and each element otherwise.
    seed : int
        Of the random directions.

    Returns
    -------
    GradientReport
        True if all is well; a card in a notebook, and the same as text when printed.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> report = minpy.gradcheck(lambda x, w: np.tanh(x @ w), np.ones((2, 3)), np.ones(3))
    >>> report.passed, len(report.arguments)
    (True, 2)
    """
    if method not in ("central", "complex"):
        raise ValueError(f"method must be 'central' or 'complex', but is {method!r}")
    which = range(len(args)) if argnum is None else argnum
    chosen = {w % len(args) for w in ([which] if isinstance(which, int) else which)}
    args = tuple(float(x) if type(x) is int and i in chosen else x for i, x in enumerate(args))
    flat = [_as_float64(x) for x in leaves(args)]
    names = [(i, name) for i, x in enumerate(args) for name in labels(x, str(i))]
    places = [
        place
        for place, (i, _) in enumerate(names)
        if i in chosen and is_differentiable(flat[place])
    ]
    if not places:
        raise TypeError("gradcheck found no floating array or number to check among its arguments")

    def of_leaves(*values: Any) -> Any:
        given = iter(values)
        return f(*tree_map(lambda _: next(given), args))

    called = [name for _, name in names]
    rng = onp.random.default_rng(seed)
    reports = tuple(
        _checked(of_leaves, flat, place, called, tolerance, step, method, directions, rng)
        for place in places
    )
    return GradientReport(name_of(f), reports)


def _as_float64(x: Any) -> Any:
    if type(x) is int or not is_differentiable(x):
        return x
    x = np.asarray(x)
    return x.astype(onp.complex128 if x.dtype.kind == "c" else onp.float64)


def _checked(
    f: Callable,
    args: list[Any],
    argnum: int,
    names: list[str],
    tolerance: float,
    step: float | None,
    method: str,
    directions: int | None,
    rng: onp.random.Generator,
) -> ArgumentReport:
    name, x = names[argnum], args[argnum].asnumpy()
    with warnings.catch_warnings():  # the report shows a gradient that got lost
        warnings.filterwarnings("ignore", message="the result of .* does not depend on argument")
        vjp, value = make_vjp(f, argnum)(*args)

    def at(moved: onp.ndarray) -> onp.ndarray:
        result = f(*args[:argnum], np.array(moved), *args[argnum + 1 :])
        return onp.asarray(result.asnumpy() if type(result) is Array else result).reshape(-1)

    if directions is None and x.size > MOST_ELEMENTS:
        directions = 20
    ways, checked = _ways(x, directions, rng)
    outs = _combinations(value, rng)
    numeric = onp.stack([(outs @ _derivative(at, x, way, step, method)).real for way in ways], -1)
    rows = [vjp(np.array(out.reshape(value.shape).astype(value.dtype))).asnumpy() for out in outs]
    flat = onp.stack([row.reshape(-1) for row in rows])
    gradient = (flat @ onp.stack([way.reshape(-1) for way in ways], -1)).real
    if not numeric.size:
        found = Comparison(name, "right", tolerance, x.shape, x.shape, error=0.0)
        return ArgumentReport(name, x.shape, 0.0, (), 0.0, 0.0, "nothing", tolerance, found)
    each = numeric.size == value.size * x.size and not directions and value.size <= MOST_OUTPUTS
    shape = (*value.shape, *x.shape) if each else numeric.shape
    compared = (gradient.reshape(shape), numeric.reshape(shape))
    called = _indexed(name)
    found = compare(called, *compared, tolerance=tolerance)
    if not found.passed:
        context = _context(at, args, names, argnum, ways, numeric, shape, step, method)
        found = compare(called, *compared, tolerance=tolerance, context=context)
    assert found.index is not None  # the shapes are the same
    out, way = onp.unravel_index(onp.ravel_multi_index(found.index, shape), numeric.shape)
    where_out = onp.unravel_index(out % value.size, value.shape) if value.shape else ()
    where_in = (way,) if directions else onp.unravel_index(way % x.size, x.shape)
    where_out, where_in = (tuple(int(i) for i in where) for where in (where_out, where_in))
    index = (*where_out, *where_in) if value.size <= MOST_OUTPUTS else where_in
    kind = "jacobian" if where_out and each else checked
    detail = Message(f"checked.{kind}", {"out": where_out, "place": where_in})
    found = replace(found, name=name, shape=x.shape, expected_shape=x.shape)
    found = replace(found, index=index, detail=detail)
    numbers = (float(gradient[out, way]), float(numeric[out, way]))
    error = float(found.error or 0.0)
    return ArgumentReport(name, x.shape, error, index, *numbers, checked, tolerance, found)


def _indexed(name: str) -> str:
    """Return how a gradient is called in words: ``0['w']`` is ``gradient[0]['w']``."""
    position = name.partition("[")[0].partition(".")[0]
    return f"gradient[{position}]{name[len(position) :]}"


def _context(
    at: Callable,
    args: list[Any],
    names: list[str],
    argnum: int,
    ways: list[onp.ndarray],
    numeric: onp.ndarray,
    shape: tuple[int, ...],
    step: float | None,
    method: str,
) -> CallContext:
    """Look again, where the gradients do not agree: for lengths, weights, kinks and rounding."""
    arrays = {n: a.asnumpy() for n, a in zip(names, args, strict=True) if isinstance(a, Array)}
    factors = {
        say("checked.length", name=name, axis=axis): float(length)
        for name, array in arrays.items()
        for axis, length in enumerate(array.shape)
    }
    known: dict[str, Any] = {"factors": _distinct(factors), "weights": arrays}
    if method == "complex" or numeric.shape[0] > 1 or shape[1:] == numeric.shape[1:]:
        return CallContext(**known)
    x = args[argnum].asnumpy()
    middle, h = at(x), step or CENTRAL_STEP
    values = [at(x + h * way)[0] for way in ways[:3]]
    dtype = "float32" if all(onp.float32(value) == value for value in values) else "float64"
    known["numeric"] = (h, float(abs(middle[0])), dtype)
    slopes = onp.empty((2, len(ways)))
    for place, way in enumerate(ways):
        h = CLOSER * _length(x, way, step)
        slopes[:, place] = (at(x + h * way) - middle)[0] / h, (middle - at(x - h * way))[0] / h
    noise = float(onp.finfo(dtype).eps) * abs(middle[0]) / (CLOSER * (step or CENTRAL_STEP))
    if noise < QUIET * max(1.0, float(onp.abs(slopes).max())):  # else it looks like kinks
        known |= {"slopes": slopes.reshape(2, *shape), "step": step or CENTRAL_STEP}
    return CallContext(**known)


def _distinct(factors: dict[str, float]) -> dict[str, float]:
    """Leave out numbers that have two names, of which neither would be verified."""
    numbers = list(factors.values())
    return {words: number for words, number in factors.items() if numbers.count(number) == 1}


def _ways(x: onp.ndarray, directions: int | None, rng: Any) -> tuple[list[onp.ndarray], str]:
    """Return the directions to move `x` in: each element's, and for complex ones its imaginary."""
    if directions:
        return [rng.standard_normal(x.shape) for _ in range(directions)], "direction"
    basis = onp.eye(x.size).reshape((x.size, *x.shape))
    ways = list(basis)
    return ways + [1j * way for way in basis] if x.dtype.kind == "c" else ways, "element"


def _combinations(value: Any, rng: Any) -> onp.ndarray:
    """Return the combinations of results that are differentiated: each, or random ones.

    The gradient of a complex result ``u + iv`` is checked as that of ``u`` and that of ``-v``.
    """
    few = value.size <= MOST_OUTPUTS
    outs = onp.eye(value.size) if few else rng.standard_normal((5, value.size))
    return onp.concatenate([outs, 1j * outs]) if value.dtype.kind == "c" else outs


def _derivative(
    at: Callable, x: onp.ndarray, way: onp.ndarray, step: float | None, method: str
) -> onp.ndarray:
    """Return the derivative of ``at(x)`` along `way`."""
    if method == "complex":
        h = step or COMPLEX_STEP
        return at(x + 1j * h * way).imag / h
    h = _length(x, way, step)
    return (at(x + h * way) - at(x - h * way)) / (2 * h)


def _length(x: onp.ndarray, way: onp.ndarray, step: float | None) -> float:
    return (step or CENTRAL_STEP) * max(1.0, float(onp.abs(x[way != 0]).max(initial=0.0)))
