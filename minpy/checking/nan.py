"""Finding the op that makes the first NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as onp

from minpy.array import Array, printable
from minpy.backends import backend_of
from minpy.errors import NanError
from minpy.tape import EachArgument, every_op, users_ops


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
    minpy.errors.NanError: the first NaN was made by log, at index (1,) (of arguments shaped (2,))
    """
    records = (*every_op.values(), *users_ops)
    before = [(record, record.raw, record.rules, record.watch) for record in records]
    try:
        for record, run, rules, _ in before:
            record.watch = partial(_looking, record.name)
            record.raw = _looking(record.name, run)
            record.rules = _looking_rules(f"the gradient of {record.name}", rules)
        with onp.errstate(invalid="ignore", divide="ignore"):
            yield
    finally:
        for record, run, rules, watch in before:
            record.watch = watch
            record.raw = run
            record.rules = rules


def _looking_rules(name: str, rules: Any) -> Any:
    if isinstance(rules, EachArgument):
        return EachArgument(_looking(name, rules.rule))
    if isinstance(rules, dict):
        return type(rules)({argnum: _looking(name, rule) for argnum, rule in rules.items()})
    return tuple(rule and _looking(name, rule) for rule in rules)


def _looking(name: str, run: Callable) -> Callable:
    def checked(*args, **static):
        try:
            ans = run(*args, **static)
        except NanError as error:  # of an op inside of a gradient
            raise NanError(f"{error}, in {name}") from None
        bad = _first_nan(ans)
        if bad is not None and all(_first_nan(x) is None for x in args):
            shapes = " and ".join(str(tuple(x.shape)) for x in args if hasattr(x, "shape"))
            raise NanError(
                f"the first NaN was made by {name}, at index {bad} (of arguments shaped {shapes})"
            )
        return ans

    return checked


def _first_nan(value: Any) -> tuple[int, ...] | None:
    value = getattr(value, "g", value)  # what a rule returns may be a part of a gradient
    if type(value) is tuple:
        return next((found for found in map(_first_nan, value) if found is not None), None)
    data = printable(value) if type(value) is Array else value
    backend = backend_of(data)
    data = data if backend is None else backend.to_numpy(data)
    if not isinstance(data, onp.ndarray | onp.inexact) or data.dtype.kind not in "fc":
        return None
    bad = onp.isnan(data)
    return tuple(int(i) for i in onp.argwhere(bad)[0]) if bad.any() else None
