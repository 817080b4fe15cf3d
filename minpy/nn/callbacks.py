"""What a `Solver` calls on the way: to show progress, to keep checkpoints, to stop early.

A callback is any object with some of these methods; each is called with the solver::

    on_train_begin    before the first step
    on_step_end       after each step; solver.iteration counts it already
    on_epoch_end      after the accuracies of an epoch are known
    on_train_end      at the end, also after an error

It may look at everything, and `solver.stop(reason)` ends training.  This is one::

    class PrintNorm:
        def on_epoch_end(self, solver):
            print(optim.global_norm(solver.model.params))
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import minpy.numpy as np
from minpy.nn.interrupts import INTERRUPTED
from minpy.nn.training_state import Trainer
from minpy.plotting.live import LiveFigure, in_jupyter

__all__ = [
    "HOOKS",
    "Checkpoint",
    "EarlyStopping",
    "ExponentialAverage",
    "LivePlot",
    "ProgressBar",
    "TensorBoard",
]

HOOKS = ("on_train_begin", "on_step_end", "on_epoch_end", "on_train_end")


# ----- progress


class ProgressBar:
    """Show how far training is: a bar, a line for each epoch, and a summary at the end.

    The bar is tqdm's, in a terminal and in Jupyter.  Without tqdm, or where output goes to a file,
    there are plain lines instead.

    Parameters
    ----------
    every : int
        Steps between two losses that are shown.
    bar : bool, optional
        Whether there is a bar; by default, if somebody can see it.
    """

    def __init__(self, every: int = 10, bar: bool | None = None) -> None:
        self.every = max(1, every)
        self.bar = bar
        self._tqdm: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_tqdm": None}  # a copy has no place on the screen

    def on_train_begin(self, solver: Trainer) -> None:
        """Show the bar."""
        wanted = _is_watched() if self.bar is None else self.bar
        make = _tqdm() if wanted else None
        self._steps = _steps_to_go(solver)
        self._started = time.perf_counter()
        if make is not None:
            done = solver.iteration
            self._tqdm = make(total=self._steps, initial=done, unit="step", dynamic_ncols=True)
            self._tqdm.set_description(_epoch(solver, solver.epoch + 1), refresh=True)

    def on_step_end(self, solver: Trainer) -> None:
        """Move the bar, and now and then show the loss."""
        if self._tqdm is not None:
            self._tqdm.update()
        if solver.iteration % self.every:
            return
        loss = solver.loss_history[-1]
        if self._tqdm is not None:
            self._tqdm.set_postfix_str(f"loss {loss:.4f}", refresh=False)
        else:
            total = "" if self._steps is None else f" / {self._steps}"
            print(f"(Iteration {solver.iteration}{total}) loss: {loss:.6f}", flush=True)

    def on_epoch_end(self, solver: Trainer) -> None:
        """Write a line with the accuracies."""
        now = time.perf_counter()
        metric = "acc" if solver.task_type == "classification" else "loss"
        parts = [f"loss {_mean_loss(solver):.4f}"]
        for name, history in _scores(solver).items():
            parts.append(f"{name} {metric} {history[-1]:.4f}")
        parts.append(f"{now - self._started:.1f} s")
        self._started = now
        line = f"{_epoch(solver, solver.epoch)}  {'  '.join(parts)}"
        if self._tqdm is None:
            print(line, flush=True)
            return
        self._tqdm.write(line)
        if solver.epoch < solver.last_epoch:
            self._tqdm.set_description(_epoch(solver, solver.epoch + 1), refresh=False)

    def on_train_end(self, solver: Trainer) -> None:
        """Close the bar and print the summary."""
        if self._tqdm is not None:
            self._tqdm.close()
            self._tqdm = None
        if not solver.failed and solver.stop_reason != INTERRUPTED:  # these speak themselves
            print(solver.summary(), flush=True)


def _epoch(solver: Trainer, number: int) -> str:
    width = len(str(solver.last_epoch))
    return f"epoch {number:{width}}/{solver.last_epoch}"


def _steps_to_go(solver: Trainer) -> int | None:
    """Return how many steps there will be, with those made before; None if nobody can tell."""
    try:
        in_an_epoch = solver.train_dataiter.getnumiterations()
    except (AttributeError, NotImplementedError):
        return None
    return int(in_an_epoch) * solver.last_epoch


def _mean_loss(solver: Trainer) -> float:
    """Return the mean loss of the last epoch's steps."""
    steps = max(1, round(solver.iteration / solver.epoch))
    losses = solver.loss_history[-steps:]
    return sum(losses) / len(losses)


