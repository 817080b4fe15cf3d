"""Finding the op that makes the first NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as onp

from minpy.array import Array, current_data
from minpy.errors import NanError
from minpy.tape import every_op


@contextmanager
def detect_nan() -> Iterator[None]:
    """Raise `NanError` at the op, forward or backward, that makes the first NaN.

    It looks at every result and slows everything down, in all threads: for finding a fault.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> with minpy.detect_nan():
    ...     np.log(np.array([1.0, -1.0]))
    Traceback (most recent call last):
    minpy.errors.NanError: the first NaN was made by log, at index (1,) (its arguments: (2,))
    """
    before = [(record, record.raw, record.rules) for record in every_op.values()]
    try:
        for record, run, rules in before:
            record.raw = _looking(record.name, run)
            if type(rules) is tuple:
                name = f"the gradient of {record.name}"
                record.rules = tuple(rule and _looking(name, rule) for rule in rules)
        with onp.errstate(invalid="ignore", divide="ignore"):
            yield
    finally:
        for record, run, rules in before:
            record.raw = run
            record.rules = rules


def _looking(name: str, run: Callable) -> Callable:
    def checked(*args, **static):
        ans = run(*args, **static)
        bad = _first_nan(ans)
        if bad is not None and all(_first_nan(x) is None for x in args):
            shapes = " and ".join(str(x.shape) for x in args if hasattr(x, "shape"))
            raise NanError(
                f"the first NaN was made by {name}, at index {bad} (its arguments: {shapes})"
            )
        return ans

    return checked


def _first_nan(value: Any) -> tuple[int, ...] | None:
    value = getattr(value, "g", value)  # what a rule returns may be a part of a gradient
    if type(value) is tuple:
        return next((found for found in map(_first_nan, value) if found is not None), None)
    data = current_data(value) if type(value) is Array else value
    if not isinstance(data, onp.ndarray | onp.inexact) or data.dtype.kind not in "fc":
        return None
    bad = onp.isnan(data)
    return tuple(int(i) for i in onp.argwhere(bad)[0]) if bad.any() else None
