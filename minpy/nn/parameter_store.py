"""Parameters by name: their shapes, how they are initialised and updated, and their values.

A model has a store of parameters, and so has a layer that is not yet part of a model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import minpy.numpy as np
from minpy.nn import init
from minpy.nn.options import refuse_unknown
from minpy.nn.tables import Table

__all__ = ["ParameterStore"]

PARAM_OPTIONS = ("shape", "init_rule", "init_config", "update_rule", "optim_config")


class ParameterStore:
    """Parameters, and arrays that are kept beside them, by name.

    Attributes
    ----------
    params : dict of Array
        The parameters, once they are initialised.
    param_configs : dict of dict
        By name: the shape, and how to initialise and to update it if the solver's way is not
        meant.
    aux_params : dict of Array
        What is kept beside the parameters and not trained, such as running means.
    is_training : bool
        For modules, which have no mode as an argument.

    Examples
    --------
    >>> store = ParameterStore().add_param("w", (2,), init_rule="constant")
    >>> store.init_params()
    >>> store.params
    {'w': array([0., 0.], dtype=float32)}
    """

    is_training = True
    has_all_shapes = False  # of the parameters of its modules
    moved_to: str | None = None  # the class of the model that took its modules over

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.param_configs: dict[str, dict[str, Any]] = {}
        self.aux_params: dict[str, Any] = {}
        self.aux_param_configs: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        if name in ("params", "param_configs", "aux_params", "aux_param_configs"):
            raise AttributeError(
                f"{type(self).__name__} has no {name} yet: call super().__init__() first in its "
                "__init__"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- what there is to train

    def add_param(self, name: str, shape: tuple[int, ...], **options: Any) -> Any:
        """Add a parameter, to be initialised by the solver or by `init_params`.

        Parameters
        ----------
        name : str
        shape : tuple of int
        init_rule, update_rule : str or callable, optional
            Of `minpy.nn.init` and `minpy.nn.optim`; without any, the solver's.
        init_config, optim_config : dict, optional
            What the rule takes.

        Returns
        -------
        ParameterStore
            The store itself, so that calls can follow each other.

        Raises
        ------
        ValueError
            If there is a parameter of that name.
        TypeError
            For an option that there is not.
        """
        refuse_unknown(f"the parameter {name}", options, PARAM_OPTIONS[1:])
        _refuse_second("a parameter", name, self.param_configs)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.param_configs[name] = {"shape": shape, **options}
        return self

    def add_params(self, params: Mapping[str, Any]) -> Any:
        """Add parameters: a dict from names to shapes, or to dicts of the options of `add_param`.

        Returns
        -------
        ParameterStore
        """
        for name, config in params.items():
            self.add_param(name, **(config if isinstance(config, Mapping) else {"shape": config}))
        return self

    def add_aux_param(self, name: str, value: Any) -> Any:
        """Add an array that is kept with the parameters and not trained; or None, to be set later.

        Returns
        -------
        ParameterStore
        """
        _refuse_second("an auxiliary parameter", name, self.aux_param_configs)
        self.aux_param_configs[name] = value
        self.aux_params[name] = _copied(value)
        return self

    def init_params(self, rule: Any = "xavier", config: Mapping[str, Any] | None = None) -> None:
        """Initialise all parameters, by their own rule or else by this one.

        Parameters
        ----------
        rule : str or callable
            Of `minpy.nn.init`: ``rule(shape, config)``.
        config : dict, optional
        """
        for name in self.param_configs:
            self.init_param(name, rule, config)
        for name, value in self.aux_param_configs.items():
            self.aux_params[name] = _copied(value)

    def init_param(
        self, name: str, rule: Any = "xavier", config: Mapping[str, Any] | None = None
    ) -> None:
        """Initialise one parameter, by its own rule or else by this one."""
        own = self.param_configs[name]
        if "init_rule" in own:
            rule, config = own["init_rule"], own.get("init_config")
        self.params[name] = init.rule(rule)(own["shape"], dict(config or {}))

    def check_params(self) -> None:
        """Raise if parameters are not initialised yet.

        Raises
        ------
        ValueError
        """
        missing = [name for name in self.param_configs if name not in self.params]
        none_yet = not self.params and not self.aux_params and not self.has_all_shapes
        if missing or none_yet:
            what = f"no {', '.join(missing)}" if missing and self.params else "no parameters"
            raise ValueError(f"{type(self).__name__} has {what} yet: {self._how_to_get_params()}")

    def _how_to_get_params(self) -> str:
        return "call init_params before this"

    def name_for(self, kind: str) -> str:
        """Return a name for one more part of some kind: the kind and a number.

        Examples
        --------
        >>> store = ParameterStore()
        >>> store.name_for("convolution"), store.name_for("convolution")
        ('convolution0', 'convolution1')
        """
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        return f"{kind}{number}"

    def set_params(
        self, params: Mapping[str, Any], aux_params: Mapping[str, Any], where: str = "these"
    ) -> None:
        """Replace the parameters by copies of others, which must have the same names and shapes."""
        shapes = {name: tuple(value.shape) for name, value in self.params.items()}
        shapes.update({name: config["shape"] for name, config in self.param_configs.items()})
        given = {name: tuple(value.shape) for name, value in params.items()}
        faults = [f"{name} is missing" for name in shapes if name not in given]
        if shapes:  # the shapes of modules may not be known yet
            faults += [f"{name} is not the model's" for name in given if name not in shapes]
        faults += [
            f"{name} has shape {given[name]}, the model's has {shape}"
            for name, shape in shapes.items()
            if given.get(name, shape) != shape
        ]
        if faults:
            raise ValueError(
                f"the parameters of {where} do not fit {type(self).__name__}: {'; '.join(faults)}. "
                "Build the model as it was when they were saved"
            )
        self.params.update({name: np.array(value) for name, value in params.items()})
        self._set_aux_params({name: _copied(value) for name, value in aux_params.items()})

    def all_aux_params(self) -> dict[str, Any]:
        """Return what a file of the parameters must hold beside them, by name."""
        return dict(self.aux_params)

    def _set_aux_params(self, values: Mapping[str, Any]) -> None:
        self.aux_params.update(values)

    # -- to look at

    def summary(self) -> Table:
        """Return a table of the parameters, their shapes, and how many numbers they are.

        Returns
        -------
        Table
            To be printed, or shown by Jupyter.
        """
        rows = []
        total = 0
        for name, config in self.param_configs.items():
            count = math.prod(config["shape"])
            total += count
            rows.append([name, str(config["shape"]), f"{count:,}"])
        return Table(["parameter", "shape", "count"], rows, ["all", "", f"{total:,}"])


def _refuse_second(what: str, name: str, taken: Mapping[str, Any]) -> None:
    if name in taken:
        raise ValueError(f"there is {what} {name!r} already; each needs a name of its own")


def _copied(value: Any) -> Any:
    return None if value is None else np.array(value)
