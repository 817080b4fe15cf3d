"""Modules made of others."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import minpy.numpy as np
from minpy.nn.module import Container, Module

__all__ = ["Concatenate", "Sequential"]


class Sequential(Container):
    """Modules one after another; what one returns, the next one gets.

    Parameters
    ----------
    *modules : Module

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import FullyConnected, ReLU
    >>> net = Sequential(FullyConnected(4), ReLU())
    >>> net.append(FullyConnected(2))
    >>> net(np.ones((5, 3))).shape
    (5, 2)
    >>> net
    Sequential(
      FullyConnected(num_hidden=4): (N, 3) -> (N, 4), weight (3, 4), bias (4,)
      ReLU(): (N, 4) -> (N, 4)
      FullyConnected(num_hidden=2): (N, 4) -> (N, 2), weight (4, 2), bias (2,)
    ): (N, 3) -> (N, 2)
    """

    def __init__(self, *modules: Module, name: str | None = None) -> None:
        super().__init__(name)
        self.modules: list[Module] = []
        for module in modules:
            self.append(module)

    def forward(self, *inputs: Any) -> Any:
        """Return what the last module returns."""
        for module in self.modules:
            out = module(*inputs)
            inputs = out if isinstance(out, tuple) else (out,)
        return inputs if len(inputs) != 1 else inputs[0]

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        self.insert(len(self.modules), module)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at `index`."""
        if not isinstance(module, Module):
            hint = f"; write {module.__name__}(...)" if inspect.isclass(module) else ""
            hint = "; write Sequential(*modules)" if isinstance(module, list | tuple) else hint
            raise TypeError(f"Sequential is made of modules, but was given {module!r}{hint}")
        self.modules.insert(index, module)
        if self._is_part:
            module.join(self._owner)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)

    def __getitem__(self, index: int) -> Module:
        return self.modules[index]


class Concatenate(Container):
    """Modules with the same input, whose results are joined; with `Identity`, a skip connection.

    Parameters
    ----------
    *modules : Module
    axis : int
        Along which they are joined: 1, that of channels, by default.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import FullyConnected, Identity
    >>> Concatenate(Identity(), FullyConnected(4))(np.ones((5, 3))).shape
    (5, 7)
    """

    shown = ("axis",)

    def __init__(self, *modules: Module, axis: int = 1, name: str | None = None) -> None:
        super().__init__(name)
        for module in modules:
            if not isinstance(module, Module):
                raise TypeError(f"Concatenate is made of modules, got {module!r}")
        if not modules:
            raise ValueError("Concatenate needs one module at least")
        self.modules = list(modules)
        self.axis = axis

    def forward(self, *inputs: Any) -> Any:
        """Return the results of all modules in one array."""
        return np.concatenate([module(*inputs) for module in self.modules], axis=self.axis)
