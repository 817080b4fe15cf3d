"""Training: a loop over epochs and batches, and what is looked at on the way.

All of it is here::

    while solver has epochs to go:
        for batch in train_dataiter:
            loss, gradients = the model's, for this batch
            a step of each parameter against its gradient
            callbacks
        accuracies; the best parameters are kept
        callbacks

A solver is what it has done so far: it can be interrupted, looked at, saved, and it goes on, in
another process too, exactly where it was.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import minpy.numpy as np
from minpy import plotting
from minpy.errors import kind_of
from minpy.nn import checkpoints, init
from minpy.nn.callbacks import HOOKS, ProgressBar
from minpy.nn.divergence import divergence_error
from minpy.nn.interrupts import INTERRUPTED, stopping_between_steps
from minpy.nn.io import DataBatch, check_dataiter, keep_position
from minpy.nn.options import refuse_unknown
from minpy.nn.tables import Table
from minpy.nn.training_state import TrainingState
from minpy.nn.updater import Updater
from minpy.tree import leaves, tree_map

__all__ = ["Solver"]

OPTIONS = (
    "task_type",
    "init_rule",
    "init_config",
    "update_rule",
    "optim_config",
    "lr_decay",
    "schedule",
    "clip_norm",
    "weight_decay",
    "param_groups",
    "accumulate",
    "num_epochs",
    "train_acc_num_samples",
    "restore_best",
    "callbacks",
    "print_every",
    "verbose",
)


def _forwarded(part: str, name: str) -> Any:
    """Return a property of a solver that is an attribute of one of its parts."""

    def get(solver: Solver) -> Any:
        return getattr(getattr(solver, part), name)

    def set_(solver: Solver, value: Any) -> None:
        setattr(getattr(solver, part), name, value)

    return property(get, set_)


class Solver:
    """Train a model on one iterator, and look at how it does on another.

    Parameters
    ----------
    model : ModelBase
    train_dataiter, test_dataiter : DataIter
        Such as `minpy.nn.io.NDArrayIter`; without the second, the first says which epoch was best.
    task_type : {'classification', 'regression'}
        How predictions are judged: by the fraction of right classes, the largest score; or by the
        loss, of which less is better.
    init_rule, init_config : str or callable, and dict
        Initial parameters, of `minpy.nn.init`.
    update_rule, optim_config : str or callable, and dict
        Steps, of `minpy.nn.optim`.  A parameter with rules of its own in `param_configs` is not
        concerned.
    lr_decay : float
        By which the learning rate is multiplied after each epoch.
    schedule : callable, optional
        ``schedule(step)`` gives the factor of the learning rate at each step, counted from zero;
        see `minpy.nn.schedules`.
    clip_norm : float, optional
        Gradients are scaled down where the norm of all of them is larger.
    weight_decay : float, optional
        The ``weight_decay`` in the configuration of parameters with two or more axes, weights; that
        of others, biases and scales, is then zero.  By default all have that of their rule.
    param_groups : dict of dict, optional
        Learning rates and the like of some parameters, by patterns of their names; see
        `minpy.nn.updater.Updater`.
    accumulate : int
        How many batches make a step, as if they were one.
    num_epochs : int
    train_acc_num_samples : int
        How many training samples are looked at after each epoch.
    restore_best : bool
        Whether the model ends with the best parameters, and not with the last.
    callbacks : sequence
        Objects with some of the methods in `minpy.nn.callbacks`.
    print_every : int
        Steps between two losses that are shown.
    verbose : bool
        Whether to show progress, by a `ProgressBar`.

    Attributes
    ----------
    state : TrainingState
        How far training is, and how it went; its attributes are also the solver's.
    updater : Updater
        What makes the steps.
    optim_configs : dict of dict
        By parameter: learning rate, velocity, and so on.

    Raises
    ------
    TypeError
        For an option that there is not; the message names the nearest.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.io import NDArrayIter
    >>> from minpy.nn.model_builder import Model, Sequential
    >>> from minpy.nn.modules import FullyConnected, ReLU
    >>> np.random.seed(0)
    >>> x = np.random.normal(size=(200, 2)).astype("float32")
    >>> y = (x[:, 0] * x[:, 1] > 0).astype(int)
    >>> net = Sequential(FullyConnected(16), ReLU(), FullyConnected(2))
    >>> model = Model(net, loss="softmax_loss")
    >>> data = NDArrayIter(x, y, batch_size=20, shuffle=True, seed=0)
    >>> solver = Solver(model, data, data, update_rule="adam", optim_config={"learning_rate": 0.01},
    ...                 verbose=False)
    >>> solver.train()
    >>> solver.best_val_acc > 0.9
    True
    """

    def __init__(
        self,
        model: Any,
        train_dataiter: Any,
        test_dataiter: Any = None,
        *,
        task_type: str = "classification",
        init_rule: Any = "xavier",
        init_config: Mapping[str, Any] | None = None,
        update_rule: Any = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        schedule: Callable[[int], float] | None = None,
        clip_norm: float | None = None,
        weight_decay: float | None = None,
        param_groups: Mapping[str, Mapping[str, Any]] | None = None,
        accumulate: int = 1,
        num_epochs: int = 10,
        train_acc_num_samples: int = 1000,
        restore_best: bool = True,
        callbacks: Iterable[Any] = (),
        print_every: int = 10,
        verbose: bool = True,
        **unknown: Any,
    ) -> None:
        refuse_unknown("Solver", unknown, OPTIONS)
        _check_model(model)
        check_dataiter("train_dataiter", train_dataiter)
        if test_dataiter is not None:
            check_dataiter("test_dataiter", test_dataiter)
        if task_type not in ("classification", "regression"):
            raise ValueError(f"task_type is 'classification' or 'regression', not {task_type!r}")
        self.model = model
        self.train_dataiter = train_dataiter
        self.test_dataiter = test_dataiter
        self.task_type = task_type
        self.init_rule = init.rule(init_rule)
        self.init_config = dict(init_config or {})
        self.lr_decay = lr_decay
        self.num_epochs = num_epochs
        self.train_acc_num_samples = train_acc_num_samples
        self.restore_best = restore_best
        self.callbacks = _checked(callbacks)
        if verbose and not any(isinstance(each, ProgressBar) for each in self.callbacks):
            self.callbacks.insert(0, ProgressBar(every=print_every))
        self.updater = Updater(
            model,
            update_rule,
            schedule=schedule,
            clip_norm=clip_norm,
            matrix_decay=weight_decay,
            groups=param_groups,
            accumulate=accumulate,
        )
        self.updater.shared = dict(optim_config or {})
        self._reset()

    def _reset(self) -> None:
        worst = 0.0 if self.task_type == "classification" else math.inf
        self.state = TrainingState(last_epoch=self.num_epochs, best_val_acc=worst)
        self.updater.reset()
        self.updater.add_all()

    # what its parts have, under the names that a solver has for it
    epoch = _forwarded("state", "epoch")
    iteration = _forwarded("state", "iteration")
    last_epoch = _forwarded("state", "last_epoch")
    seconds = _forwarded("state", "seconds")
    loss_history = _forwarded("state", "loss_history")
    train_acc_history = _forwarded("state", "train_acc_history")
    val_acc_history = _forwarded("state", "val_acc_history")
    best_val_acc = _forwarded("state", "best_val_acc")
    best_epoch = _forwarded("state", "best_epoch")
    best_params = _forwarded("state", "best_params")
    best_aux_params = _forwarded("state", "best_aux_params")
    stop_reason = _forwarded("state", "stop_reason")
    failed = _forwarded("state", "failed")
    update_rule = _forwarded("updater", "rule")
    optim_config = _forwarded("updater", "shared")
    schedule = _forwarded("updater", "schedule")
    clip_norm = _forwarded("updater", "clip_norm")
    weight_decay = _forwarded("updater", "matrix_decay")
    update_rules = _forwarded("updater", "rules")
    optim_configs = _forwarded("updater", "configs")
    learning_rates = _forwarded("updater", "base_rates")

    # -- training

    def init(self) -> None:
        """Initialise the parameters, and forget what was trained before."""
        self.model.build(self.train_dataiter)
        self.model.init_params(self.init_rule, self.init_config)
        self._reset()

    def train(self) -> None:
        """Train until `num_epochs` epochs are done; and if they are, for as many again.

        Ctrl-C, or the stop button of Jupyter, stops after the step that is being made, and another
        call goes on from there; a second Ctrl-C stops at once.

        Raises
        ------
        DivergedError
            If the loss is no longer a finite number.  The parameters are those before that step.
        """
        self.prepare()
        state = self.state
        if state.epoch >= state.last_epoch:
            state.last_epoch = state.epoch + self.num_epochs
        state.stop_reason = None
        with self._running():
            while state.epoch < state.last_epoch and state.stop_reason is None:
                for batch in self.train_dataiter:
                    self.step(batch)
                    self._call_hooks("on_step_end")
                    if state.stop_reason is not None:
                        break
                else:
                    self._end_epoch()
                    self._call_hooks("on_epoch_end")
        if state.stop_reason == INTERRUPTED:
            print(self._how_to_go_on())
        elif self.restore_best and state.best_params:
            self.model.set_params(state.best_params, state.best_aux_params)

    def prepare(self) -> None:
        """Do what the first step needs: find out shapes, initialise what is not, add rules."""
        params = self.model.params
        if not params or any(name not in params for name in self.model.param_configs):
            self.init()
        self.model.build(self.train_dataiter)
        self.updater.add_all()

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Tell callbacks of the beginning and the end, take the time, and heed Ctrl-C."""
        self._hooks = {
            name: [getattr(each, name) for each in self.callbacks if hasattr(each, name)]
            for name in HOOKS
        }
        self._since = time.perf_counter()
        self.state.failed = True  # unless the block ends
        try:
            with stopping_between_steps(self.stop):
                self._call_hooks("on_train_begin")
                yield
            self.state.failed = False
        finally:
            self._add_elapsed_time()
            self._call_hooks("on_train_end")

    def _call_hooks(self, what: str) -> None:
        for hook in self._hooks[what]:
            hook(self)

    def _add_elapsed_time(self) -> None:
        now = time.perf_counter()
        self.state.seconds += now - self._since
        self._since = now

    def stop(self, reason: str) -> None:
        """Stop training after this step; for callbacks.

        Parameters
        ----------
        reason : str
            For `stop_reason`.
        """
        self.state.stop_reason = reason

    def step(self, batch: Any) -> None:
        """Make one step of each parameter against its gradient; `train` does so for each batch.

        Parameters
        ----------
        batch : DataBatch

        Raises
        ------
        DivergedError
            If the loss is not finite; no step is made then.
        """
        params, state = self.model.params, self.state
        # of a copy, because a module that is called for the first time adds its parameters
        value, gradients = self.model.loss_and_gradients(dict(params), batch)
        loss = _number(value)
        norm = 0.0
        whole = self.updater.gather(gradients) if math.isfinite(loss) else None
        if whole is not None:
            gradients, norm = self.updater.clipped(whole)
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise divergence_error(state, loss, params, gradients, batch, self._rate_in_words())
        if whole is not None:
            self.updater.step(gradients)
        state.loss_history.append(loss)
        state.iteration += 1

    def _rate_in_words(self) -> str:
        rule = getattr(self.update_rule, "__name__", "the update rule")
        rate = self.learning_rate
        return f"what {rule} takes by default" if rate is None else f"{rate}"

    def _end_epoch(self) -> None:
        state = self.state
        state.epoch += 1
        score = self.check_accuracy(self.train_dataiter, self.train_acc_num_samples)
        state.train_acc_history.append(score)
        if self.test_dataiter is not None:
            score = self.check_accuracy(self.test_dataiter)
            state.val_acc_history.append(score)
        if state.best_epoch is None or self.is_better(score, state.best_val_acc):
            state.best_epoch = state.epoch
            state.best_val_acc = score
            state.best_params = _copies(self.model.params)
            state.best_aux_params = _copies(self.model.all_aux_params())
        self.updater.scale_rates(self.lr_decay)
        self._add_elapsed_time()

    def _how_to_go_on(self) -> str:
        return (
            f"Training was interrupted after step {self.iteration}, in epoch {self.epoch + 1} of "
            f"{self.last_epoch}. The model has the parameters of that step; solver.train() goes on "
            "from there, and solver.best_params are those of the best epoch so far."
        )

    # -- how well it does

    def check_accuracy(self, dataiter: Any, num_samples: int | None = None) -> float:
        """Judge the model's predictions; samples that only fill a batch do not count.

        Parameters
        ----------
        dataiter : DataIter
            It is left where it was.
        num_samples : int, optional
            Look at this many samples only.

        Returns
        -------
        float
            The fraction of right classes, by the first array that the model returns; for a
            regression, the loss per sample.
        """
        if num_samples is not None and hasattr(dataiter, "getsubiter"):
            dataiter = dataiter.getsubiter(num_samples)
        total = 0.0
        seen = 0
        with keep_position(dataiter):
            for batch in dataiter:
                count = batch.data[0].shape[0] - (batch.pad or 0)
                predict = self.model.forward_batch(batch, "test")
                total += self._score_batch(batch, predict, count) * count
                seen += count
                if num_samples is not None and seen >= num_samples:
                    break
        if seen == 0:
            raise ValueError("there is no sample to judge the model by: the iterator gave no batch")
        return total / seen

    def _score_batch(self, batch: Any, predict: Any, count: int) -> float:
        """Return the fraction of right classes, or the loss, of the first `count` samples."""
        if count < batch.data[0].shape[0]:
            predict = _first(predict, count, batch)
            batch = DataBatch(_first(batch.data, count, batch), _first(batch.label, count, batch))
        if self.task_type == "classification":
            return fraction_right(leaves(predict)[0], batch.label[0])
        with self.model.in_mode("test"):
            return self.model.loss_batch(batch, predict).item()

    def is_better(self, score: float, than: float) -> bool:
        """Return whether one result of `check_accuracy` is better than another; all beat a NaN."""
        if math.isnan(than):
            return not math.isnan(score)
        return score > than if self.task_type == "classification" else score < than

    def __copy__(self) -> Solver:
        """Return what `copy.deepcopy` does: two solvers train two models."""
        return copy.deepcopy(self)

    # -- going on later

    def save_checkpoint(self, path: str | os.PathLike) -> None:
        """Write all that training depends on into a file, for `resume`.

        Parameters
        ----------
        path : str or path
            See `minpy.nn.parameters`.

        Raises
        ------
        ValueError
            If the model has no parameters yet.
        """
        checkpoints.save(path, self.state, self.model, self.updater, self.train_dataiter)

    def resume(self, path: str | os.PathLike) -> None:
        """Go on where `save_checkpoint` was called, in a solver that was made in the same way.

        Parameters, configurations, histories, the place in the data and the state of the random
        numbers are those of then, so that `train` gives on a CPU what it would have given without
        a break, bit by bit.

        Raises
        ------
        FileNotFoundError, ParameterFileError
            If there is no such file, or it is damaged.
        ValueError
            If the checkpoint is of another model, other rules or other data.
        """
        tree = checkpoints.load(path)
        self.prepare()
        checkpoints.restore(tree, path, self.state, self.model, self.updater, self.train_dataiter)
        self.state.last_epoch = max(self.state.last_epoch, self.num_epochs)

    # -- to look at

    def plot(self) -> Any:
        """Return a picture of the losses and accuracies so far.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return plotting.training_curves(
            self.loss_history,
            self.train_acc_history,
            self.val_acc_history,
            metric=self._metric,
        )

    def summary(self) -> Table:
        """Return a table of what was trained, for how long, and how good it became.

        Returns
        -------
        Table
            To be printed, or shown by Jupyter.
        """
        metric, state = self._metric, self.state
        count = sum(math.prod(config["shape"]) for config in self.model.param_configs.values())
        rows = [
            ["parameters", f"{count:,}"],
            ["epochs", f"{state.epoch}"],
            ["steps", f"{state.iteration:,}"],
            ["time", f"{state.seconds:.1f} s"],
        ]
        if state.loss_history:
            rows.append(["last loss", f"{state.loss_history[-1]:.4g}"])
        if state.train_acc_history:
            rows.append([f"training {metric}", f"{state.train_acc_history[-1]:.4g}"])
        if state.best_epoch is not None:
            whose = "validation" if state.val_acc_history else "training"
            best = f"{state.best_val_acc:.4g} (epoch {state.best_epoch})"
            rows.append([f"best {whose} {metric}", best])
        if state.stop_reason is not None:
            rows.append(["stopped because", state.stop_reason])
        return Table(["training of", type(self.model).__name__], rows)

    @property
    def _metric(self) -> str:
        return "accuracy" if self.task_type == "classification" else "loss"

    @property
    def learning_rate(self) -> float | None:
        """The learning rate of the first parameter; None before the first step."""
        first: dict[str, Any] = next(iter(self.updater.configs.values()), {})
        return first.get("learning_rate")

    def __repr__(self) -> str:
        return f"Solver({type(self.model).__name__}, epoch {self.epoch}, step {self.iteration})"


def fraction_right(scores: Any, labels: Any) -> float:
    """Return how many of the largest scores are where the labels say.

    Parameters
    ----------
    scores : Array, shape (N, C), (N, T, C) or (N, C, ...)
        The last axis is that of the classes, unless the labels fit the others alone.
    labels : Array, shape (N,), (N, T) or (N, ...), or one-hot of the shape of `scores`

    Examples
    --------
    >>> import minpy.numpy as np
    >>> fraction_right(np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([1, 1]))
    0.5
    """
    scores, labels = (np.asarray(x).asnumpy() for x in (scores, labels))
    if scores.ndim < 2 or scores.shape[-1] == 1:
        raise ValueError(
            f"predictions of shape {scores.shape} hold one score for each sample, and which class "
            "is meant cannot be told from its size. Give a score for each class, shape (N, C), or "
            "use task_type='regression'"
        )
    channels = labels.shape == scores.shape[:1] + scores.shape[2:]
    axis = 1 if channels and labels.shape != scores.shape[:-1] else -1
    if labels.shape == scores.shape:
        labels = labels.argmax(axis)
    right = scores.argmax(axis) == labels.reshape(scores.shape[:axis] + scores.shape[axis:][1:])
    return float(right.mean())


def _first(arrays: Any, count: int, batch: Any) -> Any:
    """Return the first samples of nested arrays; those that have no axis of samples as they are."""
    size = batch.data[0].shape[0]
    return tree_map(lambda x: x[:count] if np.shape(x)[:1] == (size,) else x, arrays)


def _check_model(model: Any) -> None:
    if isinstance(model, type):
        hint = f"the class {model.__name__}: write {model.__name__}(...)"
    elif hasattr(model, "training_loss"):
        return
    elif hasattr(model, "is_training"):
        hint = f"the module {type(model).__name__}: write Model(network, loss='softmax_loss')"
    else:
        hint = kind_of(model)
    raise TypeError(f"Solver trains a model, such as a ModelBase, but was given {hint}")


def _checked(callbacks: Iterable[Any]) -> list[Any]:
    """Return callbacks as a list; raise if one would never be called."""
    if any(hasattr(callbacks, hook) for hook in HOOKS):
        callbacks = [callbacks]
    callbacks = list(callbacks)
    for each in callbacks:
        if isinstance(each, type):
            raise TypeError(f"a callback is an object: write {each.__name__}(...)")
        if not any(hasattr(each, hook) for hook in HOOKS):
            raise TypeError(
                f"a callback has one of the methods {', '.join(HOOKS)}, each called with the "
                f"solver, and {each!r} has none"
            )
    return callbacks


def _number(loss: Any) -> float:
    if getattr(loss, "shape", ()) != ():
        raise ValueError(
            f"the loss has shape {loss.shape}, but must be one number for the whole batch; take "
            "its mean"
        )
    return float(loss.item())


def _copies(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: None if x is None else x.copy() for name, x in arrays.items()}
