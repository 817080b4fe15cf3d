"""What a training run depends on, as a file, and back.

Beside the parameters these are: what the update rules remember, the histories, which epoch was the
best and its parameters, the place in the training data, and the state of the random numbers.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.nn import parameters
from minpy.nn.io import state_of
from minpy.nn.training_state import TrainingState
from minpy.nn.updater import Updater

__all__ = ["load", "restore", "save"]

# what a checkpoint takes from the state of training as it is
PLAIN = (
    "epoch",
    "iteration",
    "last_epoch",
    "seconds",
    "loss_history",
    "train_acc_history",
    "val_acc_history",
    "best_val_acc",
    "best_epoch",
)
ARRAYS = ("best_params", "best_aux_params")


def save(
    path: str | os.PathLike, state: TrainingState, model: Any, updater: Updater, dataiter: Any
) -> None:
    """Write a checkpoint; see `Solver.save_checkpoint`."""
    model.check_params()
    solver = {name: getattr(state, name) for name in (*PLAIN, *ARRAYS)}
    solver.update(
        learning_rates=updater.base_rates,
        optim_configs=updater.configs,
        steps=updater.steps,
        gathered=updater.gathered,
        gathered_count=updater.gathered_count,
    )
    parameters.save(
        path,
        {
            "params": model.params,
            "aux_params": model.all_aux_params(),
            "solver": solver,
            "made_with": _setup_of(model, updater, dataiter),
            "data": state_of(dataiter),
            "random": onp.random.get_state(legacy=False),
        },
    )


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Return what a checkpoint holds."""
    tree = parameters.load(path)
    if not isinstance(tree, dict) or "solver" not in tree:
        raise parameters.ParameterFileError(
            f"{path} is no checkpoint of a solver. If it was written by model.save, "
            "model.load reads it"
        )
    return tree


def restore(
    tree: dict[str, Any],
    path: str | os.PathLike,
    state: TrainingState,
    model: Any,
    updater: Updater,
    dataiter: Any,
) -> None:
    """Put what a checkpoint held into the parts of a solver; see `Solver.resume`."""
    if tree["data"] is None:
        raise ValueError(
            f"{path} does not say where in the data training was: {type(dataiter).__name__} has no "
            "get_state. A run with minpy.nn.io.NDArrayIter can be resumed"
        )
    # these two refuse what does not fit; a solver that was refused is still what it was
    _check_same_setup(tree["made_with"], _setup_of(model, updater, dataiter), path)
    model.set_params(tree["params"], tree["aux_params"], os.fspath(path))
    saved = tree["solver"]
    for name in PLAIN:
        setattr(state, name, saved[name])
    for name in ARRAYS:
        setattr(state, name, _as_arrays(saved[name]))
    updater.configs = _as_arrays(saved["optim_configs"])
    updater.base_rates = saved["learning_rates"]
    updater.steps = saved.get("steps", state.iteration)  # older files have one for each batch
    updater.gathered = _as_arrays(saved.get("gathered", {}))
    updater.gathered_count = saved.get("gathered_count", 0)
    dataiter.set_state(tree["data"])
    state.stop_reason = None
    onp.random.set_state(tree["random"])


def _setup_of(model: Any, updater: Updater, dataiter: Any) -> dict[str, Any]:
    """Return what two solvers must have in common for one to go on with the other's work."""
    return {
        "model": type(model).__name__,
        "update rules": {name: _name_of(rule) for name, rule in updater.rules.items()},
        "a batch": [[name, list(shape)] for name, shape in getattr(dataiter, "provide_data", ())],
        "samples": getattr(dataiter, "num_data", None),
    }


def _name_of(rule: Any) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _check_same_setup(then: dict[str, Any], now: dict[str, Any], path: Any) -> None:
    faults = [
        f"{name}: {then.get(name)} then, {now[name]} now"
        for name in now
        if then.get(name) != now[name]
    ]
    if faults:
        raise ValueError(
            f"{path} is of a solver that was made in another way: {'; '.join(faults)}. Make the "
            "model, the iterator and the solver as they were"
        )


def _as_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_arrays(item) for name, item in value.items()}
    return np.array(value) if isinstance(value, onp.ndarray) else value
