"""A wrong output with all that is known about it, and the question asked of it: does this fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as onp

from minpy.checking.call_context import CallContext
from minpy.checking.relative_error import FLOOR, relative_errors
from minpy.checking.untrusted import receive

STRICTEST, LOOSEST = 1e-10, 1e-3  # errors up to which an explanation counts as verified
FEWEST = 3  # entries that a pattern must hold for before it is one


@dataclass(frozen=True, eq=False)
class Suspect:
    """A wrong output, and what a hypothesis about it may ask.

    Attributes
    ----------
    name : str
    actual, expected : ndarray
        Of any two shapes.
    tolerance : float
    floor : float, optional
    dtype : str, optional
        What the output came in.
    context : CallContext
    """

    name: str
    actual: onp.ndarray
    expected: onp.ndarray
    tolerance: float
    floor: float | None = None
    dtype: str | None = None
    context: CallContext = field(default_factory=CallContext)
    _made: dict = field(default_factory=dict, repr=False)

    @property
    def same_shape(self) -> bool:
        """Whether the output has the shape it must have."""
        return self.actual.shape == self.expected.shape

    @cached_property
    def precision(self) -> float:
        """The precision of the output's dtype; 0 of integers."""
        dtype = onp.dtype(self.dtype or "float64")
        return float(onp.finfo(dtype).eps) if dtype.kind in "fc" else 0.0

    @cached_property
    def bound(self) -> float:
        """The error up to which an explanation is verified: the tolerance, if it is a tight one."""
        rounding = 100 * self.precision
        return min(max(self.tolerance, rounding, STRICTEST), max(LOOSEST, rounding))

    @cached_property
    def wrong(self) -> onp.ndarray:
        """Which entries are wrong."""
        return ~(relative_errors(self.actual, self.expected, self.floor) <= self.tolerance)

    @cached_property
    def matters(self) -> onp.ndarray:
        """Which expected values are more than zero up to rounding."""
        size = onp.abs(self.expected)
        return (size > FLOOR * size.max(initial=0.0)) & onp.isfinite(size)

    @cached_property
    def telling(self) -> bool:
        """Whether the expected values are so many and so odd that nothing fits them by chance.

        Small integers, such as classes, and arrays of one value fit too much.
        """
        values = self.expected[self.matters]
        return len(onp.unique(values)) >= FEWEST and bool((values != onp.round(values)).any())

    def fit(self, changed: Any, expected: Any = None) -> float | None:
        """Return how right an output would be that is changed like this; None if not right.

        Parameters
        ----------
        changed : ndarray
            The output with what a hypothesis says undone.
        expected : ndarray, optional
            What it then has to be, in place of the whole expected output.
        """
        expected = self.expected if expected is None else expected
        if onp.shape(changed) != expected.shape:
            return None
        error = relative_errors(onp.asarray(changed), expected, self._floor).max(initial=0.0)
        return float(error) if error <= self.bound else None

    @cached_property
    def _floor(self) -> float | None:
        """One floor for the whole output also where a part of it is looked at."""
        if self.floor is not None:
            return self.floor
        largest = onp.abs(self.expected)[onp.isfinite(self.expected)].max(initial=0.0)
        return max(FLOOR * float(largest), 1e-12)

    def factor(self, of: onp.ndarray, base: onp.ndarray) -> Any:
        """Return the factor that brings `base` closest to `of`, by least squares."""
        size = onp.vdot(base, base).real
        return 0.0 if not size else (onp.vdot(base, of) / size).item()

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` made when it was first asked for under this key."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def arrays(self, *parts: str) -> dict[str, onp.ndarray]:
        """Return the arrays in parts of the context, such as ``"weights"``, by their names."""
        return self.once(parts, lambda: self._arrays(parts))

    def _arrays(self, parts: tuple[str, ...]) -> dict[str, onp.ndarray]:
        found = {}
        for part in parts:
            for name, value in getattr(self.context, part).items():
                array = receive(value).array
                if array is not None:
                    found[str(name)] = array
        return found

    def alike(self, part: str) -> dict[str, onp.ndarray]:
        """Return those arrays in a part of the context that have the expected shape."""
        shape = self.expected.shape
        return {name: array for name, array in self.arrays(part).items() if array.shape == shape}
