"""What ``numpy.lib`` has; `stride_tricks` knows gradients."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.numpy.lib import stride_tricks

__all__ = ["stride_tricks"]


def __getattr__(name: str) -> Any:
    return getattr(onp.lib, name)
