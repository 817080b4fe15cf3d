"""``numpy.emath`` with gradients; see `minpy.numpy`."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.numpy._namespace import EMATH, public


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'minpy.numpy.emath' has no attribute {name!r}")
    value = public(name, getattr(onp.emath, name), "emath.", EMATH)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return dir(onp.emath)
