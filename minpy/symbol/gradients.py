"""Which inputs of a symbol have gradients: the ways from its results back to its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from minpy.symbol.operators import (
    ALL_OR_NONE,
    CONSTANT,
    FIRST_RESULT_ONLY,
    INDICES,
    LOSSES,
    LOST,
)

Readers = dict[str, list[tuple[str, str, int]]]  # the operator, its name, and the input's place


def readers(graph: dict) -> Readers:
    """Return for each input which operators read it, and in which place."""
    nodes = graph["nodes"]
    found: Readers = {node["name"]: [] for node in nodes if node["op"] == "null"}
    for node in nodes:
        for place, (source, *_) in enumerate(node["inputs"]):
            if nodes[source]["op"] == "null":
                found[nodes[source]["name"]].append((node["op"], node["name"], place))
    return found


def only_read_in(places: dict[str, int], read_by: Readers) -> dict[str, str]:
    """Return the inputs that are read in these places alone, with what they are there."""
    return {
        name: f"the {'labels' if read[0][0] in LOSSES else 'indices'} of {read[0][0]} {read[0][1]}"
        for name, read in read_by.items()
        if read and all(places.get(op) == place for op, _, place in read)
    }


def lost(graph: dict) -> dict[str, str]:
    """Return the inputs part of whose gradient MXNet loses, with where that happens.

    On the way back from a result, a gradient may end where it is zero (`CONSTANT`, `INDICES`), and
    is lost where MXNet says that it is zero and it is not.
    """
    nodes = graph["nodes"]
    found: dict[str, str] = {}
    todo = [(number, index, "") for number, index, *_ in graph["heads"]]
    seen = set(todo)
    while todo:
        number, index, why = todo.pop()
        node = nodes[number]
        if node["op"] == "null" and why:
            found.setdefault(node["name"], why)
        if node["op"] in CONSTANT:
            continue
        for place, (source, result, *_) in enumerate(node["inputs"]):
            if INDICES.get(node["op"]) == place:
                continue
            step = (source, result, why or _loss_at(node, place, index))
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return found


def _loss_at(node: dict, place: int, index: int) -> str:
    """Say where a gradient is lost between a result and an input of a node; "" if it is not."""
    operator, name = node["op"], node["name"]
    if index > 0 and operator in FIRST_RESULT_ONLY:
        return f"through the mean and variance that {operator} {name} returns"
    inner = [one["op"] for graph in node.get("subgraphs", ()) for one in graph["nodes"]]
    if place in LOST.get(operator, ()) or any(one in LOST for one in inner):
        return f"through {operator} {name}, whose gradient MXNet says is zero, and it is not"
    if LOSSES.get(operator) == place:
        return f"through the labels of {operator} {name}"
    return ""


def bound_together(graph: dict) -> set[str]:
    """Return the inputs whose gradients have to be computed together; see `ALL_OR_NONE`."""
    nodes = graph["nodes"]
    todo = [number for number, node in enumerate(nodes) if node["op"] in ALL_OR_NONE]
    seen = set(todo)
    while todo:
        for source, *_ in nodes[todo.pop()]["inputs"]:
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return {nodes[number]["name"] for number in seen if nodes[number]["op"] == "null"}


def every_node(graph: dict) -> Iterator[dict]:
    """Yield the nodes of a graph, and of the graphs in its control flow."""
    for node in graph["nodes"]:
        yield node
        for inner in node.get("subgraphs", ()):
            yield from every_node(inner)
