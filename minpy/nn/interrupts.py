"""Ctrl-C stops training between two steps, so that what was trained can be used, and goes on."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["INTERRUPTED", "stopping_between_steps"]

INTERRUPTED = "it was interrupted"


@contextlib.contextmanager
def stopping_between_steps(stop: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C in a ``with`` block call `stop`, and the second one interrupt at once.

    Where somebody else takes care of Ctrl-C, or in another thread, which Python never interrupts,
    nothing is changed.

    Parameters
    ----------
    stop : callable
        Takes the reason.
    """

    def at_first(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop(INTERRUPTED)

    before = signal.getsignal(signal.SIGINT)
    try:
        if before is not signal.default_int_handler:
            raise ValueError
        signal.signal(signal.SIGINT, at_first)
    except ValueError:  # which is also what other threads get
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
