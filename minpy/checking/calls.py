"""Calls of a student's functions, written as lines of Python and run where the functions are.

What a function returns must fit the line that calls it.  Where it does not, the error says what
was returned and what is expected, in the words of the line:

>>> scope = {"forward": lambda x: x, "x": onp.zeros((4, 5))}
>>> run("out, cache = forward(x)", scope)
Traceback (most recent call last):
minpy.checking.calls.ReturnError: forward must return (out, cache); yours returned one array (4, 5)
"""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as onp

from minpy.checking.texts import plain, say
from minpy.checking.untrusted import type_name

CALL = "<the call of this check>"


class ReturnError(TypeError):
    """What a function returned does not fit the line that calls it; says so in a sentence."""


def run(code: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Run the lines of a call where the student's functions are.

    Parameters
    ----------
    code : str
        Such as ``"out, cache = affine_forward(x, w, b)"``.
    scope : mapping
        The student's functions and the inputs; it is not changed.

    Returns
    -------
    dict
        The scope, with what the lines made.

    Raises
    ------
    ReturnError
        If a function returns another number of values than the line takes.

    Examples
    --------
    >>> run("y = double(x)", {"double": lambda x: 2 * x, "x": 3})["y"]
    6
    """
    __tracebackhide__ = True  # IPython leaves our frames out of a student's traceback
    inside = dict(scope)
    source = textwrap.dedent(code).strip()
    # so that a traceback shows the line of the call
    linecache.cache[CALL] = (len(source), None, source.splitlines(True), CALL)
    for statement in ast.parse(source).body:
        call = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(call, ast.Call):
            assert isinstance(statement, ast.Assign)
            value = eval(compile(ast.Expression(call), CALL, "eval"), inside)
            _assign(statement.targets[0], ast.unparse(call.func), value, inside)
        else:
            exec(compile(ast.Module([statement], []), CALL, "exec"), inside)
    return inside


def _assign(target: ast.expr, function: str, value: Any, scope: dict[str, Any]) -> None:
    """Give the names on the left of a line their values."""
    if not isinstance(target, ast.Tuple):
        if type(value) is tuple:
            raise ReturnError(_said("call.one", value, function=function, name=ast.unparse(target)))
        scope[ast.unparse(target)] = value
        return
    names = [ast.unparse(name) for name in target.elts]
    try:
        fits = len(value) == len(names) and not isinstance(value, str | dict)
    except TypeError:
        fits = False
    if not fits:
        wanted = f"({', '.join(names)})"
        raise ReturnError(_said("call.several", value, function=function, wanted=wanted))
    scope.update(zip(names, value))


def _said(text: str, value: Any, /, **values: Any) -> str:
    return plain(say(text, given=describe(value), **values))


def describe(value: Any) -> str:
    """Say in a few words what a function returned.

    Examples
    --------
    >>> import numpy
    >>> describe(numpy.zeros((4, 5))), describe((1, 2, 3)), describe(None), describe(2.0)
    ('one array (4, 5)', '3 values', 'None', 'one float')
    """
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return say("call.values", count=len(value))
    if isinstance(value, onp.ndarray):
        return say("call.array", shape=value.shape)
    return say("call.type", kind=type_name(value))


def results(wanted: Sequence[str], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what expressions such as ``"grads['W1']"`` stand for in a scope.

    Raises
    ------
    ReturnError
        If a dict has not got the key.

    Examples
    --------
    >>> results(["y[1]"], {"y": [3, 4]})
    {'y[1]': 4}
    >>> results(["grads['b']"], {"grads": {"w": 1}})
    Traceback (most recent call last):
    minpy.checking.calls.ReturnError: grads has no 'b'; it has w
    """
    return {text: _result(text, scope) for text in wanted}


def _result(text: str, scope: Mapping[str, Any]) -> Any:
    try:
        return eval(text, dict(scope))
    except (KeyError, IndexError, TypeError):
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Subscript):
            raise
        name, key = ast.unparse(tree.value), ast.unparse(tree.slice)
        value = eval(name, dict(scope))
        if isinstance(value, dict):
            has = ", ".join(map(str, value)) or "nothing"
            raise ReturnError(plain(say("call.key", name=name, key=key, has=has))) from None
        raise ReturnError(_said("call.dict", value, name=name, key=key)) from None


def call_again(code: str, inputs: Collection[str], suffix: str = "_again") -> str:
    """Return the lines of a call with other names for inputs and results.

    A backward pass that is called after it must not notice.

    Examples
    --------
    >>> call_again("out = forward(x, w)", ["x", "w"])
    'out_again = forward(x_again, w_again)'
    """
    tree = ast.parse(textwrap.dedent(code).strip())
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_set(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in made | set(inputs):
            node.id += suffix
    return ast.unparse(tree)


def _is_set(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)
