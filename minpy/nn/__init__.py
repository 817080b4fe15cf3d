"""Neural networks."""

from minpy.nn import functional

__all__ = ["functional"]
