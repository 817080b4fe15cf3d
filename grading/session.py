"""A student's notebook, which runs on whatever becomes of its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from grading.sandbox import LimitedProcess, Limits, RunnerLostError, Sandbox, TimeLimitError
from minpy.checking.texts import cleaned


class Session:
    """The student's notebook, run in a sandbox; run again in a new one where that was lost.

    Parameters
    ----------
    cells : sequence of str
        The sources of the cells to run, in order.
    files : mapping of str to bytes
        What lies beside the notebook.
    limits : Limits
    blocked : sequence of str
        Packages that cannot be imported.
    start : callable
        Starts a sandbox with files and limits: `grading.sandbox.BoxServer.start`. Without it there
        are limits and no isolation, as in tests of other things.

    Attributes
    ----------
    errors : dict of int to str
        What cells raised, by their place.
    """

    def __init__(
        self,
        cells: Sequence[str],
        files: Mapping[str, bytes],
        limits: Limits,
        blocked: Sequence[str] = (),
        start: Callable[[Mapping[str, bytes], Limits], Sandbox] = LimitedProcess,
    ) -> None:
        self.blocked = list(blocked)
        self.cells = cells
        self.files = files
        self.limits = limits
        self.errors: dict[int, str] = {}
        self.output = ""
        self._start = start
        self._seconds = 0.0  # of sandboxes that have ended
        self._for_cells = limits.submission / 2
        self._left_out: set[int] = set()
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def ask(
        self, question: Mapping[str, Any], values: Mapping[str, Any], seconds: float
    ) -> dict[str, Any]:
        """Ask the runner something, and nobody else, after all cells have run there.

        Raises
        ------
        TimeLimitError, RunnerLostError
        """
        sandbox = self._running_sandbox()
        try:
            return sandbox.ask(question, values, min(seconds, self._left()), alone=True)
        except RunnerLostError:
            self._close()
            raise

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all processes of the submission during the block, so that none disturbs a clock."""
        if self._sandbox is None:
            yield
            return
        try:
            with self._sandbox.frozen():
                yield
        except RunnerLostError:
            self._close()

    def _used(self) -> float:
        """Return the seconds that all sandboxes of this notebook took."""
        return self._seconds + (self._sandbox.seconds if self._sandbox is not None else 0.0)

    def _left(self) -> float:
        left = self.limits.submission - self._used()
        if left <= 0:
            raise RunnerLostError(
                f"the notebook took more than {self.limits.submission:g} s in all"
            )
        return left

    def _close(self) -> None:
        if self._sandbox is not None:
            self._seconds = self._used()
            sandbox, self._sandbox = self._sandbox, None
            sandbox.end()

    def _running_sandbox(self) -> Sandbox:
        while self._sandbox is None:
            self._left()
            self._sandbox = self._start(self.files, self.limits)
            self._sandbox.ask({"do": "block", "names": self.blocked}, {}, self.limits.cell)
            for place, source in enumerate(self.cells):
                if place in self._left_out:
                    continue
                try:
                    self._cell(self._sandbox, place, source)
                except RunnerLostError as lost:  # all over again, without this cell
                    self.errors[place] = str(lost)
                    self._left_out.add(place)
                    self._close()
                    break
            else:
                # of the cells alone: what calls print may be inputs that are hidden
                self.output = self.output or self._sandbox.output
        return self._sandbox

    def _cell(self, sandbox: Sandbox, place: int, source: str) -> None:
        before = self._used()
        try:
            seconds = min(self.limits.cell, self._left(), max(self._for_cells / 4, 0.1))
            done = sandbox.ask({"do": "cell", "source": source}, {}, seconds)
            error = done.get("error")
        except TimeLimitError as slow:
            self.errors[place] = str(slow)
            return
        finally:
            self._for_cells -= self._used() - before
        if error:
            self.errors[place] = describe_error(error)


def describe_error(error: Any) -> str:
    """Return an error that a runner described, for people; it may say anything.

    >>> describe_error({"type": "ValueError", "text": "bad", "line": 3})
    'ValueError: bad (line 3)'
    """
    if not isinstance(error, dict):
        return "an error that could not be read"
    line = error.get("line")
    where = f" (line {line})" if isinstance(line, int) else ""
    text = cleaned(str(error.get("text", "")), 300)
    return f"{cleaned(str(error.get('type')), 60)}{': ' if text else ''}{text}{where}"
