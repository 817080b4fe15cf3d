"""Where the time goes: a table of ops, how often each ran and how long it took."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from minpy.array import Array, current_data
from minpy.checking.instrument import watching
from minpy.errors import name_of


class Row(NamedTuple):
    """One line of a profile.

    Attributes
    ----------
    name : str
        An op, or ``'the gradient of ...'`` one.
    calls : int
    seconds : float
        In all its calls, without what it called that has a line of its own.
    """

    name: str
    calls: int
    seconds: float


def profile(what: Any = None, top: int = 20) -> Any:
    """Print where the time went: around a function as a decorator, or in a ``with`` block.

    Looking costs about a microsecond for each op, so that programs with many small ones run slower
    while they are looked at.  Libraries that compute in the background are waited for after each
    op.

    Parameters
    ----------
    what : callable or str, optional
        The function to be decorated; or what the table is called.
    top : int
        How many lines the table has at most: those that took longest.

    Returns
    -------
    Profile or callable
        What to enter or to decorate with; the decorated function, if given one.  It prints the
        table after each call that is not made by itself.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> with profile("a sum") as prof:
    ...     x = minpy.grad(lambda x: (x * x).sum())(np.ones(3))
    a sum: ... ms
    <BLANKLINE>
    op calls time share
    ...
    >>> {row.name: row.calls for row in prof.rows}["multiply"]
    1
    """
    if callable(what):
        return Profile(name_of(what), top)(what)
    return Profile("all" if what is None else str(what), top)


class Profile(contextlib.ContextDecorator):
    """What `profile` returns.

    Attributes
    ----------
    rows : list of Row
        What ran since the block began, the longest first.
    seconds : float
        How long the block took.
    """

    def __init__(self, name: str, top: int = 20) -> None:
        self.name = name
        self.top = top
        self.seconds = 0.0
        self._taken: dict[str, list] = {}
        self._lock = threading.Lock()
        self._inside = threading.local()
        self._depth = 0

    @property
    def rows(self) -> list[Row]:
        """What ran, the longest first."""
        rows = [Row(name, calls, seconds) for name, (calls, seconds) in self._taken.items()]
        return sorted(rows, key=lambda row: -row.seconds)

    def __enter__(self) -> Profile:
        self._depth += 1
        if self._depth == 1:
            self._taken = {}
            self._watch = watching(self._timed, plain=True)
            self._watch.__enter__()
            self._start = time.perf_counter()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds = time.perf_counter() - self._start
            self._watch.__exit__(None, None, None)
            print(self)

    def _timed(self, name: str, run: Callable) -> Callable:
        @wraps(run, updated=())
        def timed(*args: Any, **static: Any) -> Any:
            inside = self._inside
            outer, inside.seconds = getattr(inside, "seconds", 0.0), 0.0
            start = time.perf_counter()
            try:
                ans = run(*args, **static)
                _wait_for(ans)
                return ans
            finally:
                seconds = time.perf_counter() - start
                with self._lock:
                    row = self._taken.setdefault(name, [0, 0.0])
                    row[0] += 1
                    row[1] += seconds - inside.seconds
                inside.seconds = outer + seconds

        return timed

    def __str__(self) -> str:
        rows = self.rows
        lines = [("op", "calls", "time", "share")]
        lines += [
            (row.name, f"{row.calls:,}", *self._cells(row.seconds)) for row in rows[: self.top]
        ]
        left = sum(row.seconds for row in rows[self.top :])
        if left:
            lines.append((f"{len(rows) - self.top} more", "", *self._cells(left)))
        between = self.seconds - sum(row.seconds for row in rows)
        lines.append(("Python, between the ops", "", *self._cells(max(between, 0.0))))
        widths = [max(map(len, column)) for column in zip(*lines)]
        table = [
            f"{name:{widths[0]}}  {calls:>{widths[1]}}  {taken:>{widths[2]}}  {share:>{widths[3]}}"
            for name, calls, taken, share in lines
        ]
        return "\n".join([f"{self.name}: {self._cells(self.seconds)[0]}", "", *table])

    def _cells(self, seconds: float) -> tuple[str, str]:
        share = seconds / self.seconds if self.seconds else 0.0
        return f"{1000 * seconds:,.2f} ms", f"{share:.1%}"


def _wait_for(ans: Any) -> None:
    """Wait until a result is there, of a library that computes in the background."""
    if type(ans) is tuple:
        for part in ans:
            _wait_for(part)
    data = current_data(ans) if type(ans) is Array else ans
    if hasattr(data, "wait_to_read"):  # MXNet
        data.wait_to_read()
    elif getattr(data, "is_cuda", False):  # PyTorch
        from torch import cuda

        cuda.synchronize(data.device)
