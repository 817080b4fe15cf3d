"""Neural networks."""

from minpy.nn import augment, functional, io

__all__ = ["augment", "functional", "io"]
