"""The old minpy's `minpy.utils`: where its programs find the profiler and gradient checks."""

from minpy.utils import gradient_checker, minprof

__all__ = ["gradient_checker", "minprof"]
