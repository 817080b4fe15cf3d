"""Neural networks."""

from minpy.nn import augment, functional, io, parameters

__all__ = ["augment", "functional", "io", "parameters"]
