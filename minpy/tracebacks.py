"""Short tracebacks: a user's error shows the user's lines, and at most one line of minpy's.

A call such as ``grad(loss)(w)`` runs the user's `loss` several frames deep in this package.  None
of these frames helps to find the mistake, so `shorten_traceback` removes them before an error
leaves `grad` and its relatives.

The frame that raised the error stays, unless it has a local variable ``__tracebackhide__``: then
its message says everything.  IPython and pytest leave such frames out, too.

To see every frame, set the environment variable ``MINPY_TRACEBACK`` to ``full``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as onp

_PACKAGES = tuple(f"{os.path.dirname(file)}{os.sep}" for file in (__file__, onp.__file__))


def shorten_traceback(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that hides minpy's frames in the traceback of an error it raises."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            hide_frames(error)
            raise

    return call


def hide_frames(error: BaseException, keep_origin: bool = True) -> None:
    """Remove minpy's and NumPy's frames from the traceback of an error on its way to the user.

    Parameters
    ----------
    error : BaseException
        Its ``__traceback__`` begins with the frame that calls this function.  Causes and contexts
        stay as they are.
    keep_origin : bool
        Whether the frame that raised the error stays.
    """
    if os.environ.get("MINPY_TRACEBACK") == "full":
        return
    border, *inner = _entries(error)
    keep_origin = keep_origin and not hasattr(error, "numpy_message")  # from `errors.explain`
    kept = [
        entry for entry in inner if not _is_inside(entry) or (keep_origin and _is_origin(entry))
    ]
    for entry, following in zip([border, *kept], [*kept, None], strict=True):
        entry.tb_next = following
    error.__traceback__ = border.tb_next  # Python 3.10 puts the border back when it raises again


def _entries(error: BaseException) -> list[TracebackType]:
    entries = []
    entry = error.__traceback__
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    return entries


def _is_inside(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_PACKAGES)


def _is_origin(entry: TracebackType) -> bool:
    return entry.tb_next is None and "__tracebackhide__" not in entry.tb_frame.f_locals
