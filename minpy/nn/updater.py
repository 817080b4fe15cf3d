"""Steps in a training loop of one's own: update rules for all parameters of a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from minpy.nn import optim
from minpy.nn.divergence import DivergedError
from minpy.nn.model import ModelBase

__all__ = ["Updater"]


class Updater:
    """Steps of a model's parameters against their gradients.

    Parameters
    ----------
    model : ModelBase
    update_rule : str or callable
        Of `minpy.nn.optim`; a parameter may have one of its own.
    schedule : callable, optional
        ``schedule(step)`` gives the factor of the learning rate at each step, counted from zero;
        see `minpy.nn.schedules`.
    clip_norm : float, optional
        Gradients are scaled down where the norm of all of them is larger.
    matrix_decay : float, optional
        The ``weight_decay`` of parameters with two or more axes, weights; that of others, biases
        and scales, is then zero.
    groups : dict of dict, optional
        What some parameters have of their own, by patterns of their names: ``{"encoder*":
        {"learning_rate": 1e-4}, "*_bias": {"weight_decay": 0.0}}``, also ``"update_rule"``.  The
        first pattern that fits a name decides; what a parameter says in `param_configs` comes
        before it.
    accumulate : int
        How many gradients make a step, their mean, as if their batches were one.
    **config
        What the rule takes, such as ``learning_rate``.  It can be read and set as attributes
        later, for all parameters; ``updater[name]`` is the configuration of one.

    Attributes
    ----------
    configs : dict of dict
        By parameter: learning rate, velocity, and so on.
    rules : dict of callable
        By parameter.
    base_rates : dict of float
        By parameter, with a schedule: the learning rate that the schedule multiplies.
    steps : int
        How many steps were made.
    gathered : dict of Array
        With `accumulate`: the sum of the gradients since the last step, and in `gathered_count`
        how many these are.

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

    model: ModelBase
    rule: Callable
    steps: int
    groups: dict[str, Mapping[str, Any]]
    accumulate: int
    gathered: dict[str, Any]
    gathered_count: int
    shared: dict[str, Any]
    configs: dict[str, dict[str, Any]]
    rules: dict[str, Callable]
    base_rates: dict[str, float]

    def __init__(
        self,
        model: ModelBase,
        update_rule: str | Callable = "sgd",
        *,
        schedule: Callable[[int], float] | None = None,
        clip_norm: float | None = None,
        matrix_decay: float | None = None,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
        accumulate: int = 1,
        **config: Any,
    ) -> None:
        if accumulate < 1:
            raise ValueError(f"accumulate must be a positive integer, but is {accumulate}")
        own = {
            "model": model,
            "rule": optim.rule(update_rule),
            "schedule": schedule,
            "clip_norm": clip_norm,
            "matrix_decay": matrix_decay,
            "groups": dict(groups or {}),
            "accumulate": accumulate,
            "gathered": {},
            "gathered_count": 0,
            "steps": 0,
            "shared": config,
            "configs": {},
            "rules": {},
            "base_rates": {},
        }
        self.__dict__.update(own)  # other attributes are configuration

    def __call__(self, gradients: Mapping[str, Any]) -> None:
        """Make a step of the parameters that there are gradients of.

        With ``accumulate=n``, each n-th call makes one.

        Raises
        ------
        DivergedError
            If gradients are to be clipped and their norm is infinite or NaN; no step is made then.
        """
        whole = self.gather(gradients)
        if whole is None:
            return
        gradients, norm = self.clipped(whole)
        if not math.isfinite(norm):
            raise DivergedError(
                f"the norm of the gradients became {norm} at step {self.steps + 1}; that step was "
                "not made. Try a smaller learning rate, and look for NaN in the data"
            )
        self.step(gradients)

    def gather(self, gradients: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the gradients for a step: the mean of several; or None, if more are to come."""
        if self.accumulate == 1:
            return gradients
        total = self.gathered
        for name, gradient in gradients.items():
            total[name] = total[name] + gradient if name in total else gradient
        self.gathered_count += 1
        if self.gathered_count < self.accumulate:
            return None
        self.gathered, self.gathered_count = {}, 0
        return {name: gradient / self.accumulate for name, gradient in total.items()}

    def clipped(self, gradients: Mapping[str, Any]) -> tuple[Mapping[str, Any], float]:
        """Return gradients as `clip_norm` wants them, in place, and the norm that they had.

        Without a `clip_norm` the norm is not computed, and zero.
        """
        if self.clip_norm is None:
            return gradients, 0.0
        return optim.clip_by_global_norm(gradients, self.clip_norm)

    def step(self, gradients: Mapping[str, Any]) -> None:
        """Make a step of the parameters, without clipping."""
        params, configs = self.model.params, self.configs
        for name in gradients:
            if name not in configs:
                self.add(name)
        if self.schedule is not None:
            factor = self.schedule(self.steps)
            for name, rate in self.base_rates.items():
                configs[name]["learning_rate"] = rate * factor
        for name, gradient in gradients.items():
            params[name], configs[name] = self.rules[name](params[name], gradient, configs[name])
        self.steps += 1

    def add(self, name: str) -> None:
        """Give a parameter its rule, and a configuration of its own."""
        own = self.model.param_configs.get(name, {})
        if not own and name not in self.model.params:
            raise KeyError(f"{name}; the parameters are {', '.join(self.model.params)}")
        group = dict(self._group_of(name))
        group_rule = optim.rule(group.pop("update_rule", self.rule))
        other_rule = "update_rule" in own or group_rule is not self.rule
        config = {**({} if other_rule else self.shared), **group, **own.get("optim_config", {})}
        if self.matrix_decay is not None:
            axes = len(own["shape"] if own else self.model.params[name].shape)
            config.setdefault("weight_decay", self.matrix_decay if axes > 1 else 0.0)
        if self.schedule is not None:
            self.base_rates[name] = _learning_rate(name, config)
        self.rules[name] = optim.rule(own.get("update_rule", group_rule))
        self.configs[name] = config

    def _group_of(self, name: str) -> Mapping[str, Any]:
        """Return what a parameter's group has of its own; of the first pattern that fits."""
        fitting = (config for pattern, config in self.groups.items() if fnmatchcase(name, pattern))
        return next(fitting, {})

    def add_all(self) -> None:
        """Give each parameter of the model that has none its rule and configuration."""
        for name in {**self.model.param_configs, **self.model.params}:
            if name not in self.configs:
                self.add(name)
        self._check_groups()

    def _check_groups(self) -> None:
        for pattern in self.groups:
            if self.configs and not any(fnmatchcase(name, pattern) for name in self.configs):
                raise ValueError(
                    f"the group {pattern!r} holds no parameter; there are "
                    f"{', '.join(self.configs)}. In a pattern, * stands for any letters"
                )

    def reset(self) -> None:
        """Forget all configurations, and with them what the rules remember of earlier steps."""
        self.configs, self.rules, self.base_rates = {}, {}, {}
        self.gathered, self.gathered_count = {}, 0
        self.steps = 0

    def scale_rates(self, factor: float) -> None:
        """Multiply the learning rates of all parameters."""
        for name, config in self.configs.items():
            if name in self.base_rates:
                self.base_rates[name] *= factor
            elif "learning_rate" in config:
                config["learning_rate"] *= factor

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self.configs:
            self.add(name)
        return self.configs[name]

    def __getattr__(self, key: str) -> Any:
        found = self.__dict__.get("shared", {})
        if key not in found:
            raise AttributeError(f"Updater has no {key!r}; it was made with {', '.join(found)}")
        return found[key]

    def __setattr__(self, key: str, value: Any) -> None:
        if key in self.__dict__:
            self.__dict__[key] = value
            return
        self.shared[key] = value
        for config in self.configs.values():
            config[key] = value
        if key == "learning_rate":
            self.base_rates.update(dict.fromkeys(self.base_rates, value))


def _learning_rate(name: str, config: dict[str, Any]) -> float:
    if "learning_rate" not in config:
        raise ValueError(
            f"a schedule multiplies the learning rate, and {name} has none: give "
            "optim_config={'learning_rate': ...}"
        )
    return config["learning_rate"]
