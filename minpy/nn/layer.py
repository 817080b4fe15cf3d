"""Layers: modules with parameters, whose shapes they find out when they are first called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from minpy.nn.module import Module, Shape
from minpy.nn.parameter_store import ParameterStore

__all__ = ["Layer"]


class Layer(Module):
    """A module with parameters; a subclass says which, and what it computes.

    Parameters
    ----------
    name : str, optional
    init_configs : dict, optional
        How to initialise: ``{"init_rule": "gaussian", "stdvar": 0.1}`` for all parameters, or by
        parameter, ``{"weight": {...}}``.
    update_configs : dict, optional
        How to update, in the same way: ``{"update_rule": "sgd", "learning_rate": 0.1}``.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> class Scale(Layer):
    ...     def param_shapes(self, input_shape):
    ...         return {"factor": input_shape[1:]}
    ...
    ...     def init_config(self, name):
    ...         return {"init_rule": "constant", "value": 2.0}
    ...
    ...     def forward(self, X):
    ...         return X * self.param("factor")
    >>> scale = Scale()
    >>> scale(np.ones((1, 3)))
    array([[2., 2., 2.]])
    >>> scale
    Scale(): (N, 3) -> (N, 3), factor (3,)
    """

    def __init__(
        self,
        name: str | None = None,
        init_configs: Mapping[str, Any] | None = None,
        update_configs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self._init_configs = dict(init_configs or {})
        self._update_configs = dict(update_configs or {})
        self._params: dict[str, str] = {}  # own name of a parameter -> its name in the model
        self._aux_params: dict[str, str] = {}

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the parameters by name, for a first input of some shape."""
        return {}

    def aux_values(self, input_shape: Shape) -> dict[str, Any]:
        """Return the first values of what is kept beside the parameters, by name."""
        return {}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return how a parameter is initialised if nobody says: empty for the solver's way."""
        return {}

    def param(self, name: str) -> Any:
        """Return a parameter, recorded while gradients are asked for."""
        return self._owner.params[self._params[name]]

    def set_param(self, name: str, value: Any) -> None:
        """Replace a parameter."""
        self._owner.params[self._params[name]] = value

    def aux(self, name: str) -> Any:
        """Return what is kept beside the parameters."""
        return self._owner.aux_params[self._aux_params[name]]

    def all_params(self) -> dict[str, Any]:
        """Return all parameters of this layer, by the names that they have here."""
        params = self._owner.params
        return {name: params[full] for name, full in self._params.items()}

    def all_aux(self) -> dict[str, Any]:
        """Return all that is kept beside the parameters, by the names that they have here."""
        aux_params = self._owner.aux_params
        return {name: aux_params[full] for name, full in self._aux_params.items()}

    def set_aux(self, name: str, value: Any) -> None:
        """Keep something beside the parameters."""
        self._owner.aux_params[self._aux_params[name]] = value

    # -- parameters, when the shapes are known

    def _first_call(self, inputs: tuple, named: dict[str, Any]) -> Any:
        try:
            self._add_params(*self._found(inputs, named))
            return super()._first_call(inputs, named)
        except BaseException:  # with other inputs they may have other shapes
            self._drop_params()
            raise

    def _found(self, inputs: tuple, named: dict[str, Any]) -> tuple[dict, dict]:
        """Return the shapes of parameters, and auxiliary values, for the arguments of a call."""
        shape = tuple(inputs[0].shape)
        return self.param_shapes(shape), self.aux_values(shape)

    def _add_params(self, shapes: dict[str, Shape], aux_values: dict[str, Any]) -> None:
        owner = self._owner
        for name, shape in shapes.items():
            full = self._params[name] = self._full(name)
            owner.add_param(full, shape, **self._options(name))
            if full not in owner.params:
                owner.init_param(full)
            elif tuple(owner.params[full].shape) != tuple(shape):
                raise ValueError(
                    f"the parameter {full} that was loaded has shape {owner.params[full].shape}, "
                    f"but for these inputs it must have {shape}"
                )
        for name, value in aux_values.items():
            full = self._aux_params[name] = self._full(name)
            loaded = owner.aux_params.get(full)
            owner.add_aux_param(full, value)
            if loaded is not None:
                owner.aux_params[full] = loaded

    def _drop_params(self) -> None:
        for name in self._params.values():
            self._owner.param_configs.pop(name, None)
            self._owner.params.pop(name, None)
        for name in self._aux_params.values():
            self._owner.aux_param_configs.pop(name, None)
            self._owner.aux_params.pop(name, None)
        self._params, self._aux_params = {}, {}

    def _full(self, name: str) -> str:
        return f"{self.name}_{name}" if self.name else name

    def _options(self, name: str) -> dict[str, Any]:
        """Return the options of `ModelBase.add_param`."""
        options = {}
        init = {**self.init_config(name), **_for(name, self._init_configs)}
        if init:
            options["init_rule"] = init.pop(
                "init_rule", "constant" if "value" in init else "xavier"
            )
            options["init_config"] = init
        update = dict(_for(name, self._update_configs))
        if "update_rule" in update:
            options["update_rule"] = update.pop("update_rule")
        if update:
            options["optim_config"] = update
        return options

    def _join(self, model: ParameterStore) -> None:
        before = self._owner
        if before is model:
            return
        if self._is_part:
            before.moved_to = type(model).__name__
        super()._join(model)
        self.name = self._own_name or model.name_for(_snake_case(type(self).__name__))
        for own, full in self._params.items():
            self._params[own] = new = self._full(own)
            model.add_param(new, **before.param_configs[full])
            model.params[new] = before.params[full]
        for own, full in self._aux_params.items():
            self._aux_params[own] = new = self._full(own)
            model.add_aux_param(new, before.aux_param_configs[full])
            model.aux_params[new] = before.aux_params[full]

    def _shapes_text(self) -> str:
        configs = self._owner.param_configs
        params = [f"{name} {configs[full]['shape']}" for name, full in self._params.items()]
        return ", ".join([super()._shapes_text(), *params])


def _for(name: str, configs: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of one parameter: what is for all, and what is for it."""
    for_all = {key: value for key, value in configs.items() if not isinstance(value, Mapping)}
    return {**for_all, **configs.get(name, {})}


def _snake_case(name: str) -> str:
    """Return ``fully_connected`` for ``FullyConnected``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
