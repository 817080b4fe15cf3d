"""Floating numbers without axes: NumPy's scalars, with the methods of arrays that those lack.

What NumPy's functions return without axes is a scalar of NumPy, and a ``numpy.float64`` is a
Python float: others take it for a number.  Where nothing is recorded, ours are of subclasses, so
that ``json.dumps({"loss": loss})`` works, and ``loss.asnumpy()`` too.

A scalar stays out of the hot path: it is made where an op's result has no axes, and an op that
meets one takes NumPy's scalar in its place, for which NumPy has shortcuts.
"""

from __future__ import annotations

from typing import Any

import numpy as onp

_bases = [kind for kind in set(onp.sctypeDict.values()) if issubclass(kind, onp.inexact)]

SCALARS: dict[type, type] = {
    base: type(base.__name__, (base,), {"__slots__": (), "__module__": __name__}) for base in _bases
}
"""Our type for each of NumPy's."""

BASES: dict[type, type] = {ours: base for base, ours in SCALARS.items()}
"""NumPy's type for each of ours."""

PLAIN = {ours: base.__pos__ for ours, base in BASES.items()}
"""What takes a scalar of ours to NumPy's: for this ``+x`` is the shortest way."""


def as_scalar(data: Any) -> Any:
    """Return a floating scalar of NumPy, or an array without axes, as a scalar of ours.

    Examples
    --------
    >>> isinstance(as_scalar(onp.float64(2.5)), float)
    True
    """
    return SCALARS[data.dtype.type](data)


def plain_scalar(x: Any) -> Any:
    """Return a scalar of ours as NumPy's; anything else as it is."""
    return PLAIN[type(x)](x) if type(x) in PLAIN else x
