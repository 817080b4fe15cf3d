"""A picture in a notebook that is drawn again while something runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


def in_jupyter() -> bool:
    """Return whether this runs in a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


class LiveFigure:
    """A picture in Jupyter that is replaced by a newer one every few seconds.

    Elsewhere it draws nothing.

    Parameters
    ----------
    seconds : float
        Between two pictures; drawing takes about a tenth of a second.
    """

    def __init__(self, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._display: Any = None
        self._next = time.monotonic() + min(1.0, seconds)

    def update(self, draw: Callable[[], Any], last: bool = False) -> None:
        """Draw again if the picture is old, or if it is the last one.

        Parameters
        ----------
        draw : callable
            Returns a figure.
        last : bool
        """
        if not last and time.monotonic() < self._next:
            return
        if in_jupyter():
            from IPython.display import display

            if self._display is None:
                self._display = display(draw(), display_id=True)
            else:
                self._display.update(draw())
        self._next = time.monotonic() + self.seconds
