"""The fast sandbox: a clean server forks a runner into namespaces of its own for each submission.

What runs in a box has no network, sees no process but its own, reads the interpreter, its packages,
minpy and public data, and writes to a small file system in memory that ends with it. It has no
privileges, and system calls that no notebook needs are refused. `grading.box` is the other end.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as onp

import minpy
from grading import wire
from grading.box import namespaces, seccomp, server
from grading.box.supervisor import MOST_FILE, PATIENCE
from grading.sandbox.environment import environment
from grading.sandbox.protocol import Limits, RunnerLostError, SandboxError, TimeLimitError

PRELOAD = (
    "minpy.numpy",
    "minpy.nn",
    "minpy.datasets",
    "minpy.checking.spec",
    "minpy.checking.forbid",
    "minpy.plotting",
    "matplotlib.pyplot",
)
START = 60.0  # seconds that a server, and then a box, may take to start on a loaded machine
OWN_FILES = ("__init__.py", "wire.py", "runner.py")  # all of the grader that a submission sees


class BoxServer:
    """Starts boxes, one for each submission.

    Parameters
    ----------
    settings : mapping of str to str
        Environment variables for submissions, such as ``MINPY_COURSE_DATA``.
    data : sequence of str
        Folders of public data that submissions may read.
    preload : sequence of str
        Modules to import once, for all submissions.

    Raises
    ------
    SandboxError
        If this machine cannot start it; says why.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        data: Sequence[str] = (),
        preload: Sequence[str] = PRELOAD,
    ) -> None:
        if not sys.platform.startswith("linux"):
            raise SandboxError("the sandbox needs Linux")
        if not seccomp.supported():
            raise SandboxError("the sandbox knows the system calls of x86-64 and aarch64 only")
        self.settings = {**(settings or {})}
        self.preload = list(preload)
        package = Path(wire.__file__).parent
        own = [str(Path(minpy.__file__).parent), *(str(package / name) for name in OWN_FILES)]
        self.binds, self.links = namespaces.readable_paths([*own, *data])
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.mkdtemp(prefix="minpy-box-")
        self._start()
        try:
            self.start({}, Limits()).end()  # where that fails, it is said before anything is graded
        except SandboxError:
            self.end()
            raise

    def _start(self) -> None:
        for name in ("root", "home", "tmp"):
            (Path(self._folder) / name).mkdir()
        ours, theirs = socket.socketpair()
        self._link = ours
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "grading.box.server", str(theirs.fileno())),
                    json.dumps({"preload": self.preload}),
                ],
                cwd=self._folder,
                env={**environment(Path(self._folder)), **self.settings},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(START)
        try:
            ready = ours.recv(5)
        except TimeoutError:
            ready = b""
        if ready != b"ready":
            self.end()
            raise SandboxError("the server of the sandbox did not start; its error is above")

    def start(self, files: Mapping[str, bytes], limits: Limits) -> Box:
        """Return a new box with files in its folder.

        Raises
        ------
        SandboxError
        """
        plan = {
            "root": f"{self._folder}/root",
            "binds": self.binds,
            "links": self.links,
            "disk": limits.disk,
            "rlimits": {
                "CPU": limits.cpu,
                "AS": limits.memory,
                "FSIZE": limits.file,
                "NPROC": limits.processes + 2,
                "NOFILE": 256,
                "MEMLOCK": 2**16,
                "CORE": 0,
            },
            "box": {
                "processes": limits.processes,
                "memory": limits.memory,
                "cpu": limits.cpu,
                "grace": limits.grace,
            },
        }
        return Box(self._request, plan, files, limits)

    def _request(self, plan: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Ask for a box; return a descriptor that is ready once all its processes have ended."""
        socket.send_fds(self._link, [json.dumps(plan).encode()], descriptors)
        _, descriptors, _, _ = socket.recv_fds(self._link, 3, 1)
        if not descriptors:
            raise ConnectionResetError("the server of the sandbox has ended")
        os.set_inheritable(descriptors[0], False)
        return descriptors[0]

    def end(self) -> None:
        """End the server, and with it all boxes."""
        self._link.close()
        if self._process is not None:
            try:
                self._process.wait(2.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Box:
    """A submission's runner in namespaces of its own: a `grading.sandbox.Sandbox`."""

    def __init__(
        self, request: Any, plan: Mapping[str, Any], files: Mapping[str, bytes], limits: Limits
    ) -> None:
        self.limits = limits
        self.seconds = 0.0
        self._count = 0
        self._printed = bytearray()
        self._control, control = socket.socketpair()
        self._channel, channel = socket.socketpair()
        self._output, output = os.pipe()
        self._ended: int | None = None
        try:
            with control, channel:
                try:
                    self._ended = request(plan, [control.fileno(), channel.fileno(), output])
                finally:
                    os.close(output)
            self._reader = threading.Thread(target=self._read_output, daemon=True)
            self._reader.start()
            arrays = {name: onp.frombuffer(content, onp.uint8) for name, content in files.items()}
            with suppress(BrokenPipeError, ConnectionResetError):  # its answer says why
                wire.send(self._control, {}, arrays)
            self._started(self._receive_control())
            self._answer(time.monotonic() + START)
        except (OSError, RunnerLostError) as error:
            said = self.output.strip()[-1000:]
            self.end()
            raise SandboxError(f"a box does not start: {error}\n{said}".strip()) from None
        except BaseException:
            self.end()
            raise

    def _started(self, answer: Mapping[str, Any]) -> None:
        if answer.get("error"):
            raise SandboxError(f"a box does not start: {answer['error']}")

    def ask(
        self,
        question: Mapping[str, Any],
        values: Mapping[str, Any],
        seconds: float,
        alone: bool = False,
    ) -> dict[str, Any]:
        """Send a question to the runner and return its answer: see `Sandbox.ask`."""
        self._count += 1
        self._command("begin", alone=alone, seconds=seconds)
        deadline = time.monotonic() + PATIENCE * seconds + self.limits.grace + START
        try:
            self._channel.settimeout(deadline - time.monotonic())
            wire.send(self._channel, {**question, "id": self._count}, values)
            answer = self._answer(deadline)
        except TimeoutError:
            raise RunnerLostError(f"it took more than {seconds:g} s and did not stop") from None
        except (BrokenPipeError, ConnectionResetError):
            raise self._lost() from None
        spent = self._command("finish")
        self.seconds += spent["seconds"]
        if spent["late"]:
            raise TimeLimitError(f"it took more than {seconds:g} s")
        if alone:
            answer["helpers"] = spent["helpers"]
        return answer

    def _answer(self, deadline: float) -> dict[str, Any]:
        try:
            while True:
                answer = wire.receive(self._channel, self.limits.reply, deadline)
                if answer.get("id") == self._count:
                    return answer
        except (EOFError, ConnectionResetError):
            raise self._lost() from None
        except wire.ProtocolError as error:
            raise RunnerLostError(f"it sent {error}") from None

    def _lost(self) -> RunnerLostError:
        """Return the error that says how the runner ended."""
        answer = self._command("why")
        self.seconds += answer["seconds"]
        return RunnerLostError(answer["why"])

    def _command(self, name: str, **more: Any) -> dict[str, Any]:
        """Ask the supervisor in the box for something."""
        try:
            wire.send(self._control, {"do": name, **more}, {})
        except (BrokenPipeError, ConnectionResetError):
            raise RunnerLostError("its sandbox has ended") from None
        return self._receive_control()

    def _receive_control(self) -> dict[str, Any]:
        try:
            return wire.receive(self._control, 2 * MOST_FILE, time.monotonic() + START)
        except (EOFError, ConnectionResetError, TimeoutError, wire.ProtocolError):
            raise RunnerLostError("its sandbox has ended") from None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all processes of the submission during the block."""
        self._command("freeze", frozen=True)
        try:
            yield
        finally:
            self._command("freeze", frozen=False)

    def file(self, name: str) -> bytes:
        """Return a file that was written in its folder."""
        answer = self._command("file", path=f"{server.WORK}/{name}")
        if answer["error"]:
            raise FileNotFoundError(answer["error"])
        return answer["values"]["content"].tobytes()

    @property
    def output(self) -> str:
        """The text that was printed until now, up to the limit."""
        with suppress(OSError, ValueError):
            for _ in range(100):  # until the reader has come to the end of it
                if not select.select([self._output], [], [], 0)[0]:
                    break
                time.sleep(0.002)
        return bytes(self._printed).decode("utf-8", errors="replace")

    def _read_output(self) -> None:
        while part := os.read(self._output, 2**16):
            room = self.limits.output - len(self._printed)
            self._printed += part[: max(room, 0)]

    def end(self) -> None:
        """End all processes of the submission and wait for that; its files end with them.

        Raises
        ------
        SandboxError
            If they do not end.
        """
        with suppress(RunnerLostError, OSError):
            self._command("end")
        self._control.close()
        self._channel.close()
        ended = self._ended is None or select.select([self._ended], [], [], START)[0]
        if hasattr(self, "_reader"):
            self._reader.join(5.0)
        os.close(self._output)
        if self._ended is not None:
            os.close(self._ended)
        if not ended:
            raise SandboxError(f"the processes of a box did not end within {START:g} s")
