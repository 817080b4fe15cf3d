"""Steps in a training loop of one's own: update rules for all parameters of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minpy.nn import optim
from minpy.nn.model import ModelBase

__all__ = ["Updater"]


class Updater:
    """Steps of a model's parameters against their gradients.

    Parameters
    ----------
    model : ModelBase
    update_rule : str or callable
        Of `minpy.nn.optim`; a parameter may have one of its own.
    **config
        What the rule takes, such as ``learning_rate``.  It can be read and set as attributes
        later, for all parameters; ``updater[name]`` is the configuration of one.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> model = ModelBase().add_param("w", (2,), init_rule="constant")
    >>> model.init_params()
    >>> updater = Updater(model, update_rule="sgd", learning_rate=0.5)
    >>> updater.learning_rate = updater.learning_rate * 0.1
    >>> updater({"w": np.array([1.0, 2.0])})
    >>> model.params["w"]
    array([-0.05, -0.1 ], dtype=float32)
    """

    def __init__(
        self, model: ModelBase, update_rule: str | Callable = "sgd", **config: Any
    ) -> None:
        own = {
            "model": model,
            "rule": optim.rule(update_rule),
            "shared": config,
            "configs": {},
        }
        self.__dict__.update(own)  # other attributes are configuration

    def __call__(self, gradients: Mapping[str, Any]) -> None:
        """Make a step of the parameters that there are gradients of."""
        params = self.model.params
        for name, gradient in gradients.items():
            rule = self.model.param_configs.get(name, {}).get("update_rule")
            rule = self.rule if rule is None else optim.rule(rule)
            params[name], self.configs[name] = rule(params[name], gradient, self[name])

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self.configs:
            if name not in self.model.params:
                raise KeyError(f"{name}; the parameters are {', '.join(self.model.params)}")
            own = self.model.param_configs.get(name, {})
            shared = {} if "update_rule" in own else self.shared
            self.configs[name] = {**shared, **own.get("optim_config", {})}
        return self.configs[name]

    def __getattr__(self, key: str) -> Any:
        found = self.__dict__.get("shared", {})
        if key not in found:
            raise AttributeError(f"Updater has no {key!r}; it was made with {', '.join(found)}")
        return found[key]

    def __setattr__(self, key: str, value: Any) -> None:
        self.shared[key] = value
        for config in self.configs.values():
            config[key] = value
