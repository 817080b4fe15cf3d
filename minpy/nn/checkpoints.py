"""What a training run depends on, as a file, and back.

Beside the parameters these are: what the update rules remember, the histories, which epoch was the
best and its parameters, the place in the training data, and the state of the random numbers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as onp

import minpy.numpy as np
from minpy.nn import parameters
from minpy.nn.io import state_of

if TYPE_CHECKING:
    from minpy.nn.solver import Solver

__all__ = ["resume", "save"]

# what a checkpoint takes from a solver as it is
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
    "learning_rates",
)
ARRAYS = ("optim_configs", "best_params", "best_aux_params")


def save(solver: Solver, path: str | os.PathLike) -> None:
    """Write a checkpoint; see `Solver.save_checkpoint`."""
    model = solver.model
    parameters.save(
        path,
        {
            "params": model.params,
            "aux_params": model.aux_params,
            "solver": {name: getattr(solver, name) for name in (*PLAIN, *ARRAYS)},
            "made_with": _made_with(solver),
            "data": state_of(solver.train_dataiter),
            "random": onp.random.get_state(legacy=False),
        },
    )


def resume(solver: Solver, path: str | os.PathLike) -> None:
    """Put the state in a checkpoint into a solver; see `Solver.resume`."""
    tree = parameters.load(path)
    if not isinstance(tree, dict) or "solver" not in tree:
        raise parameters.ParameterFileError(
            f"{path} is no checkpoint of a solver. If it was written by model.save, "
            "model.load reads it"
        )
    if tree["data"] is None:
        raise ValueError(
            f"{path} does not say where in the data training was: "
            f"{type(solver.train_dataiter).__name__} has no get_state. A run with "
            "minpy.nn.io.NDArrayIter can be resumed"
        )
    solver.prepare()
    # these two refuse what does not fit; a solver that was refused is still what it was
    _compare(tree["made_with"], _made_with(solver), path)
    solver.model.set_params(tree["params"], tree["aux_params"], os.fspath(path))
    for name in PLAIN:
        setattr(solver, name, tree["solver"][name])
    for name in ARRAYS:
        setattr(solver, name, _as_arrays(tree["solver"][name]))
    solver.train_dataiter.set_state(tree["data"])
    solver.last_epoch = max(solver.last_epoch, solver.num_epochs)
    solver.stop_reason = None
    onp.random.set_state(tree["random"])


def _made_with(solver: Solver) -> dict[str, Any]:
    """Return what two solvers must have in common for one to go on with the other's work."""
    rules = solver.update_rules
    data = solver.train_dataiter
    return {
        "model": type(solver.model).__name__,
        "update rules": {name: _name_of(rule) for name, rule in rules.items()},
        "a batch": [[name, list(shape)] for name, shape in data.provide_data],
        "samples": getattr(data, "num_data", None),
    }


def _name_of(rule: Any) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _compare(then: dict[str, Any], now: dict[str, Any], path: Any) -> None:
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
