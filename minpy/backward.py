"""The backward pass.

A node is younger than its parents, so the backward pass visits the nodes between the end and the
start of a recording from the youngest to the oldest; there is no recursion, and a node and its
gradient are let go as soon as they have been used.

There is no global state.  A gradient inside a gradient is found by looking: if what is visited
reaches a node older than the start, an outer recording depends on it, and the rules run on
recorded arrays; otherwise they run on raw ones.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy.array import Array, current_data, dtype_of, hold, wrap
from minpy.backends import backend_of
from minpy.backends.numpy import add_at, clear
from minpy.inplace import WRITE, Scatter, index_add
from minpy.tape import Node, Part, part_of


class Gradients:
    """The gradients on their way: by serial number, and which of them nobody else has."""

    def __init__(self, on_arrays: bool) -> None:
        self.on_arrays = on_arrays
        self.of: dict[int, Any] = {}
        self.owned: set[int] = set()

    def add(self, serial: int, g: Any) -> None:
        """Add a contribution to the gradient of node `serial`."""
        have = self.of.get(serial)
        if serial in self.owned and type(g) is ndarray and _fits(g, have):
            have += g
        elif type(g) is Scatter:
            self._add_scatter(serial, g)
        elif type(g) is Part:
            parts = self.of.setdefault(serial, [None] * g.of)
            parts[g.index] = g.g if parts[g.index] is None else parts[g.index] + g.g
        else:
            if type(g) is Array and not self.on_arrays:  # from a user's rule
                held = getattr(g, "_held", False)  # it is what the rule was given
                g = onp.array(current_data(g)) if held else current_data(g)
            self.of[serial] = g if have is None else have + g
            if have is not None:
                self._own(serial)

    def _add_scatter(self, serial: int, read: Scatter) -> None:
        have = self.of.get(serial)
        if self.on_arrays:
            have = _zeros_for(read) if have is None else have
            self.of[serial] = index_add(have, read.g, index=read.index)
            return
        if have is None:
            have = onp.zeros(read.shape, read.g.dtype)
        elif serial not in self.owned or not onp.can_cast(read.g.dtype, have.dtype, "same_kind"):
            have = onp.array(have, onp.result_type(have, read.g), order="C")
        add_at(have, read.index, read.g)
        self.of[serial] = have
        self._own(serial)

    def leaves(self, serials: list[int], seed: Any) -> list[Any]:
        """Return what arrived at each leaf as an `Array` that can be written without harm."""
        met = {id(seed)}
        return [self._leaf(serial, met) for serial in serials]

    def _leaf(self, serial: int, met: set[int]) -> Any:
        g = self.of.get(serial)
        if g is None:
            return None
        if type(g) is Array:
            out = wrap(hold(g), g._node)
            out._held = True
            return out
        shared = type(g) is ndarray and (g.base is not None or id(g) in met)
        met.add(id(g))
        return wrap(g.copy() if shared and serial not in self.owned else g)

    def through_write(self, node: Node, start: int) -> tuple[Any, Any]:
        """Return a write's gradient for what was there before, and for the value written.

        The buffer itself goes on to the older version, so that a loop of writes costs what its
        regions cost.
        """
        serial, _, (old, value), values, static = node
        g = self.of.pop(serial)
        mine = serial in self.owned
        self.owned.discard(serial)
        region = None
        if value is not None and value[0] >= start:
            region = WRITE.rules[1](g, *values, **static)
            if mine and onp.may_share_memory(region, g):
                region = region.copy()
        if old is None or old[0] < start:
            return None, region
        if not (mine and g.flags.c_contiguous):
            g = onp.array(g, order="C")
        clear(g, static["steps"], static["index"])
        if old[0] not in self.of:
            self.owned.add(old[0])
        return g, region

    def _own(self, serial: int) -> None:
        """Note that nobody else has this buffer; a 0-d sum is no buffer but a NumPy scalar."""
        if type(self.of[serial]) is ndarray:
            self.owned.add(serial)
        else:
            self.owned.discard(serial)


def _fits(g: ndarray, into: ndarray) -> bool:
    return g.dtype is into.dtype and g.shape == into.shape


def _zeros_for(read: Scatter) -> Any:
    """Return zeros of the backend and the dtype of the gradient that is to be put into them."""
    return wrap(read.g._backend.from_numpy(onp.zeros(read.shape, dtype_of(read.g))))


def between(ends: list[Node], start: int) -> tuple[dict[int, Node], bool]:
    """Return the nodes between `ends` and a start, by serial, and whether one reaches beyond it."""
    found: dict[int, Node] = {}
    beyond = False
    stack = ends.copy()
    while stack:
        node = stack.pop()
        if node[0] in found:
            continue
        found[node[0]] = node
        for parent in node[2]:
            if parent is not None:
                if parent[0] >= start:
                    stack.append(parent)
                else:
                    beyond = True
    return found, beyond


def without_bystanders(found: dict[int, Node], leaves: set[int]) -> dict[int, Node]:
    """Keep the nodes that depend on one of `leaves`; the others belong to an outer recording."""
    kept: dict[int, Node] = {}
    for serial in sorted(found):
        parents = found[serial][2]
        if serial in leaves or any(p is not None and p[0] in kept for p in parents):
            kept[serial] = found[serial]
    return kept


def backward(
    ends: list[Node], seed: Array, leaves: list[int], start: int, *, alone: bool = False
) -> tuple[list[Any], Node | None]:
    """Run the backward pass.

    Parameters
    ----------
    ends : list of one node
        Where to begin.  The list is emptied, so that nobody here keeps the graph alive.
    seed : Array
        The gradient of the end.
    leaves : list of int
        Serial numbers of the leaves.
    start : int
        The serial number at which the recording started.
    alone : bool
        Whether no other recording is running, so that none can depend on what is visited.

    Returns
    -------
    gradients : list
        The gradient of each leaf as an `Array`, or None where none arrived.
    end : tuple or None
        The node given in `ends`, if an outer recording depends on it.
    """
    wanted = set(leaves)
    end = ends.pop()
    nodes, beyond = ({}, False) if alone else between([end], start)
    nodes = without_bystanders(nodes, wanted) if beyond else None
    on_arrays = beyond or seed._node is not None or seed._link is not None
    gradients = Gradients(on_arrays)
    of, owned = gradients.of, gradients.owned
    of[end[0]] = seed if on_arrays else seed._data
    waiting = [(-end[0], end)]  # a heap: the youngest comes first
    outer_end = end if beyond else None
    del end
    while waiting:
        node = heappop(waiting)[1]
        serial, record, parents, values, static = node
        if serial in wanted:
            continue
        if record is WRITE and not on_arrays:
            shares = gradients.through_write(node, start)
        else:
            g = of.pop(serial)
            owned.discard(serial)
            if on_arrays or record.wrapped or type(g) is list:
                g, values = _as_rules_want(node, g, on_arrays or record.wrapped, recorded=beyond)
            shares = None
        for i, parent in enumerate(parents):
            if (
                parent is None
                or parent[0] < start
                or (nodes is not None and parent[0] not in nodes)
            ):
                continue
            to = parent[0]
            rule = record.rules[i]
            if shares is not None:
                share = shares[i]
            elif static is not None:
                share = rule(g, *values, **static)
            elif len(values) == 3:  # spelt out: a starred call costs as much as the loop around it
                share = rule(g, values[0], values[1], values[2])
            else:
                share = rule(g, *values)
            if to not in of:
                heappush(waiting, (-to, parent))
                if type(share) is ndarray:
                    of[to] = share
                    continue
            gradients.add(to, share)
    return gradients.leaves(leaves, seed._data), outer_end


def _as_rules_want(
    node: Node, g: Any, on_arrays: bool, *, recorded: bool
) -> tuple[Any, tuple[Any, ...]]:
    """Return a gradient and what the node keeps, for rules that work on arrays.

    Recorded, the kept values carry the nodes they came from, so that what the rule does with them
    is differentiated in its turn.
    """
    _, _, parents, (ans, *args), _ = node
    if type(g) is list:  # of an op with several results: zero for those nobody used
        g = tuple(
            onp.zeros(y.shape, dtype_of(y)) if part is None else part
            for part, y in zip(g, ans, strict=True)
        )
    if not on_arrays:
        return g, node[3]
    if isinstance(ans, tuple):  # also the named tuples of numpy.linalg
        nodes = [part_of(node, i, len(ans)) if recorded else None for i in range(len(ans))]
        ans = tuple(map(_handle, ans, nodes))
    else:
        ans = _handle(ans, node if recorded else None)
    args = map(_handle, args, parents if recorded else [None] * len(args))
    return tuple(map(_handle, g)) if type(g) is tuple else _handle(g), (ans, *args)


def _handle(x: Any, node: Node | None = None) -> Any:
    """Return a raw array as an `Array` on memory that is held; anything else as it is."""
    if x is None or type(x) is tuple or type(x) is Array or backend_of(x) is None:
        return x
    x = wrap(x, node)
    x._held = True
    return x
