"""A sandbox without namespaces: a process with limits, a folder and an environment of its own.

It keeps a submission from hurting others by accident, and not from reading what you can read. The
process ends with everything that it started, including processes that left its session: the grader
becomes the parent of orphans (on Linux), and so can find them.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grading import wire
from grading.processes import (
    descendants,
    faults_of_children,
    kill_all,
    processor_seconds,
    threads_of_user,
)
from grading.sandbox.environment import environment
from grading.sandbox.protocol import Limits, RunnerLostError, TimeLimitError

RUNNER = (sys.executable, "-m", "grading.runner")


class LimitedProcess:
    """A process with limits in which a submission runs: a `grading.sandbox.Sandbox`.

    Parameters
    ----------
    files : mapping of str to bytes
        The files in its folder.
    limits : Limits
    """

    def __init__(self, files: Mapping[str, bytes], limits: Limits) -> None:
        self.files = files
        self.limits = limits
        self._printed = bytearray()
        self._count = 0
        self.seconds = 0.0
        self._cause = ""
        self._ended = threading.Event()
        self._process: Any = None
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._others = descendants()
        self._folder = Path(tempfile.mkdtemp(prefix="minpy-grade-"))
        try:
            self._start()
        except BaseException:
            self.end()
            raise

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
                [*RUNNER, str(theirs.fileno()), _rlimits(self.limits), str(work)],
                cwd=home,
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

    def ask(
        self,
        question: Mapping[str, Any],
        values: Mapping[str, Any],
        seconds: float,
        alone: bool = False,
    ) -> dict[str, Any]:
        """Send a question to the runner and return its answer: see `Sandbox.ask`."""
        start = time.monotonic()
        try:
            return self._ask_watched(question, values, seconds, alone)
        finally:
            self.seconds += time.monotonic() - start

    def _ask_watched(
        self, question: Mapping[str, Any], values: Mapping[str, Any], seconds: float, alone: bool
    ) -> dict[str, Any]:
        if not alone:
            return self._ask(question, values, seconds)
        pid = self._process.pid
        kill_all(descendants() - self._others - {pid})
        before, faults = descendants(), faults_of_children(pid)
        answer = self._ask(question, values, seconds)
        started = descendants() - before
        answer["helpers"] = bool(started) or faults_of_children(pid) != faults
        return answer

    def _ask(
        self, question: Mapping[str, Any], values: Mapping[str, Any], seconds: float
    ) -> dict[str, Any]:
        self._count += 1
        spent = processor_seconds(self._process.pid)
        deadline = time.monotonic() + seconds
        try:
            self._channel.settimeout(seconds)
            wire.send(self._channel, {**question, "id": self._count}, values)
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
                answer = wire.receive(self._channel, self.limits.reply, deadline)
                if answer.get("id") == self._count:
                    return answer
        except (EOFError, ConnectionResetError):
            raise RunnerLostError(self._why()) from None
        except wire.ProtocolError as error:
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

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all processes of the submission during the block."""
        pids = descendants() - self._others
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGCONT)

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
            if len(descendants() - self._others) > self.limits.processes:
                self._cause = f"it started more than {self.limits.processes} processes"
                self._kill()

    def _kill(self) -> None:
        """End the process and all that came of it; repeated, since they may be starting more."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for _ in range(100):
            left = descendants() - self._others
            if not left:
                return
            kill_all(left)
            time.sleep(0.01)

    def end(self) -> None:
        """End all processes of the submission and remove its files."""
        self._ended.set()
        if self._process is not None:
            self._kill()
            self._process.wait()
            if self._watcher.is_alive():
                self._watcher.join()  # else it could kill the processes of the next sandbox
            self._reader.join(5.0)
            self._process.stdout.close()
            self._channel.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _rlimits(limits: Limits) -> str:
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
