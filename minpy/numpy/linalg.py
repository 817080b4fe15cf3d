"""``numpy.linalg`` with gradients; see `minpy.numpy`."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.numpy._namespace import LINALG, public

__all__ = list(onp.linalg.__all__)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'minpy.numpy.linalg' has no attribute {name!r}")
    value = public(name, getattr(onp.linalg, name), "linalg.", LINALG)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return dir(onp.linalg)
