"""Starting a runner, talking to it within limits, and ending all that came of it.

A `Sandbox` is the one place that knows how a student's process is kept in. This one gives it a
session, a folder and limits of its own, an environment without secrets, and nothing else: no
namespaces. Whoever writes a stronger one writes another class with these three methods.

The process is ended with everything that it started, also what left its session: whoever starts
sandboxes becomes the parent of orphans (Linux), and so can find them.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import minpy
from grading import runner
from grading.processes import descendants, end, processor_seconds, threads_of_user, waited_for


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
        Seconds for all of a notebook. Its cells get half of that, and each of them no more than a
        quarter of what is left of it; so there is time for the calls, whatever cells do.
    cpu : int
        Seconds of the processor, for one process.
    memory, file : int
        Bytes of address space, and of a file.
    processes : int
        How many there may be.
    output : int
        Bytes of what it prints that are kept; what is more is read and dropped.
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
    processes: int = 64
    output: int = 64 * 2**10
    reply: int = 64 * 2**20


class Sandbox:
    """A process in which a submission runs, with a folder that is removed at the end.

    Parameters
    ----------
    files : mapping of str to bytes
        What lies in its folder.
    limits : Limits
    """

    def __init__(self, files: Mapping[str, bytes], limits: Limits) -> None:
        self.files = files
        self.limits = limits
        self._printed = bytearray()
        self._count = 0
        self._cause = ""
        self._ended = threading.Event()
        self._process: Any = None
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Sandbox:
        self._strangers = descendants()
        self._folder = Path(tempfile.mkdtemp(prefix="minpy-grade-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        home = self._folder / "home"
        work = self._folder / "work"
        for path in (home, work, self._folder / "tmp"):
            path.mkdir()
        for name, content in self.files.items():
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _copy_font_list(home / "matplotlib")
        ours, theirs = socket.socketpair()
        self._channel = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, runner.__file__, str(theirs.fileno()), _as_rlimits(self.limits)],
                cwd=work,
                env=environment(self._folder),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()
        self._watcher.start()
        self._answer(time.monotonic() + self.limits.cell)  # it has started

    def ask_alone(
        self, question: Mapping[str, Any], values: Mapping[str, Any], seconds: float
    ) -> Any:
        """Ask, as `ask` does, with no help from other processes: they are ended before.

        The answer has "helpers": whether one was started to find it. What is switched off in the
        runner, such as the engine's gradients, is there in another process.
        """
        runner_alone = {self._process.pid}
        end(descendants() - self._strangers - runner_alone)
        before, waited = descendants(), waited_for(self._process.pid)
        answer = self.ask(question, values, seconds)
        started = descendants() - before
        answer["helpers"] = bool(started) or waited_for(self._process.pid) != waited
        return answer

    def ask(self, question: Mapping[str, Any], values: Mapping[str, Any], seconds: float) -> Any:
        """Send a question to the runner and return its answer.

        Parameters
        ----------
        question : mapping
            See `grading.runner`.
        values : mapping of str to arrays and numbers
        seconds : float

        Raises
        ------
        TimeLimitError
            If there was no answer in time, of the clock or of the processor's; the runner is there
            for the next question.
        RunnerLostError
            If the runner has gone; this sandbox is of no more use.
        """
        self._count += 1
        spent = processor_seconds(self._process.pid)
        deadline = time.monotonic() + seconds
        try:
            self._channel.settimeout(seconds)
            runner.send(self._channel, {**question, "id": self._count}, values)
            answer = self._answer(deadline)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            try:
                self._answer(time.monotonic() + self.limits.grace)
            except (TimeoutError, RunnerLostError):
                raise RunnerLostError(f"it took more than {seconds:g} s and did not stop") from None
            raise TimeLimitError(f"it took more than {seconds:g} s") from None
        except (BrokenPipeError, ConnectionResetError):
            raise RunnerLostError(self._why()) from None
        if processor_seconds(self._process.pid) - spent > seconds:  # in many threads
            raise TimeLimitError(f"it took more than {seconds:g} s of the processor")
        return answer

    def _answer(self, deadline: float) -> dict[str, Any]:
        try:
            while True:
                answer = runner.receive(self._channel, self.limits.reply, deadline)
                if answer.get("id") == self._count:
                    return answer
        except (EOFError, ConnectionResetError):
            raise RunnerLostError(self._why()) from None
        except runner.ProtocolError as error:
            raise RunnerLostError(f"it sent {error}") from None

    def _why(self) -> str:
        """Say how the process ended."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed the connection to the grader"
        if self._cause:
            return self._cause
        if code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process exited with status {code}"

    def file(self, name: str) -> bytes:
        """Return a file that was written in its folder."""
        return (self._folder / "work" / name).read_bytes()

    @property
    def output(self) -> str:
        """What was printed until now, to the limit."""
        with suppress(OSError):
            for _ in range(100):  # until the reader has come to the end of it
                if not select.select([self._process.stdout], [], [], 0)[0]:
                    break
                time.sleep(0.002)
        return bytes(self._printed).decode("utf-8", errors="replace")

    def _read_output(self) -> None:
        while part := os.read(self._process.stdout.fileno(), 2**16):
            room = self.limits.output - len(self._printed)
            self._printed += part[: max(room, 0)]

    def _watch(self) -> None:
        """End a submission that starts too many processes: rlimits do not bind every user.

        A connection whose other end a forked child has inherited does not end with the runner, so
        it is closed here.
        """
        while not self._ended.wait(0.1):
            if self._process.poll() is not None:
                with suppress(OSError):
                    self._channel.shutdown(socket.SHUT_RDWR)
                return
            if len(descendants() - self._strangers) > self.limits.processes:
                self._cause = f"it started more than {self.limits.processes} processes"
                self._kill()

    def _kill(self) -> None:
        """End the process and all that came of it; repeated, since they may be starting more."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for _ in range(100):
            left = descendants() - self._strangers
            if not left:
                return
            end(left)
            time.sleep(0.01)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._process is not None:
            self._kill()
            self._process.wait()
            if self._watcher.is_alive():
                self._watcher.join()  # or it would still be killing when the next runner is there
            self._reader.join(5.0)
            self._process.stdout.close()
            self._channel.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a runner: nothing of ours but where programs and data are."""
    mine = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG") or name.startswith("MINPY_")
    }
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    home = folder / "home"
    return {
        **mine,
        **threads,
        "MINPY_SIZE": "tiny",  # training does not run when graded, so little data will do
        "HOME": str(home),
        "TMPDIR": str(folder / "tmp"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "agg",
        "PYTHONPATH": str(Path(minpy.__file__).parent.parent),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def _as_rlimits(limits: Limits) -> str:
    """Return the limits as the runner sets them."""
    return json.dumps(
        {
            "CPU": limits.cpu,
            "AS": limits.memory,
            "FSIZE": limits.file,
            "NPROC": threads_of_user() + limits.processes,
            "NOFILE": 256,
            "CORE": 0,
        }
    )


def _copy_font_list(folder: Path) -> None:
    """Give matplotlib its list of fonts, which takes a second to make, where we have one."""
    ours = Path.home() / ".cache" / "matplotlib"
    for path in ours.glob("fontlist-*.json") if ours.is_dir() else ():
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder)
