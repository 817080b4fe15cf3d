"""Inputs of checks: how they are drawn, copied before a call, and compared after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as onp


@dataclass(frozen=True)
class Draw:
    """An input that is drawn anew for each run.

    Attributes
    ----------
    shape : str
        Its axes as names of sizes, numbers, or both in arithmetic without spaces: ``"N C H//2"``.
    fill : callable
        Given a `numpy.random.Generator` and the shape, returns the array.
    """

    shape: str
    fill: Callable[[onp.random.Generator, tuple[int, ...]], Any]

    def __call__(self, rng: onp.random.Generator, sizes: Mapping[str, int]) -> onp.ndarray:
        """Return a new array of these sizes."""
        return onp.asarray(self.fill(rng, shape_of(self.shape, sizes)))


def normal(shape: str, scale: float = 1.0, shift: float = 0.0) -> Draw:
    """Normal numbers of mean `shift` and standard deviation `scale`.

    Examples
    --------
    >>> import numpy
    >>> normal("N D", scale=0.1)(numpy.random.default_rng(0), {"N": 2, "D": 3}).shape
    (2, 3)
    """
    return Draw(shape, lambda rng, shape: shift + scale * rng.standard_normal(shape))


def uniform(shape: str, low: float = 0.0, high: float = 1.0) -> Draw:
    """Uniform numbers from `low` to `high`.

    Examples
    --------
    >>> import numpy
    >>> bool(uniform("9", 2, 3)(numpy.random.default_rng(0), {}).min() >= 2)
    True
    """
    return Draw(shape, lambda rng, shape: rng.uniform(low, high, shape))


def away_from_zero(shape: str, low: float = 0.1, high: float = 2.0) -> Draw:
    """Numbers of either sign, of sizes from `low` to `high`: differences across a kink say nothing.

    Examples
    --------
    >>> import numpy
    >>> bool(abs(away_from_zero("9")(numpy.random.default_rng(0), {})).min() >= 0.1)
    True
    """

    def fill(rng: onp.random.Generator, shape: tuple[int, ...]) -> onp.ndarray:
        return rng.uniform(low, high, shape) * rng.choice([-1, 1], shape)

    return Draw(shape, fill)


def labels(shape: str, below: str | int) -> Draw:
    """Whole numbers from 0 to one less than `below`: a number, or the name of a size.

    Examples
    --------
    >>> import numpy
    >>> labels("N", below="C")(numpy.random.default_rng(0), {"N": 4, "C": 1})
    array([0, 0, 0, 0])
    """
    return _Labels(shape, lambda rng, shape: None, below)


@dataclass(frozen=True)
class _Labels(Draw):
    below: str | int = 2

    def __call__(self, rng: onp.random.Generator, sizes: Mapping[str, int]) -> onp.ndarray:
        below = shape_of(str(self.below), sizes)[0]
        return rng.integers(below, size=shape_of(self.shape, sizes))


def shape_of(text: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return the shape that a text such as ``"N 2*D"`` stands for.

    Examples
    --------
    >>> shape_of("N 2*D", {"N": 4, "D": 3})
    (4, 6)
    """
    try:
        return tuple(int(eval(axis, {"__builtins__": {}}, dict(sizes))) for axis in text.split())
    except NameError as error:
        raise ValueError(f"the shape {text!r}: {error}; the sizes are {dict(sizes)}") from None


def drawn(
    inputs: Mapping[str, Any],
    sizes: Mapping[str, int],
    rng: onp.random.Generator,
    dtype: Any = onp.float64,
) -> dict[str, Any]:
    """Draw the inputs of one call: those that are a `Draw`, and the others as they are.

    Parameters
    ----------
    inputs : mapping of str to Draw, callable or value
        A callable is given `rng` and `sizes`; a list becomes an array.
    sizes : mapping of str to int
    rng : numpy.random.Generator
    dtype : dtype
        What floating arrays become.  Numbers stay numbers.

    Returns
    -------
    dict

    Examples
    --------
    >>> import numpy
    >>> made = drawn({"x": normal("N"), "reg": 0.1}, {"N": 2}, numpy.random.default_rng(0), "f4")
    >>> made["x"].dtype, made["reg"]
    (dtype('float32'), 0.1)
    """
    made = {}
    for name, how in inputs.items():
        value = how(rng, sizes) if callable(how) else how
        if isinstance(value, list | tuple | onp.ndarray):
            value = onp.array(value)
            value = value.astype(dtype) if value.dtype.kind == "f" else value
        made[name] = value
    return made


def integers(shape: str, low: int = -3, high: int = 3) -> Draw:
    """Whole numbers from `low` to `high`, of dtype int64, for functions that take them too.

    Examples
    --------
    >>> import numpy
    >>> integers("3", 2, 2)(numpy.random.default_rng(0), {})
    array([2, 2, 2])
    """
    return Draw(shape, lambda rng, shape: rng.integers(low, high + 1, shape))


def copied(value: Any) -> Any:
    """Return an input that a student's function may write to: arrays, dicts and lists of them too.

    Examples
    --------
    >>> import numpy
    >>> before = {"w": numpy.zeros(2)}
    >>> given = copied(before)
    >>> given["w"] += 1
    >>> before
    {'w': array([0., 0.])}
    """
    if isinstance(value, dict):
        return {key: copied(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(copied, value))
    return value.copy() if hasattr(value, "copy") else value


def is_unchanged(before: Any, after: Any) -> bool:
    """Return whether an input is after a call what it was before it.

    Examples
    --------
    >>> import numpy
    >>> is_unchanged({"w": numpy.zeros(2)}, {"w": numpy.zeros(2)})
    True
    >>> is_unchanged([1, 2], [1, 2, 3])
    False
    """
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and set(before) == set(after)
            and all(is_unchanged(before[key], after[key]) for key in before)
        )
    if isinstance(before, list | tuple):
        return (
            type(before) is type(after)
            and len(before) == len(after)
            and all(map(is_unchanged, before, after))
        )
    if isinstance(before, onp.ndarray):
        return bool(
            isinstance(after, onp.ndarray)
            and before.dtype == after.dtype
            and onp.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
        )
    return bool(onp.array_equal(before, after))
