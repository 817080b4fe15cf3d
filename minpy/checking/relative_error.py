"""How far apart two arrays are, and where.

**The relative error** of an entry is ``|actual - expected|``, divided by the largest of
``|actual|``, ``|expected|`` and a floor.  The floor is a thousandth of the largest ``|expected|``
in the array, so that an entry which is 0 up to rounding does not count as wrong; it is at least
1e-12.  NaN where a number is expected is an infinite error.
"""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.checking.texts import Message

FLOOR = 1e-3  # of the largest expected value
LEAST = 1e-12
BLOCKS = 16  # of a heat map, along each side
FEW = 3  # rows that are named one by one


def relative_errors(
    actual: onp.ndarray, expected: onp.ndarray, floor: float | None = None
) -> onp.ndarray:
    """Return the relative error of each entry (defined at the top of this module).

    Parameters
    ----------
    actual, expected : ndarray, of one shape
    floor : float, optional

    Examples
    --------
    >>> import numpy as np
    >>> relative_errors(np.array([1.0, 1e-9]), np.array([2.0, 0.0]))
    array([5.e-01, 5.e-07])
    """
    with onp.errstate(all="ignore"):
        size = onp.abs(expected)
        if floor is None:
            finite = size[onp.isfinite(size)]
            floor = max(FLOOR * float(finite.max(initial=0.0)), LEAST)
        size = onp.maximum(onp.maximum(onp.abs(actual), size), floor)
        error = onp.abs(actual - expected) / size
    same = (actual == expected) | (onp.isnan(actual) & onp.isnan(expected))
    return onp.where(same, 0.0, onp.where(onp.isfinite(error), error, onp.inf))


def heat_map(errors: onp.ndarray) -> tuple[tuple[float, ...], ...]:
    """Return the largest error in each of at most 16 times 16 blocks.

    Examples
    --------
    >>> import numpy as np
    >>> heat_map(np.array([0.0, 0.5]))
    ((0.0, 0.5),)
    >>> len(heat_map(np.zeros((100, 3)))), len(heat_map(np.zeros((100, 3)))[0])
    (16, 3)
    """
    table = errors.reshape(len(errors) if errors.ndim > 1 else 1, -1)
    for axis in (0, 1):
        length = table.shape[axis]
        starts = onp.unique(
            onp.linspace(0, length, min(length, BLOCKS), endpoint=False).astype(int)
        )
        table = onp.maximum.reduceat(table, starts, axis=axis)
    return tuple(tuple(float(f"{error:.2g}") for error in row) for row in table.tolist())


def where(bad: onp.ndarray) -> Message:
    """Say which entries are wrong, by rows or columns if all are in a few of them.

    Examples
    --------
    >>> import numpy as np
    >>> bad = np.zeros((4, 10), bool)
    >>> bad[:, 7] = True
    >>> print(where(bad))
    4 of 40 entries are wrong, all of them in column 7.
    """
    values: dict[str, Any] = {"wrong": int(bad.sum()), "count": bad.size}
    if values["wrong"] == bad.size:
        return Message("where.all", values)
    if values["wrong"] == 1:
        return Message("where.one", values)
    along = []
    for axis in range(bad.ndim):
        rest = tuple(other for other in range(bad.ndim) if other != axis)
        places = onp.flatnonzero(bad.any(axis=rest))
        if bad.ndim > 1 and len(places) <= min(FEW, bad.shape[axis] // 2):
            along.append((len(places), axis, places))
    if not along:
        return Message("where.some", values)
    few, axis, places = min(along, key=lambda found: found[:2])
    values["places"] = ", ".join(str(place) for place in places)
    if bad.ndim > 2:
        return Message("where.axis", values | {"axis": axis})
    kind = ("row", "column")[axis]
    return Message(f"where.{kind}" if few == 1 else f"where.{kind}s", values)
