"""The states of a symbol: what MXNet calls auxiliary, such as running means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import numpy as onp

from minpy.array import Array, raw, wrap
from minpy.dtypes import get_default_dtype
from minpy.symbol.graph import Graph, Shape, Shapes


class States(MutableMapping):
    """The auxiliary states of a symbol, by name: read as arrays, and set.

    Parameters
    ----------
    graph : Graph
    shapes : callable
        Returns the shapes of everything in the symbol, or raises if they are not known.

    Attributes
    ----------
    values_now : dict of ndarray
        Those that are known.  A change makes a new dict, so that a call knows what they were.
    """

    def __init__(self, graph: Graph, shapes: Callable[[], Shapes]) -> None:
        self._graph = graph
        self._shapes = shapes
        self.values_now: dict[str, onp.ndarray] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._graph.states)

    def __len__(self) -> int:
        return len(self._graph.states)

    def __getitem__(self, name: str) -> Array:
        self._check(name)
        if name not in self.values_now:
            self.current(self._shapes().states)
        return wrap(self.values_now[name].copy())

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        value = onp.array(raw(value))
        self.values_now = {**self.values_now, name: value}

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{self._graph.name} needs its state {name!r}; set it instead")

    def __repr__(self) -> str:
        return f"<states {', '.join(self._graph.states) or 'of nothing'}>"

    def _check(self, name: str) -> None:
        if name not in self._graph.states:
            raise KeyError(
                f"{self._graph.name} has no state {name!r}; it has "
                f"{', '.join(self._graph.states) or 'none'}"
            )

    def current(self, shapes: dict[str, Shape]) -> dict[str, onp.ndarray]:
        """Return all values; a state that has none yet gets its first one.

        Raises
        ------
        ValueError
            If one was set that has another shape.
        """
        for name, value in self.values_now.items():
            if value.shape != shapes[name]:
                raise ValueError(
                    f"{self._graph.name}: the state {name} has shape {value.shape}, but with these "
                    f"inputs it must be {shapes[name]}"
                )
        missing = shapes.keys() - self.values_now.keys()
        if missing:
            first = {
                name: onp.full(shapes[name], self._graph.first_values[name], get_default_dtype())
                for name in missing
            }
            self.values_now = {**self.values_now, **first}
        return self.values_now

    def newer_than(self, values: dict[str, onp.ndarray]) -> dict[str, onp.ndarray]:
        """Return what others have changed since a call had `values`; not what training leaves."""
        if self.values_now is values:
            return {}
        return self._learned(self.values_now)

    def learn(self, values: dict[str, onp.ndarray]) -> None:
        """Take over what training made of the states."""
        self.values_now = {**self.values_now, **self._learned(values)}

    def _learned(self, values: dict[str, onp.ndarray]) -> dict[str, onp.ndarray]:
        return {name: x for name, x in values.items() if name not in self._graph.frozen}
