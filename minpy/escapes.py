"""What leaves a recording: values that are taken out of it, and arrays that outlive it.

How the engine records and differentiates can be read without this module.

*Values* leave in one of the explicit ways, such as ``x.detach()``.  If the result of a function
does not depend on its arguments because of that, a warning says so (`warn_of_exits`).

*Arrays* that a function leaves outside itself, in a list or by writing into an outer array, still
carry their nodes, and with them the graph.  When a recording ends, the references to its leaves
tell whether there are such arrays.  Only then does `let_go` look for them, among all objects that
Python's garbage collector knows, and makes them plain.
"""

from __future__ import annotations

import gc
import sys
import threading
import warnings
from collections.abc import Callable
from itertools import chain, compress, repeat
from operator import is_
from typing import Any

from minpy import errors
from minpy.array import Array, look_at
from minpy.backward import between, without_bystanders
from minpy.tape import Node

# ----- values

exits: dict[str, int] = {}  # ways of leaving a recorded array, and the node last left by each


def leave_by(how: str, x: Array) -> None:
    """Note that the program took the values of a recorded array, in one of the explicit ways."""
    if x._node is not None:
        caller = sys._getframe(2).f_globals.get("__name__", "")
        if not caller.startswith("minpy."):  # an op of ours that decides by values tells nobody
            exits[how] = x._node[0]
        look_at(x)


def warn_of_exits(f: Callable, argnums: list[int | str], start: int) -> None:
    """Warn that a result is constant, if values were taken since a recording started."""
    ways = [way for way, serial in exits.items() if serial >= start]
    if not ways:
        return
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("minpy."):
        level, frame = level + 1, frame.f_back
    warnings.warn(errors.constant_result(f, ways, argnums), stacklevel=level)


# ----- arrays

running_leaves: dict[int, list[Node]] = {}  # of each recording, by its id, in all threads
lock = threading.RLock()  # while a recording begins, nobody looks for what others left
_ended: list[Node] = []  # leaves of ended recordings, still to be looked at


def _references(nodes: list[Node]) -> int:
    return max([sys.getrefcount(node) for node in nodes], default=0)


_OURS = _references([(object(),)])  # to a node that nothing but a list has


def nothing_refers_to(nodes: list[Node]) -> bool:
    """Whether nothing but their list has these leaves of a recording."""
    return _references(nodes) <= _OURS


def let_go(nodes: list[Node], generations: int = 3) -> None:
    """Make plain the arrays that ended recordings left behind, given the leaves of the last one."""
    if not nodes and not _ended:
        return
    with lock:
        _ended.extend(nodes)
        nodes.clear()
        running = {node[0] for leaves_of in list(running_leaves.values()) for node in leaves_of}
        outer = [node for node in _ended if running and node[2][0] is not None]
        ended = sorted((node for node in _ended if node not in outer), key=lambda node: node[0])
        _ended[:] = outer  # of a recording inside another one that is running
        _drop_free(ended)
        for generation in range(generations):  # the collector's: the first has what is new
            if not ended:
                break
            _make_plain(generation, {node[0] for node in ended}, running)
            _drop_free(ended)


def _drop_free(ended: list[Node]) -> None:
    """Drop leaves that nobody refers to; the leaf of an inner recording refers to an outer node."""
    while ended:
        youngest = [ended.pop()]
        if _references(youngest) > _OURS:
            ended += youngest
            break


def _make_plain(generation: int, ended: set[int], running: set[int]) -> None:
    """Take the nodes from arrays that come from an ended recording and from no running one."""
    arrays = _arrays_in(generation)
    nodes = [node for x in arrays if (node := getattr(x, "_node", None)) is not None]
    found, _ = between(nodes, 0)
    over = without_bystanders(found, ended).keys() - without_bystanders(found, running).keys()
    for x in arrays:
        node = getattr(x, "_node", None)
        if node is not None and node[0] in over:
            x._node = None


def _arrays_in(generation: int) -> list[Array]:
    """Return the arrays in one of the collector's generations.

    In one call, during which no other thread runs: a thread that is filling a tuple must not find
    that somebody else refers to it.  And by their type: asked whether they are instances, objects
    of other libraries run code of their own.
    """
    everything: list[Any] = []
    fill = map(everything.extend, map(gc.get_objects, (generation,)))
    look = compress(everything, map(is_, map(type, everything), repeat(Array)))
    empty = map(list.clear, (everything,))
    return [x for x in list(chain(fill, look, empty)) if x is not None]
