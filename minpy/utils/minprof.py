"""The old minpy's `minpy.utils.minprof`: its profiler."""

from minpy.checking.profiling import profile

__all__ = ["minprof"]

minprof = profile
