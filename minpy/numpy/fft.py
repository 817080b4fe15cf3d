"""``numpy.fft`` with gradients; see `minpy.numpy`."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.numpy._namespace import FFT, public

__all__ = list(onp.fft.__all__)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'minpy.numpy.fft' has no attribute {name!r}")
    value = public(name, getattr(onp.fft, name), "fft.", FFT)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return dir(onp.fft)
