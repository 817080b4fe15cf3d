"""The one table of what minpy is to reach.

A target says: the median over the rounds of `subject`'s cost divided by `peer`'s is at most
`limit`. The names are those of the cases (``python -m benchmarks --list``) and of the
implementations in their tables.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """``subject <= limit x peer`` in the table of one case."""

    case: str
    peer: str
    limit: float
    subject: str = "minpy"

    def __str__(self) -> str:
        return f"{self.subject} <= {self.limit:g} x {self.peer}"


TARGETS = (
    Target("op.plain", "NumPy", 2.2),
    Target("op.plain", "PyTorch", 0.7),
    Target("op.recorded_add", "NumPy", 2.7),
    Target("op.recorded_add", "PyTorch", 0.6),
    Target("op.recorded_multiply", "NumPy", 2.7),
    Target("op.recorded_multiply", "PyTorch", 0.6),
    Target("op.chain", "PyTorch", 0.5),
    Target("op.chain", "HIPS autograd", 0.17),
    Target("rnn_tiny", "PyTorch", 0.5),
    Target("rnn_tiny", "NumPy", 2.0),
    Target("rnn50", "NumPy", 1.15),
    Target("rnn50", "PyTorch", 1.15, subject="minpy (PyTorch)"),
    Target("mlp50", "NumPy", 1.15),
    Target("mlp50", "PyTorch", 1.15, subject="minpy (PyTorch)"),
    Target("cnn", "PyTorch", 1.1, subject="minpy (PyTorch)"),
    # 1.6 times the best of those that minpy may run on: of each of them.
    Target("cnn", "PyTorch", 1.6),
    Target("cnn", "MXNet", 1.6),
    Target("cnn", "PyTorch", 2.0, subject="minpy (NumPy)"),
    Target("conv.forward", "PyTorch", 1.1, subject="minpy (PyTorch)"),
    Target("conv.both", "PyTorch", 1.1, subject="minpy (PyTorch)"),
    Target("memory", "NumPy", 1.3),
    Target("memory", "NumPy", 1.3, subject="minpy.nn"),
    Target("memory", "NumPy", 1.8, subject="composed"),
    Target("inplace.time", "minpy, 200 steps", 2.3, subject="minpy, 400 steps"),
    Target("inplace.memory", "minpy, 200 steps", 2.3, subject="minpy, 400 steps"),
    *(
        Target("outliers", "minpy, x + y", 3, subject=f"minpy, {expression}")
        for expression in ("x.reshape(100)", "x.T", "x.sum()", "2 * x", "zeros_like(x)", "x[3]")
    ),
    Target("outliers", "minpy, x + y", 7, subject="minpy, f[:-1] += d"),
    Target("springs", "NumPy", 5),
    Target("import", "NumPy", 1.3),
    # Linear cost. A quadratic engine would need 100 times as much per op, one that visits what is
    # aside 11 times; the factor of 2 is for caches, which the longer chain does not fit in.
    Target("scaling.length", "minpy, 1,000 ops", 2.0, subject="minpy, 100,000 ops"),
    Target("scaling.aside", "minpy", 1.3, subject="minpy, 10,000 ops aside"),
    # A step through a Solver beside the same step without one.
    Target("solver.mlp", "by hand", 1.1),
    Target("solver.mlp", "by hand", 1.1, subject="minpy (modules)"),
    Target("solver.tiny", "by hand", 1.1),
    Target("solver.tiny", "by hand", 1.1, subject="minpy (modules)"),
    # On a CUDA GPU: python -m benchmarks --gpu.
    Target("rnn50.gpu", "PyTorch", 1.1),
    Target("mlp50.gpu", "PyTorch", 1.1),
    Target("cnn.gpu", "PyTorch", 1.1),
    # on NumPy alone, and on PyTorch; of the exact gelu, it is the error that has a limit (a test)
    Target("kernels.attention", "PyTorch", 3.0, subject="minpy (NumPy)"),
    Target("kernels.silu", "PyTorch", 3.0, subject="minpy (NumPy)"),
    Target("kernels.gelu_tanh", "PyTorch", 3.0, subject="minpy (NumPy)"),
    Target("kernels.layer_norm", "PyTorch", 2.5, subject="minpy (NumPy)"),
    Target("kernels.group_norm", "PyTorch", 3.0, subject="minpy (NumPy)"),
    *(
        Target(f"kernels.{name}", "PyTorch", 1.15, subject="minpy (PyTorch)")
        for name in ("attention", "silu", "gelu", "gelu_tanh", "layer_norm", "group_norm")
    ),
)


def targets_of(case: str) -> list[Target]:
    """Return the targets of one case, in the order of the table."""
    return [target for target in TARGETS if target.case == case]
