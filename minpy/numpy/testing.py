"""``numpy.testing`` for arrays of minpy: comparing looks at values, and so it is free."""

from __future__ import annotations

import functools
from typing import Any

import numpy as onp

from minpy.numpy._public import unwrap_nested


def __getattr__(name: str) -> Any:
    value = getattr(onp.testing, name)
    if not name.startswith("assert_") or name.startswith(("assert_raises", "assert_warns")):
        return value

    @functools.wraps(value)
    def call(*args: Any, **kwargs: Any) -> Any:
        return value(*unwrap_nested(args), **unwrap_nested(kwargs))

    globals()[name] = call
    return call


def __dir__() -> list[str]:
    return dir(onp.testing)
