"""What every sandbox does: it starts, answers questions within limits, and ends without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class SandboxError(Exception):
    """This machine cannot start a sandbox; says why."""


class RunnerLostError(Exception):
    """The runner is gone; says why."""


class TimeLimitError(Exception):
    """There was no answer in time, and the call was interrupted."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell, call : float
        Seconds for one cell of the notebook, and for one call of a function.
    grace : float
        Seconds that an interrupted cell has to stop.
    submission : float
        Seconds for all of a notebook. Its cells get half of that, and each of them at most a
        quarter of what is left of it, so that time remains for the calls, whatever the cells do.
    cpu : int
        Seconds of processor time, for each process and for all together.
    memory, file : int
        Bytes of address space of a process, and of a file.
    disk : int
        Bytes of all its files together.
    processes : int
        The most processes that may run at a time.
    output : int
        Bytes of its printed output that are kept; the rest is read and dropped.
    reply : int
        Bytes of the arrays in an answer.
    """

    cell: float = 60.0
    call: float = 10.0
    grace: float = 2.0
    submission: float = 300.0
    cpu: int = 300
    memory: int = 4 * 2**30
    file: int = 256 * 2**20
    disk: int = 512 * 2**20
    processes: int = 64
    output: int = 64 * 2**10
    reply: int = 64 * 2**20


class Sandbox(Protocol):
    """A runner with a folder of its own, and the ways to reach it.

    A sandbox runs from its construction to `end`, and is the only one to know the processes in it.

    Attributes
    ----------
    seconds : float
        What all questions took: time of the processor, or of the clock where that is more, without
        the time that the runner waited for a processor, as far as the sandbox can tell.
    """

    seconds: float

    def ask(
        self,
        question: Mapping[str, Any],
        values: Mapping[str, Any],
        seconds: float,
        alone: bool = False,
    ) -> dict[str, Any]:
        """Send a question to the runner and return its answer.

        Parameters
        ----------
        question : mapping
            See `grading.runner`.
        values : mapping of str to arrays and numbers
        seconds : float
            The limit, of the clock and of the processor.
        alone : bool
            End all other processes of the submission before. Then the answer has "helpers": whether
            the runner started another process to find it, or a thread that has ended. What is
            switched off in the runner, such as the engine's gradients, is not switched off there.

        Raises
        ------
        TimeLimitError
            If there was no answer in time; the runner is ready for the next question.
        RunnerLostError
            If the runner is gone; this sandbox is of no more use.
        """

    def frozen(self) -> AbstractContextManager[None]:
        """Stop all processes of the submission during the block."""

    def file(self, name: str) -> bytes:
        """Return a file that was written in its folder."""

    @property
    def output(self) -> str:
        """The text that was printed until now, up to the limit."""

    def end(self) -> None:
        """End all processes of the submission and remove its files."""
