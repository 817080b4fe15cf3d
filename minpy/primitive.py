"""The old minpy's `minpy.primitive`: where its programs import `customop` from."""

from minpy.extend import customop

__all__ = ["customop"]
