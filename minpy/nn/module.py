"""Modules, the parts of networks: called with arrays, they return arrays.

The sum of two modules is a module, too: ``Identity() + Sequential(...)`` is a residual block.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from typing import Any

from minpy.nn.parameter_store import ParameterStore

__all__ = ["Add", "Container", "Module", "Mul", "Shape", "Sub", "modules_in"]

Shape = tuple[int, ...]


class Module:
    """A part of a network: called with arrays, it returns arrays.

    The modules among its attributes, also in lists, tuples and dicts, are parts of it.

    Parameters
    ----------
    name : str, optional
        What its parameters are called by; by default its class and a number.
    """

    shown: tuple[str, ...] = ()  # attributes in its repr

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self._own_name = name
        self._owner = ParameterStore()  # a model, once it is part of one
        self._is_part = False  # of a model
        self._shapes: tuple | None = None  # of the arguments and the result of the first call

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Return what `forward` does; the first call finds out the shapes."""
        if self._shapes is None:
            return self._first_call(inputs, named)
        return self.forward(*inputs, **named)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return what the module computes; to be written by a subclass."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, ...)")

    def _first_call(self, inputs: tuple, named: dict[str, Any]) -> Any:
        out = self.forward(*inputs, **named)
        self._shapes = _shapes_of((*inputs, *named.values())), _shapes_of(out)
        return out

    def __copy__(self) -> Any:
        """Return what `copy.deepcopy` does: two modules have not the same parameters."""
        return copy.deepcopy(self)

    # -- parts

    def parts(self) -> list[Module]:
        """Return the modules that this one is made of, without theirs."""
        own = [value for key, value in vars(self).items() if key != "_owner"]
        return modules_in(own)

    def walk(self) -> Iterator[Module]:
        """Yield this module, its parts, theirs, and so on."""
        yield self
        for part in self.parts():
            yield from part.walk()

    def join(self, model: ParameterStore) -> None:
        """Become part of a model, with all parts."""
        for module in self.walk():
            module._join(model)
        model.has_all_shapes = False

    def _join(self, model: ParameterStore) -> None:
        self._owner = model
        self._is_part = True

    @property
    def is_training(self) -> bool:
        """Whether this is training: dropout drops, and batch normalization looks at the batch."""
        return self._owner.is_training

    def training(self) -> None:
        """Switch to training."""
        for module in self.walk():
            module._owner.is_training = True

    def inference(self) -> None:
        """Switch to using what was learned."""
        for module in self.walk():
            module._owner.is_training = False

    # -- arithmetic

    def __add__(self, other: Module) -> Add:
        return Add(self, other)

    def __sub__(self, other: Module) -> Sub:
        return Sub(self, other)

    def __mul__(self, other: Module) -> Mul:
        return Mul(self, other)

    # -- to look at

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        """Return the lines of the repr, with those of the parts indented."""
        options = ", ".join(f"{key}={getattr(self, key)!r}" for key in self.shown)
        head = f"{type(self).__name__}({options}"
        parts = self.parts()
        if not parts:
            return [f"{head}){self._shapes_text()}"]
        inner = [f"  {line}" for part in parts for line in part._lines()]
        return [head, *inner, f"){self._shapes_text()}"]

    def _shapes_text(self) -> str:
        if self._shapes is None:
            return ""
        before, after = (", ".join(map(_batch_shape, shapes)) for shapes in self._shapes)
        return f": {before} -> {after}"


class Container(Module):
    """A module made of others."""


class _Binary(Container):
    """Two modules with the same input, whose results are combined."""

    combine: Callable[[Any, Any], Any]

    def __init__(self, left: Module, right: Module, name: str | None = None) -> None:
        super().__init__(name)
        self.left = left
        self.right = right

    def forward(self, *inputs: Any) -> Any:
        """Return the two results, combined."""
        return self.combine(self.left(*inputs), self.right(*inputs))


class Add(_Binary):
    """The sum of what two modules return; ``left + right`` makes one.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import Identity, ReLU
    >>> (Identity() + ReLU())(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])
    """

    combine = staticmethod(operator.add)


class Sub(_Binary):
    """The difference of what two modules return; ``left - right`` makes one."""

    combine = staticmethod(operator.sub)


class Mul(_Binary):
    """The product of what two modules return; ``left * right`` makes one."""

    combine = staticmethod(operator.mul)


def modules_in(value: Any) -> list[Module]:
    """Return the modules that an attribute holds: itself, or those in lists, tuples and dicts."""
    if isinstance(value, Module):
        return [value]
    if isinstance(value, ParameterStore):  # a model in another one
        value = vars(value)
    if isinstance(value, dict):
        value = list(value.values())
    # a list of numbers may be long: its types are looked at first, which takes no loop in Python
    if isinstance(value, list | tuple) and any(map(_may_hold_modules, set(map(type, value)))):
        return [module for item in value for module in modules_in(item)]
    return []


def _may_hold_modules(kind: type) -> bool:
    return issubclass(kind, Module | ParameterStore | dict | list | tuple)


def _shapes_of(arrays: Any) -> list[Shape]:
    arrays = arrays if isinstance(arrays, tuple) else (arrays,)
    return [tuple(x.shape) for x in arrays if hasattr(x, "shape")]


def _batch_shape(shape: Shape) -> str:
    if not shape:
        return "()"
    return f"({', '.join(['N', *map(str, shape[1:])])}{',' if len(shape) == 1 else ''})"
