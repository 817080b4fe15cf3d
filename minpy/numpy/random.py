"""``numpy.random``: random arrays, all from one stream.

The functions are NumPy's and draw from NumPy's global state, so that ``np.random.seed(0)`` gives
the numbers it gives in NumPy.  `generator` shares that state; every backend draws from it.
"""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.numpy._public import mutating, plain

__all__ = list(onp.random.__all__)


class Generator(onp.random.Generator):
    """NumPy's generator, whose methods return minpy's arrays."""


def _method(name: str) -> Any:
    def method(self, *args, **kwargs):
        if kwargs.get("out") is not None:  # which is written afterwards, and says how many to draw
            kwargs.setdefault("size", kwargs["out"].shape)
        draw = getattr(onp.random.Generator(self.bit_generator), name)
        public = mutating if name == "shuffle" else plain
        return public(f"Generator.{name}", draw)(*args, **kwargs)

    method.__name__ = name
    method.__doc__ = getattr(onp.random.Generator, name).__doc__
    method.__module__ = "numpy.random"  # whose documentation it is
    return method


for _name in dir(onp.random.Generator):
    if not _name.startswith("_") and _name not in ("bit_generator", "spawn"):
        setattr(Generator, _name, _method(_name))


def default_rng(seed: Any = None) -> Generator:
    """Return a generator of its own, seeded as in `numpy.random.default_rng`."""
    if isinstance(seed, Generator):
        return seed
    return Generator(onp.random.default_rng(seed).bit_generator)


def generator() -> Generator:
    """Return the generator behind the functions of this module: seeded by `seed`."""
    return Generator(onp.random.get_state.__self__._bit_generator)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'minpy.numpy.random' has no attribute {name!r}")
    value = getattr(onp.random, name)
    if callable(value) and not isinstance(value, type):
        wrapper = mutating if name == "shuffle" else plain
        value = wrapper(f"random.{name}", value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*dir(onp.random), "generator"]
