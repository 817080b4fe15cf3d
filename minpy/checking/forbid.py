"""Switching off what would do a student's work: the engine's gradients, and other libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from minpy.autograd import before_recording


class GradientsForbiddenError(RuntimeError):
    """The engine was asked for a gradient where one is to be written by hand."""


GradientsForbidden = GradientsForbiddenError  # its former name


@contextmanager
def gradients_off(where: str) -> Iterator[list[str]]:
    """Make `minpy.grad` and all its relatives raise `GradientsForbiddenError`, in all threads.

    Parameters
    ----------
    where : str
        What is to do without them; for the message.

    Yields
    ------
    list of str
        The names of the functions that were to be differentiated, also where the error was caught.

    Examples
    --------
    >>> import minpy
    >>> with gradients_off("affine_backward") as asked:
    ...     minpy.grad(lambda x: x**2)(3.0)
    Traceback (most recent call last):
    minpy.checking.forbid.GradientsForbiddenError: affine_backward asked the engine for ...
    >>> asked
    ['<lambda>']
    >>> float(minpy.grad(lambda x: x**2)(3.0))
    6.0
    """
    asked: list[str] = []

    def refuse(f: Callable) -> None:
        asked.append(getattr(f, "__name__", repr(f)))
        raise GradientsForbiddenError(
            f"{where} asked the engine for a gradient (minpy.grad or a relative of it). This one "
            "is to be written by hand: derive it on paper, then write it with array operations"
        )

    before_recording.append(refuse)
    try:
        yield asked
    finally:
        before_recording.remove(refuse)


class LibraryForbiddenError(RuntimeError):
    """A library was called whose work is to be written by hand."""


@contextmanager
def libraries_off(where: str, names: Collection[str]) -> Iterator[list[str]]:
    """Make calls of a library's Python functions raise `LibraryForbiddenError`, in this thread.

    To import the library before costs nothing.

    Parameters
    ----------
    where : str
        What is to do without them; for the message.
    names : collection of str
        The packages, such as ``("sklearn",)``.

    Yields
    ------
    list of str
        The functions that were called, also where the error was caught.

    Examples
    --------
    >>> import json
    >>> with libraries_off("parse", ["json"]) as called:
    ...     json.loads("[]")
    Traceback (most recent call last):
    minpy.checking.forbid.LibraryForbiddenError: parse calls json.loads; write it with NumPy alone
    >>> called
    ['json.loads']
    """
    called: list[str] = []
    before: Any = sys.gettrace()

    def trace(frame: Any, event: str, argument: Any) -> Any:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in names:
            called.append(f"{module}.{frame.f_code.co_name}")
            raise LibraryForbiddenError(f"{where} calls {called[-1]}; write it with NumPy alone")
        return before and before(frame, event, argument)

    if names:
        sys.settrace(trace)
    try:
        yield called
    finally:
        if names:
            sys.settrace(before)
