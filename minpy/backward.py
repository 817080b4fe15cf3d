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

from minpy.array import Array, current_data, dtype_of, pin, wrap
from minpy.backends import NUMPYS, backend_of, runs_bare
from minpy.backends.numpy import add_at, clear, follow, names_once
from minpy.backends.numpy import zeros_for as numpy_zeros
from minpy.backends.raw import added, copied, zeros_of
from minpy.backends.statistics import op_watchers, watched
from minpy.inplace import WRITE, Scatter, getitem, index_add, setitem, zeros_for
from minpy.tape import Node, Op, Part, part_of


class Gradients:
    """The gradients on their way: by serial number, and which of them nobody else has.

    They are raw arrays of the backend that their node ran on; while an outer recording depends on
    what is visited (`recorded`), they are recorded arrays.
    """

    def __init__(self, recorded: bool) -> None:
        self.recorded = recorded
        self.of: dict[int, Any] = {}
        self.owned: set[int] = set()

    def add(self, serial: int, g: Any) -> None:
        """Add a contribution to the gradient of node `serial`."""
        have = self.of.get(serial)
        if type(g) is Scatter:
            self._add_scatter(serial, g)
        elif type(g) is Part:
            parts = self.of.setdefault(serial, [None] * g.of)
            part = parts[g.index]
            parts[g.index] = g.g if part is None else _sum(part, g.g)
        elif have is None:
            self.of[serial] = g
        elif serial in self.owned and not self.recorded:
            self.of[serial] = backend_of(have).implementation("add_into")(have, g)
            self.own(serial)
        else:
            self.of[serial] = _sum(have, g)
            self.own(serial)

    def _add_scatter(self, serial: int, read: Scatter) -> None:
        have = self.of.get(serial)
        if self.recorded:
            have = zeros_for(read.g, read.shape) if have is None else have
            self.of[serial] = index_add(have, read.g, index=read.index)
            return
        g = current_data(read.g) if type(read.g) is Array else read.g
        if have is None:
            # short for NumPy: loops over steps in time come here at each step
            run = numpy_zeros if type(g) is ndarray else backend_of(g).implementation("zeros_for")
            have = run(g, read.shape)
        elif g.dtype is not have.dtype:
            have = copied(have, onp.result_type(dtype_of(have), dtype_of(g)))
        elif serial not in self.owned:
            have = copied(have)
        self.of[serial] = _with_added(have, read.index, g)
        self.own(serial)

    def leaves(self, serials: list[int], seed: Any) -> list[Any]:
        """Return what arrived at each leaf as an `Array` that can be written without harm."""
        met = {id(seed)}
        return [self._leaf(serial, met) for serial in serials]

    def _leaf(self, serial: int, met: set[int]) -> Any:
        g = self.of.get(serial)
        if g is None:
            return None
        if type(g) is Array:
            out = wrap(pin(g), g._node)
            out._pinned = True
            return out
        shared = id(g) in met or not backend_of(g).owns(g)
        met.add(id(g))
        return wrap(copied(g) if shared and serial not in self.owned else g)

    def through_write(self, node: Node, start: int) -> tuple[Any, Any]:
        """Return a write's gradient for what was there before, and for the value written.

        The buffer itself goes on to the older version, so that a loop of writes costs what its
        regions cost.
        """
        serial, _, (old, value), values, static = node
        g = self.of.pop(serial)
        mine = serial in self.owned
        self.owned.discard(serial)
        on_numpy = type(g) is ndarray
        region = None
        if value is not None and value[0] >= start:
            rule = _watched_rule(WRITE, 1) if op_watchers else WRITE.rules[1]
            region = rule(g if on_numpy else wrap(g), *values, **static)
            region = region._data if type(region) is Array else region
            if mine and (getattr(region, "base", None) is g or backend_of(g).aliases(region, g)):
                region = copied(region)
        if old is None or old[0] < start:
            return None, region
        if not (mine and (not on_numpy or g.flags.c_contiguous)):
            g = copied(g)
        if on_numpy:
            clear(g, static["steps"], static["index"])
        else:
            setitem(follow(wrap(g), static["steps"]), static["index"], 0)
        if old[0] not in self.of:
            self.owned.add(old[0])
        return g, region

    def own(self, serial: int) -> None:
        """Note that nobody else has this buffer; a 0-d sum is no buffer but a NumPy scalar."""
        if type(self.of[serial]) is ndarray or not isinstance(self.of[serial], onp.generic):
            self.owned.add(serial)
        else:
            self.owned.discard(serial)


