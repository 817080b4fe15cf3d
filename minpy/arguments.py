"""Which arguments of a call are meant: by their positions or by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from minpy import errors

Argnum = int | str | Sequence[int | str]


def as_list(f: Callable, argnum: Argnum) -> list[int | str]:
    """Return the arguments of `f` that `argnum` names, one by one."""
    if isinstance(argnum, int | str):
        return [argnum]
    if not isinstance(argnum, Sequence | range):
        raise errors.wrong_argnum(f, argnum)
    return list(argnum)


def locate(f: Callable, which: int | str, args: list, kwargs: dict) -> tuple[Any, Any]:
    """Return where the argument called `which` is: the list or dict, and its place there.

    One that the call leaves to its default is entered into `kwargs`.

    Examples
    --------
    >>> locate(lambda x, y, z=3: x, "y", [1, 2], {})
    ([1, 2], 1)
    >>> locate(lambda x, y, z=3: x, "z", [1, 2], {})
    ({'z': 3}, 'z')
    """
    place: Any = which
    if isinstance(which, str) and which not in kwargs:
        parameters = inspect.signature(f).parameters
        place = list(parameters).index(which) if which in parameters else len(args)
        if which in parameters and place >= len(args):
            default = parameters[which].default
            if default is not inspect.Parameter.empty:
                kwargs[which] = default
                place = which
    if isinstance(place, str):
        return kwargs, place
    if not isinstance(place, int) or not -len(args) <= place < len(args):
        raise errors.no_such_argument(f, which, args, kwargs)
    return args, place
