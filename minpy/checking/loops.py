"""Python loops, found by counting steps: the clock of a busy machine proves nothing.

A vectorised function executes the same lines of Python for 50 examples and for 150.  A function
with a loop over the examples executes at least one more for each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

FEW, MANY = 50, 150  # two lengths of an axis that is not to be looped over
LENGTHS = (FEW, MANY, FEW, MANY)  # the first two calls import and cache what later ones find


@dataclass
class StepCount:
    """What `count_steps` yields.

    Attributes
    ----------
    steps : int
        Lines executed and functions called, all of them in Python.
    complete : bool
        False if something put another tracer in the place of ours.
    """

    steps: int = 0
    complete: bool = True


@contextmanager
def count_steps() -> Iterator[StepCount]:
    """Count the lines of Python that this thread executes in the functions called in the block.

    Examples
    --------
    >>> def total(x):
    ...     return sum(value for value in x)
    >>> with count_steps() as few:
    ...     _ = total(range(10))
    >>> with count_steps() as many:
    ...     _ = total(range(20))
    >>> many.steps - few.steps >= 10
    True
    """
    count = StepCount()

    def trace(frame: Any, event: str, argument: Any) -> Callable:
        count.steps += 1
        return trace

    before: Any = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        count.complete = sys.gettrace() is trace
        sys.settrace(before)


def is_loop(*steps: int) -> bool:
    """Say whether a function loops over an axis, by its steps for the lengths `LENGTHS`.

    Half a step for each further example is a loop; blocks of some dozens of examples are none.

    Examples
    --------
    >>> is_loop(95, 40, 20, 24), is_loop(800, 500, 170, 470)
    (False, True)
    """
    few, many = steps[-2:]
    return many - few >= (MANY - FEW) / 2
