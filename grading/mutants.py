"""Mutants of a solution: what it becomes by one small change of its syntax tree.

>>> for mutant in mutants("def f(x):\\n    return x.sum(axis=0)", {}):
...     print(mutant.operator, "|", mutant.change)
mutation | return x.sum(axis=0) -> x *= 2; return x.sum(axis=0)
reduction | return x.sum(axis=0) -> return x.mean(axis=0)
number | return x.sum(axis=0) -> return x.sum(axis=1)

They serve to measure how many wrong answers a check lets pass: `grading.accuracy`.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A solution with one change.

    Attributes
    ----------
    operator : str
        The kind of change.
    change : str
        The line as it was and as it is.
    source : str
    """

    operator: str
    change: str
    source: str


SWAPPED: dict[type, list[type]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.Gt: [ast.Lt, ast.GtE],
    ast.Lt: [ast.Gt],
    ast.GtE: [ast.Lt],
    ast.LtE: [ast.Gt],
}
REDUCTIONS = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
}


def mutants(source: str, sizes: Mapping[str, int]) -> Iterator[Mutant]:
    """Give the mutants of the functions in a cell; each is another program.

    Parameters
    ----------
    source : str
        Definitions of functions.
    sizes : mapping of str to int
        Of the public check: numbers that a student may have written in for a length.
    """
    tree = ast.parse(source)
    for function in ast.walk(tree):  # a docstring cannot be wrong
        if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
            function.body = function.body[1:] or [ast.Pass()]
    before = ast.unparse(tree)
    seen = {before}
    count = len(list(ast.walk(tree)))
    for place in range(count):
        for operator, change in _changes(list(ast.walk(tree))[place], sizes):
            made = copy.deepcopy(tree)
            change(list(ast.walk(made))[place], made)
            after = ast.unparse(ast.fix_missing_locations(made))
            if after not in seen:
                seen.add(after)
                yield Mutant(operator, _change(before, after), after)


Change = Callable[..., None]  # of a node and its tree


def _changes(node: ast.AST, sizes: Mapping[str, int]) -> Iterator[tuple[str, Change]]:
    """Give the changes of one node: what each is called, and how to make it."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in SWAPPED.get(type(node.op), ()):
            yield "sign or factor", lambda n, tree, op=other: setattr(n, "op", op())
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult | ast.Pow):
        yield "missing term", lambda n, tree: _replace(tree, n, n.left)
        if not isinstance(node.op, ast.Div):
            yield "missing term", lambda n, tree: _replace(tree, n, n.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield "transpose", lambda n, tree: setattr(n, "right", _transposed(n.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign or factor", lambda n, tree: _replace(tree, n, n.operand)
    if isinstance(node, ast.Compare):
        for other in SWAPPED.get(type(node.ops[0]), ()):
            yield "comparison", lambda n, tree, op=other: setattr(n, "ops", [op()])
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number: Any = node.value
        for value in {1 - number} if number in (0, 1) else {2 * number, number + 1}:
            yield "number", lambda n, tree, v=value: setattr(n, "value", v)
    if isinstance(node, ast.keyword) and ast.unparse(node.value) == "True":
        yield "axes", lambda n, tree: setattr(n.value, "value", False)
    if isinstance(node, ast.Attribute) and node.attr in REDUCTIONS:
        yield "reduction", lambda n, tree: setattr(n, "attr", REDUCTIONS[n.attr])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", lambda n, tree: _replace(tree, n, n.value)
    if isinstance(node, ast.Call):
        yield from _of_call(node, sizes)
    if isinstance(node, ast.Assign | ast.AugAssign):
        yield "missing line", lambda n, tree: _replace(tree, n, ast.Pass())
    if isinstance(node, ast.FunctionDef):
        yield from _of_function(node)


def _of_call(node: ast.Call, sizes: Mapping[str, int]) -> Iterator[tuple[str, Change]]:
    name = ast.unparse(node.func)
    if name == "len":
        for size in sorted(set(sizes.values())):
            yield "size", lambda n, tree, s=size: _replace(tree, n, ast.Constant(s))
    elif name in ("np.log", "np.exp", "np.maximum", "np.sqrt", "np.abs"):
        yield "missing term", lambda n, tree: _replace(tree, n, n.args[0])
    elif name.endswith(".reshape") and isinstance(node.func, ast.Attribute):
        yield "shape", lambda n, tree: _replace(tree, n, n.func.value)


def _of_function(node: ast.FunctionDef) -> Iterator[tuple[str, Change]]:
    arguments = [argument.arg for argument in node.args.args]
    for name in arguments:
        if name not in ("cache", "params", "y") and not _has_default(node, name):
            yield "mutation", lambda n, tree, a=name: _insert(n, f"{a} *= 2")
        if name == "params":
            yield "mutation", lambda n, tree, a=name: _insert(n, f"{a}[next(iter({a}))] = 0")
    for default in node.args.defaults:
        if isinstance(default, ast.Constant) and type(default.value) in (int, float):
            place = node.args.defaults.index(default)
            yield "default", lambda n, tree, i=place: _set_default(n, i)


def _has_default(node: ast.FunctionDef, name: str) -> bool:
    with_default = node.args.args[len(node.args.args) - len(node.args.defaults) :]
    return any(argument.arg == name for argument in with_default)


def _set_default(node: ast.FunctionDef, place: int) -> None:
    value: Any = node.args.defaults[place]
    value.value = value.value / 2 + 0.25


def _insert(node: ast.FunctionDef, line: str) -> None:
    """Put a line before the last one, which returns the results."""
    node.body[-1:-1] = ast.parse(line).body


def _transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if value is old:
                setattr(node, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[[item is old for item in value].index(True)] = new


def _change(before: str, after: str) -> str:
    """Return the lines that differ, in one."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    old = "; ".join(line[2:].strip() for line in lines if line.startswith("- "))
    new = "; ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    if not old:  # a line was put in: name the one after it
        place = max(i for i, line in enumerate(lines) if line.startswith("+ "))
        old = lines[place + 1][2:].strip()
        new = f"{new}; {old}"
    return f"{old} -> {new}"
