"""The old minpy's `minpy.dispatch`: where its programs find policies."""

from minpy.dispatch import policy

__all__ = ["policy"]
