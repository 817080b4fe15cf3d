"""The old minpy's `minpy.dispatch`: where its programs find policies."""