def _scores(solver: Trainer) -> dict[str, list[float]]:
    found = {"train": solver.train_acc_history, "val": solver.val_acc_history}
    return {name: history for name, history in found.items() if history}


def _is_watched() -> bool:
    return in_jupyter() or (hasattr(sys.stderr, "isatty") and sys.stderr.isatty())


def _tqdm() -> Any:
    """Return tqdm's bar for a terminal or for Jupyter; None if it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where ipywidgets is missing, and goes on
            from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


class LivePlot:
    """Draw the losses and accuracies in Jupyter while they come, in one picture.

    Parameters
    ----------
    seconds : float
        Between two pictures; drawing takes about a tenth of a second.
    """

    def __init__(self, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._figure = LiveFigure(seconds)

    def on_train_begin(self, solver: Trainer) -> None:
        """Make room for the picture."""
        self._figure = LiveFigure(self.seconds)
        if not in_jupyter():
            print("LivePlot draws in Jupyter only; here, solver.plot() draws at the end")

    def on_step_end(self, solver: Trainer) -> None:
        """Draw again if the picture is old."""
        self._figure.update(solver.plot)

    def on_train_end(self, solver: Trainer) -> None:
        """Draw the last picture."""
        if solver.loss_history:
            self._figure.update(solver.plot, last=True)


# ----- files


class Checkpoint:
    """Write a checkpoint, for `Solver.resume`, after each epoch or more often.

    Parameters
    ----------
    path : str or path
        ``{epoch}`` and ``{step}`` in it become numbers; without them there is one file, the latest.
    every_epochs : int
    every_steps : int, optional
        Also within an epoch.

    Raises
    ------
    ValueError
        If one of these is below 1, or the path has other fields in braces.

    Examples
    --------
    >>> callbacks = [Checkpoint("runs/digits-{epoch:03}.npz", every_steps=500)]
    """

    def __init__(
        self, path: str | os.PathLike, every_epochs: int = 1, every_steps: int | None = None
    ) -> None:
        for name, every in (("every_epochs", every_epochs), ("every_steps", every_steps)):
            if every is not None and every < 1:
                raise ValueError(f"Checkpoint: {name} is a number from 1, but is {every}")
        self.path = os.fspath(path)
        self._path_at(epoch=0, step=0)
        self.every_epochs = every_epochs
        self.every_steps = every_steps

    def on_step_end(self, solver: Trainer) -> None:
        """Write, if it is time."""
        if self.every_steps is not None and solver.iteration % self.every_steps == 0:
            self._write(solver)

    def on_epoch_end(self, solver: Trainer) -> None:
        """Write, if it is time."""
        if solver.epoch % self.every_epochs == 0 or solver.epoch == solver.last_epoch:
            self._write(solver)

    def _write(self, solver: Trainer) -> None:
        solver.save_checkpoint(self._path_at(epoch=solver.epoch, step=solver.iteration))

    def _path_at(self, **numbers: int) -> str:
        try:
            return self.path.format(**numbers)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                f"Checkpoint: the path {self.path!r} cannot be filled in ({type(error).__name__}: "
                f"{error}). {{epoch}} and {{step}} in it become numbers, which may be formatted, "
                "{epoch:03}; write other braces twice, {{lr}}"
            ) from error


class TensorBoard:
    """Write losses, learning rate and accuracies as TensorBoard's event files.

    ``tensorboard --logdir runs`` shows them.  It takes tensorboard, and not TensorFlow.

    Parameters
    ----------
    folder : str or path
        A run has a folder of its own.
    every : int
        Steps between two losses.

    Raises
    ------
    ImportError
        If tensorboard is not installed.
    """

    def __init__(self, folder: str | os.PathLike, every: int = 10) -> None:
        self.folder = os.fspath(folder)
        self.every = max(1, every)
        self._writer: Any = None
        _tensorboard()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_writer": None}  # a copy opens a file of its own

    def on_train_begin(self, solver: Trainer) -> None:
        """Open an event file."""
        self._writer = _tensorboard()[0](self.folder)

    def on_step_end(self, solver: Trainer) -> None:
        """Write the loss now and then."""
        if solver.iteration % self.every == 0:
            values = {"loss": solver.loss_history[-1], "learning_rate": solver.learning_rate}
            self._write(solver.iteration, values)

    def on_epoch_end(self, solver: Trainer) -> None:
        """Write the accuracies."""
        metric = "accuracy" if solver.task_type == "classification" else "loss of samples"
        scores = _scores(solver)
        self._write(solver.iteration, {f"{metric}/{k}": v[-1] for k, v in scores.items()})

    def on_train_end(self, solver: Trainer) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self, step: int, values: dict[str, Any]) -> None:
        _, event_pb2, summary_pb2 = _tensorboard()
        value = summary_pb2.Summary.Value
        found = [value(tag=k, simple_value=v) for k, v in values.items() if v is not None]
        summary = summary_pb2.Summary(value=found)
        event = event_pb2.Event(wall_time=time.time(), step=step, summary=summary)
        self._writer.add_event(event)


def _tensorboard() -> tuple[Any, Any, Any]:
    """Return the writer of event files, and the modules of what is written."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it imports
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ImportError(
            "TensorBoard event files need tensorboard: pip install tensorboard. Without it, "
            "solver.plot() draws the same curves"
        ) from error
    return EventFileWriter, event_pb2, summary_pb2


