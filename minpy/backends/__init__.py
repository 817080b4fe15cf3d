"""Backends: what differs between array libraries.

An array lives in one library on one device, and an op runs where its arrays live.  What the engine
needs of such a place is a `Backend`: its raw array type, two conversions, and a module of
differences.  The implementation of an op is the same-named function of that module, else NumPy's by
a round trip through NumPy arrays, which is counted in `Backend.fallbacks`.

NumPy itself is the backend every other one falls back to.  A new backend is one module with the
functions that differ, and one line in `minpy.backends.libraries`; see `minpy.backends.numpy`.
"""

from minpy.backends.backend import NUMPY, Backend
from minpy.backends.placement import backend_for, check_policy, current, using
from minpy.backends.registry import (
    FOREIGN,
    NUMPYS,
    backend_of,
    common_backend,
    register,
    runs_bare,
)

__all__ = [
    "FOREIGN",
    "NUMPY",
    "NUMPYS",
    "Backend",
    "backend_for",
    "backend_of",
    "check_policy",
    "common_backend",
    "current",
    "register",
    "runs_bare",
    "using",
]
