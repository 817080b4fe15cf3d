"""The old minpy's `minpy.context`: where its programs import devices from."""

from minpy.backends.context import Context, cpu, current_context, gpu, set_context

__all__ = ["Context", "cpu", "current_context", "gpu", "set_context"]
