"""A loss that is no number any more: when it happened, how it came, and what to try."""

from __future__ import annotations

from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.nn.optim import global_norm
from minpy.nn.tables import Table
from minpy.nn.training_state import TrainingState

__all__ = ["DivergedError", "divergence_error"]

LAST = 8  # losses in the message

ADVICE = """\
What to try:
- a learning rate ten times smaller, or one that grows over the first steps (schedules.warmup);
- gradients that cannot become too large: Solver(..., clip_norm=1.0);
- inputs of size 1 or so (images divided by 255, mean subtracted), and no NaN in the data;
- a loss that takes scores and not probabilities (softmax_loss), so that log never sees zero;
- to find the operation that makes the first NaN: with minpy.detect_nan(): solver.train()"""


class DivergedError(ArithmeticError):
    """The loss, or the norm of the gradients, became NaN or infinite."""


def divergence_error(
    state: TrainingState,
    loss: float,
    params: dict[str, Any],
    gradients: dict[str, Any],
    batch: Any,
    learning_rate: Any,
) -> DivergedError:
    """Return the error that says at which step, after which losses, and with which gradients.

    Parameters
    ----------
    state : TrainingState
        That before the step.
    loss : float
        That of the step.
    params, gradients : dict of Array
    batch : DataBatch
    learning_rate : float or str
        As it is to be printed.
    """
    before = state.loss_history[-LAST:]
    what = f"the loss became {loss}" if not onp.isfinite(loss) else "the gradients became infinite"
    lines = [
        f"{what} at step {state.iteration + 1}, in epoch {state.epoch + 1}; "
        "that step was not made.",
        f"Losses before: {', '.join(f'{x:.4g}' for x in before) or 'none'}",
        f"Learning rate: {learning_rate}",
        str(norms(params, gradients)),
        *_faults(batch),
        ADVICE,
    ]
    return DivergedError("\n".join(lines))


def _faults(batch: Any) -> list[str]:
    """Return which arrays of a batch hold NaN or infinities."""
    bad = []
    for kind, arrays in {"data": batch.data, "label": batch.label}.items():
        for i, array in enumerate(arrays):
            x = np.asarray(array).asnumpy()
            if x.dtype.kind == "f" and not onp.isfinite(x).all():
                bad.append(f"{kind}[{i}]")
    return [
        f"In this batch {name} holds NaN or infinities: look at the data first." for name in bad
    ]


def norms(params: dict[str, Any], gradients: dict[str, Any]) -> Table:
    """Return a table of the norms of parameters and of their gradients.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> norms({"w": np.array([3.0, 4.0])}, {"w": np.array([0.0, np.inf])})
    parameter  its norm  norm of its gradient
    ---------  --------  --------------------
    w                 5  inf
    """
    rows = []
    with onp.errstate(over="ignore", invalid="ignore"):
        for name, g in gradients.items():
            rows.append([name, f"{global_norm(params[name]):.4g}", f"{global_norm(g):.4g}"])
    return Table(["parameter", "its norm", "norm of its gradient"], rows)