# ----- stopping


class EarlyStopping:
    """Stop when the accuracy has not become better for some epochs.

    It looks at the histories alone, so that a resumed run stops where an unbroken one does.

    Parameters
    ----------
    patience : int
        How many epochs it may take to become better.
    least : float
        By how much it must become better to count.
    """

    def __init__(self, patience: int = 3, least: float = 0.0) -> None:
        if patience < 1:
            raise ValueError(f"patience is a number of epochs, from 1, but is {patience}")
        self.patience = patience
        self.least = least

    def on_epoch_end(self, solver: Trainer) -> None:
        """Stop, if it is time."""
        history = solver.val_acc_history or solver.train_acc_history
        sign = 1 if solver.task_type == "classification" else -1
        best, best_epoch = None, 0
        for epoch, score in enumerate(history, 1):
            from_nan = best is not None and math.isnan(best) and not math.isnan(score)
            if best is None or from_nan or sign * (score - best) > self.least:
                best, best_epoch = score, epoch
        if len(history) - best_epoch >= self.patience:
            solver.stop(
                f"no better for {self.patience} epochs than {best:.4g}, in epoch {best_epoch}"
            )


# ----- averaging


class ExponentialAverage:
    """Keep a moving average of the parameters, which often predicts better than the last ones.

    After each step it becomes ``decay * average + (1 - decay) * params``.  It starts with the
    parameters that the model has when training begins, also when training is resumed in another
    process: checkpoints do not hold it.

    Parameters
    ----------
    decay : float
        Between 0 and 1: how much of the average stays.

    Attributes
    ----------
    params : dict of Array
        The average, for ``model.set_params(average.params, model.aux_params)``.

    Raises
    ------
    ValueError
        If `decay` is not between 0 and 1.

    References
    ----------
    B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by averaging" (1992).

    Examples
    --------
    >>> average = ExponentialAverage(0.99)
    >>> callbacks = [average]  # for a Solver; then, to predict:
    >>> # with average.applied(solver.model): solver.check_accuracy(data)
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(
                f"ExponentialAverage: decay must be at least 0 and below 1, but is {decay}"
            )
        self.decay = decay
        self.params: dict[str, Any] = {}

    def on_train_begin(self, solver: Trainer) -> None:
        """Start with the parameters, unless there is an average of earlier training."""
        if not self.params:
            self.params = {name: np.array(x) for name, x in solver.model.params.items()}

    def on_step_end(self, solver: Trainer) -> None:
        """Make the new parameters a part of the average."""
        self.update(solver.model)

    def update(self, model: Any) -> None:
        """Make a model's parameters a part of the average, in a loop of one's own.

        Parameters
        ----------
        model : ModelBase
        """
        for name, x in model.params.items():
            average = self.params.setdefault(name, np.array(x))
            average *= self.decay
            average += (1 - self.decay) * x

    @contextlib.contextmanager
    def applied(self, model: Any) -> Iterator[None]:
        """Let a model have the average as its parameters inside a ``with`` block.

        Parameters
        ----------
        model : ModelBase
        """
        own = dict(model.params)
        model.params.update(self.params)
        try:
            yield
        finally:
            model.params.update(own)
