"""Switching the engine's gradients off, where a backward pass is to be written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
