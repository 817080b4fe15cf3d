"""What parameters NumPy's functions and ours have, and which of them they share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def parameters_of(function: Callable, ours: Callable) -> tuple[list[str], dict, Any, int]:
    """Return what is known of the parameters of NumPy's function and of ours.

    Returns
    -------
    names : list of str
        NumPy's parameters, in order; empty if it takes any number of arguments.
    defaults : dict
        Their default values.
    known : set of str or None
        The keywords that ours takes; None if it takes any.
    positional : int
        How many arguments the two have in common from the left.
    """
    own = own_parameters(ours)
    try:
        theirs = inspect.signature(function).parameters
    except ValueError:  # a function in C: until NumPy 2.4 it does not tell
        theirs = inspect.signature(ours).parameters
        out = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
        theirs = {**theirs, "out": out}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in own.values())
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in (*theirs.values(), *own.values()))
    names = [] if takes_any else list(theirs)
    positional = 0
    for a, b in zip(names, own, strict=False):
        if {theirs[a].kind, own[b].kind} & {theirs[a].KEYWORD_ONLY, theirs[a].VAR_KEYWORD}:
            break
        if a != b and positional and (a in own or b in theirs):  # else it has another name
            break
        positional += 1
    defaults = {p.name: p.default for p in theirs.values()}
    return names, defaults, None if open_ended else set(own), max(positional, 1)


def own_parameters(ours: Callable) -> dict[str, inspect.Parameter]:
    """Return the parameters of our function: those of an op are its rule's, after ``g, ans``."""
    if not hasattr(ours, "op"):
        return dict(inspect.signature(ours).parameters)
    rule = ours.op.rules[0] or next(filter(None, ours.op.rules.values()))
    return dict(list(inspect.signature(rule).parameters.items())[2:])
