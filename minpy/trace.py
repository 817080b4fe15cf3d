"""A recording to look at, and to run again on new inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import Array, is_differentiable, observers, raw, wrap
from minpy.autograd import Recording
from minpy.backward import between
from minpy.errors import name_of, no_replay
from minpy.ops.creation import as_array
from minpy.tape import LEAF, Node, apply
from minpy.tree import leaves, tree_map


class Trace:
    """The ops that led from a function's arguments to its result.

    Attributes
    ----------
    value : Array
        The result.
    nodes : list of tuple
        ``(serial, op, parents, values, static)`` from the oldest to the youngest; see
        `minpy.tape`.
    """

    def __init__(
        self, value: Array, nodes: list[Node], inputs: list[int], f: Callable, args: tuple
    ) -> None:
        self.value = value
        self.nodes = nodes
        self.inputs = inputs
        self.name = name_of(f)
        self.args = args
        self.looked = False

    def replay(self, *args: Any) -> Array:
        """Run the recorded ops on new arguments, of the structure and shapes of the first ones.

        What is no op is not run again: constants keep their values, and so do random numbers.

        Raises
        ------
        ValueError
            If arguments have other shapes; if those that are not floating, such as labels, have
            other values; or if the function looked at values that depend on its arguments, to
            compare, to sort, to clip, or for an ``if``: what it decided then may be wrong now.
        """
        if self.looked:
            raise no_replay(
                self.name,
                "it looked at values that depend on its arguments (by a comparison, a mask, "
                "sorting, clipping, `if` or .item()), and a replay would repeat what it decided",
            )
        old, given = leaves(self.args), leaves(args)
        floating = [as_array(x) for x in given if is_differentiable(x)]
        if len(floating) != len(self.inputs):
            raise TypeError(
                f"the recording was made of {len(self.inputs)} floating arrays, but is to be "
                f"replayed on {len(floating)}"
            )
        for before, now in zip(old, given, strict=True):
            if is_differentiable(before) and onp.shape(raw(before)) != onp.shape(raw(now)):
                shapes = f"{onp.shape(raw(before))} and not {onp.shape(raw(now))}"
                raise no_replay(self.name, f"it was made of an array of shape {shapes}")
            if not (is_differentiable(before) or onp.array_equal(raw(before), raw(now))):
                raise no_replay(self.name, "an argument that is not floating has other values")
        results = dict(zip(self.inputs, floating, strict=True))
        for serial, op, parents, (_, *kept), static in self.nodes:
            if op is not LEAF:
                pairs = zip(parents, kept, strict=True)
                data = [
                    x if parent is None else _as_input(results[parent[0]]) for parent, x in pairs
                ]
                results[serial] = apply(op, *data, **(static or {}))
        return results[self.nodes[-1][0]]


def _as_input(x: Any) -> Any:
    return as_array(x) if isinstance(x, onp.generic) else x


def record(f: Callable, *args: Any) -> Trace:
    """Run a function and keep what it did, as a `Trace`.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> trace = minpy.record(lambda x: np.exp(2 * x), np.zeros(2))
    >>> [node[1].name for node in trace.nodes]
    ['leaf', 'multiply', 'exp']
    >>> trace.replay(np.array([0.0, 0.5]))
    array([1.        , 2.71828183])
    """
    floating = [i for i, x in enumerate(args) if any(map(is_differentiable, leaves(x)))]
    looked: list[Array] = []
    kept = tree_map(lambda x: onp.array(x) if isinstance(x, onp.ndarray) else x, args)
    observers.append(looked.append)
    try:
        recording = Recording(f, floating, args, {})
    finally:
        observers.remove(looked.append)
    try:
        end = recording.end()
        if end._node is None:
            raise TypeError(
                f"the result of {name_of(f)} does not depend on floating arguments, so there is "
                "nothing to record"
            )
        found, _ = between([end._node], recording.start)
        inputs = [node[0] for node in recording.leaves]
        nodes = [found[serial] for serial in sorted(found)]
        trace = Trace(wrap(end._data), nodes, inputs, f, kept)
        trace.looked = any(x._node[0] >= recording.start for x in looked if x._node is not None)
        return trace
    finally:
        recording.close()