def _watched_rule(record: Op, argnum: int) -> Any:
    return watched(f"the gradient of {record.name}", record.rules[argnum], op_watchers)


def _sum(one: Any, other: Any) -> Any:
    return one + other if type(one) is Array else added(one, other)


def _with_added(have: Any, index: Any, g: Any) -> Any:
    """Return a raw buffer with `g` added at `index`: in place, where it can be."""
    if type(have) is ndarray:
        add_at(have, index, g)
        return have
    buffer = wrap(have)
    if not names_once(index):
        return index_add(buffer, wrap(g), index=index)._data
    setitem(buffer, index, getitem(buffer, index) + wrap(g))
    return have


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
    recorded = beyond or seed._node is not None
    gradients = Gradients(recorded)
    of, owned = gradients.of, gradients.owned
    of[end[0]] = seed if recorded else current_data(seed)
    waiting = [(-end[0], end)]  # a heap: the youngest comes first
    outer_end = end if beyond else None
    del end
    watching = bool(op_watchers)
    while waiting:
        node = heappop(waiting)[1]
        serial, record, parents, values, static = node
        if serial in wanted:
            continue
        if record is WRITE and not recorded:
            shares = gradients.through_write(node, start)
        else:
            shares = None
            g = of.pop(serial)
            owned.discard(serial)
            on_arrays = recorded or record.wrapped
            if on_arrays or (type(g) is not ndarray and not runs_bare(record.name, g, values)):
                g, values = _as_rules_want(node, g, on_arrays, recorded=beyond)
        rules = record.rules
        for i, parent in enumerate(parents):
            if parent is None or parent[0] < start:
                continue
            to = parent[0]
            if nodes is not None and to not in nodes:
                continue
            rule = _watched_rule(record, i) if watching else rules[i]
            if shares is not None:
                share = shares[i]
            elif static is not None:
                share = rule(g, *values, **static)
            elif len(values) == 3:  # spelt out: a starred call costs as much as the loop around it
                share = rule(g, values[0], values[1], values[2])
            else:
                share = rule(g, *values)
            have = of.get(to)
            if have is None and to not in of:
                heappush(waiting, (-to, parent))
                if type(share) is ndarray:
                    of[to] = share
                    continue
            elif type(share) is ndarray is type(have) and not recorded:
                # the commonest sum, spelt out; see `Gradients.add`
                if to not in owned:
                    of[to] = have + share
                    gradients.own(to)
                    continue
                if have.shape == share.shape and have.dtype is share.dtype:
                    have += share
                    continue
            if type(share) is Array and not recorded:
                pinned = record.wrapped and getattr(share, "_pinned", False)  # a user's rule had it
                share = copied(current_data(share)) if pinned else current_data(share)
            gradients.add(to, share)
    return gradients.leaves(leaves, seed._data), outer_end


def _as_rules_want(
    node: Node, g: Any, on_arrays: bool, *, recorded: bool
) -> tuple[Any, tuple[Any, ...]]:
    """Return a gradient and what the node keeps, for rules that work on arrays.

    They do where an outer gradient asks, and for the arrays of every backend but NumPy.  Recorded,
    the kept values carry the nodes they came from, so that what the rule does with them is
    differentiated in its turn.
    """
    _, _, parents, (ans, *args), _ = node
    if type(g) is list:  # of an op with several results: zero for those nobody used
        g = tuple([zeros_of(y) if part is None else part for part, y in zip(g, ans, strict=True)])
        on_arrays = on_arrays or type(g[0]) not in NUMPYS
    elif type(g) not in NUMPYS:
        on_arrays = True
    if not on_arrays:
        return g, node[3]
    if isinstance(ans, tuple):  # also the named tuples of numpy.linalg
        nodes = [part_of(node, i, len(ans)) if recorded else None for i in range(len(ans))]
        ans = tuple(map(_handle, ans, nodes))
    else:
        ans = _handle(ans, node if recorded else None)
    args = map(_handle, args, parents) if recorded else map(_handle, args)
    return tuple(map(_handle, g)) if type(g) is tuple else _handle(g), (ans, *args)


def _handle(x: Any, node: Node | None = None) -> Any:
    """Return a raw array as an `Array` on memory that is held; anything else as it is."""
    if x is None or isinstance(x, tuple) or type(x) is Array:
        return x
    backend = backend_of(x)
    if backend is None:
        return x
    x = wrap(x, node, backend)
    x._pinned = True
    return x
