"""How far training is: what a `Solver` changes, checkpoints write and callbacks read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from minpy.nn.tables import Table

__all__ = ["Trainer", "TrainingState"]


@dataclass
class TrainingState:
    """How far training is, and how it went.

    Attributes
    ----------
    epoch, iteration : int
        Whole epochs and steps so far.
    last_epoch : int
        The epoch after which training ends.
    seconds : float
        How long it took so far.
    loss_history : list of float
        The loss at each step.
    train_acc_history, val_acc_history : list of float
        The scores after each epoch.
    best_val_acc : float
        The best score.
    best_epoch : int or None
        The epoch that reached it.
    best_params, best_aux_params : dict of Array
        Copies of the parameters that reached it.
    stop_reason : str or None
        Why training stopped before its end.
    failed : bool
        Whether the last call of `Solver.train` ended with an exception.
    """

    epoch: int = 0
    iteration: int = 0
    last_epoch: int = 0
    seconds: float = 0.0
    loss_history: list[float] = field(default_factory=list)
    train_acc_history: list[float] = field(default_factory=list)
    val_acc_history: list[float] = field(default_factory=list)
    best_val_acc: float = 0.0
    best_epoch: int | None = None
    best_params: dict[str, Any] = field(default_factory=dict)
    best_aux_params: dict[str, Any] = field(default_factory=dict)
    stop_reason: str | None = None
    failed: bool = False


class Trainer(Protocol):
    """What callbacks use of a `Solver`; see there and `TrainingState`."""

    model: Any
    train_dataiter: Any
    task_type: str
    epoch: int
    iteration: int
    last_epoch: int
    loss_history: list[float]
    train_acc_history: list[float]
    val_acc_history: list[float]
    stop_reason: str | None
    failed: bool

    @property
    def learning_rate(self) -> float | None:
        """The learning rate of the first parameter."""

    def stop(self, reason: str) -> None:
        """Stop training after this step."""

    def save_checkpoint(self, path: str) -> None:
        """Write all that training depends on into a file."""

    def summary(self) -> Table:
        """Return a table of what was trained, for how long, and how good it became."""

    def plot(self) -> Any:
        """Return a picture of the losses and scores so far."""
