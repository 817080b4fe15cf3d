"""Where submissions run: the protocol of a sandbox, and the classes that keep to it."""

from grading.sandbox.box import Box, BoxServer
from grading.sandbox.process import LimitedProcess
from grading.sandbox.protocol import (
    Limits,
    RunnerLostError,
    Sandbox,
    SandboxError,
    TimeLimitError,
)

__all__ = [
    "Box",
    "BoxServer",
    "LimitedProcess",
    "Limits",
    "RunnerLostError",
    "Sandbox",
    "SandboxError",
    "TimeLimitError",
]
