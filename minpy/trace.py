"""A recording to look at, and to run again on new inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minpy.array import Array, is_differentiable, wrap
from minpy.autograd import Recording
from minpy.backward import between
from minpy.errors import name_of
from minpy.ops.creation import as_array
from minpy.tape import LEAF, Node, apply
from minpy.tree import leaves


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

    def __init__(self, value: Array, nodes: list[Node], inputs: list[int]) -> None:
        self.value = value
        self.nodes = nodes
        self.inputs = inputs

    def replay(self, *args: Any) -> Array:
        """Run the recorded ops on new arguments, of the structure and shapes of the first ones.

        What is no op is not run again: a Python ``if`` stays as it was decided, and constants keep
        their values.
        """
        new = [as_array(x) for x in leaves(args) if is_differentiable(x)]
        if len(new) != len(self.inputs):
            raise TypeError(
                f"the recording was made of {len(self.inputs)} floating arrays, but is to be "
                f"replayed on {len(new)}"
            )
        results = dict(zip(self.inputs, new, strict=True))
        for serial, op, parents, (_, *kept), static in self.nodes:
            if op is not LEAF:
                pairs = zip(parents, kept, strict=True)
                data = [x if parent is None else results[parent[0]] for parent, x in pairs]
                results[serial] = apply(op, *data, **(static or {}))
        return results[self.nodes[-1][0]]


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
    recording = Recording(f, floating, args, {})
    try:
        end = recording.end()
        if end._node is None:
            raise TypeError(
                f"the result of {name_of(f)} does not depend on floating arguments, so there is "
                "nothing to record"
            )
        found, _ = between([end._node], recording.start)
        inputs = [node[0] for node in recording.leaves]
        return Trace(wrap(end._data), [found[serial] for serial in sorted(found)], inputs)
    finally:
        recording.close()
