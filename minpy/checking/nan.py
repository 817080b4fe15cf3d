"""Finding the op that makes the first NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as onp

from minpy.array import Array, printable
from minpy.backends import backend_of
from minpy.checking.instrument import watching
from minpy.errors import NanError


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
    with watching(_looking):
        yield


def _looking(name: str, run: Callable) -> Callable:
    def checked(*args, **static):
        try:
            # for the call alone: two blocks that overlap would put back each other's settings
            with onp.errstate(invalid="ignore", divide="ignore"):
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
