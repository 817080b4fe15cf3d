"""Trees: dicts, lists, tuples and dataclasses, nested, with anything as leaves."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as onp

NUMBERS = frozenset({int, float, complex, bool, str, bytes, type(None), *onp.sctypeDict.values()})
_CONTAINERS = (dict, list, tuple)


def tree_map(change: Callable[[Any], Any], tree: Any, *, numbers: bool = True) -> Any:
    """Return `tree` with each leaf replaced by ``change(leaf)``.

    Without `numbers`, lists of nothing but numbers and strings stay as they are: they may be long.

    Examples
    --------
    >>> tree_map(lambda x: 10 * x, {"w": [1, 2], "b": (3,)})
    {'w': [10, 20], 'b': (30,)}
    """
    kind = type(tree)
    if kind is tuple or kind is list:
        if not numbers and only_numbers(tree):
            return tree
        return kind([tree_map(change, item, numbers=numbers) for item in tree])
    if not isinstance(tree, _CONTAINERS) and not hasattr(kind, "__dataclass_fields__"):
        return change(tree)
    if isinstance(tree, dict):
        items = {key: tree_map(change, item, numbers=numbers) for key, item in tree.items()}
        if kind is dict:
            return items
        like = copy.copy(tree)  # a defaultdict is not made from items, and a Counter counts them
        dict.update(like, items)
        return like
    if isinstance(tree, list | tuple):
        parts = [tree_map(change, item, numbers=numbers) for item in tree]
        return kind(*parts) if hasattr(tree, "_fields") else kind(parts)
    fields = {f.name: getattr(tree, f.name) for f in dataclasses.fields(tree) if f.init}
    return dataclasses.replace(tree, **tree_map(change, fields, numbers=numbers))


def leaves(tree: Any) -> list[Any]:
    """Return all leaves, in order."""
    found: list[Any] = []
    tree_map(found.append, tree)
    return found


def is_nested(tree: Any) -> bool:
    """Whether `tree` is a container: a dict, list, tuple or dataclass."""
    if isinstance(tree, dict | list | tuple):
        return True
    return dataclasses.is_dataclass(tree) and not isinstance(tree, type)


def only_numbers(items: Iterable[Any]) -> bool:
    """Whether all items are numbers or strings; asked in C, because lists may be long."""
    return NUMBERS.issuperset(map(type, items))


def labels(tree: Any, name: str) -> list[str]:
    """Return what each leaf of `tree` is called, if `tree` is called `name`.

    Examples
    --------
    >>> labels({"w": 1, "b": [2, 3]}, "params")
    ["params['w']", "params['b'][0]", "params['b'][1]"]
    """
    if isinstance(tree, dict):
        parts = [(item, f"{name}[{key!r}]") for key, item in tree.items()]
    elif isinstance(tree, list | tuple):
        parts = [(item, f"{name}[{i}]") for i, item in enumerate(tree)]
    elif dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [f.name for f in dataclasses.fields(tree) if f.init]
        parts = [(getattr(tree, field), f"{name}.{field}") for field in fields]
    else:
        return [name]
    return [label for item, item_name in parts for label in labels(item, item_name)]
