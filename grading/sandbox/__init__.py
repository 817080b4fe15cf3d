"""Where submissions run: the protocol of a sandbox, and the classes that keep to it."""

from grading.sandbox.process import LimitedProcess
from grading.sandbox.protocol import Limits, RunnerLostError, Sandbox, TimeLimitError

__all__ = ["LimitedProcess", "Limits", "RunnerLostError", "Sandbox", "TimeLimitError"]
