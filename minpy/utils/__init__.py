"""The old minpy's `minpy.utils`: where its programs find the profiler and gradient checks."""
