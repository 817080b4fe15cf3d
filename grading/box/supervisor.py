"""Process 1 of a box: it starts the runner, times it, interrupts it, and says how it ended.

It is the only one that knows the processes of the box, and the grader asks it over a socket of its
own, which the runner does not have. The kernel protects process 1 from the signals of the others,
and it cannot be traced, so a submission can neither stop it nor change what it says.

Time is counted without the time that the runner waited for a processor, so that a loaded machine is
not taken for a slow student.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as onp

from grading import wire

POLL = 0.05  # seconds between two looks at the processes
PATIENCE = 10  # times its limit may a call take by the clock, on a loaded machine
MOST_FILE = 64 * 2**20
RESIDENT = 1  # place in /proc/PID/statm
STATE = 0  # place in /proc/PID/stat after the name
PAGE = os.sysconf("SC_PAGE_SIZE")


class Supervisor:
    """The runner of a box, and the limits of the box as a whole.

    Parameters
    ----------
    control : socket
        To the grader.
    start : callable
        Becomes the runner, in a new process.
    limits : mapping
        "processes", "memory" and "cpu" of all processes together, and "grace" for a call that is
        interrupted.
    """

    def __init__(
        self, control: socket.socket, start: Callable[[], None], limits: Mapping[str, float]
    ) -> None:
        self.control = control
        self.limits = limits
        self.cause = ""
        self.status: int | None = None
        self._clear_call()
        self.runner = os.fork()
        if not self.runner:
            try:
                start()
                os._exit(0)
            except BaseException:
                traceback.print_exc()  # the submission's own output, by now
                os._exit(1)
        self._exit = os.pidfd_open(self.runner)
        self.shared = self._resident(self.runner)

    def _clear_call(self) -> None:
        self.deadline = self.began = self.waited = self.spent = 0.0
        self.interrupted = self.used_before = 0.0

    def run(self) -> None:
        """Serve the grader until it goes away, then end all processes."""
        while True:
            wanted: list[Any] = [self.control]
            if self.status is None:
                wanted.append(self._exit)
            ready, _, _ = select.select(wanted, [], [], POLL)
            self._reap()
            if self.status is None:
                self._enforce_limits()
            if self.control in ready:
                try:
                    message = wire.receive(self.control, 2 * MOST_FILE)
                except (EOFError, OSError, wire.ProtocolError):
                    self._kill_others()
                    return
                answer, values = getattr(self, f"do_{message['do']}")(message)
                wire.send(self.control, answer, values)
                if message["do"] == "end":
                    return

    # ------------------------------------------------------------------------ what is asked

    def do_begin(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start the clock of a call; end the other processes first where it is to be alone."""
        if message["alone"]:
            self._kill_others(but=self.runner)
        self._reap()
        self._clear_call()
        self.number_before = _next_number()
        self.began, self.waited = time.monotonic(), self._waiting()
        self.spent = processor_seconds(self.runner)
        self.deadline = message["seconds"]
        return {}, {}

    def do_finish(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Stop the clock of a call, and say what it took."""
        used = self._used()
        late = bool(self.interrupted) or used > self.deadline
        answer = {"seconds": used, "late": late, "helpers": self._started_helpers()}
        self._clear_call()
        return answer, {}

    def do_freeze(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Stop all processes of the submission, or let them go on."""
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGSTOP if message["frozen"] else signal.SIGCONT)
        return {}, {}

    def do_usage(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say how many processes the submission has, and the processor time that it took."""
        pids = self._processes()
        return {"cpu": self._cpu(pids), "processes": len(pids)}, {}

    def do_why(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say how the runner ended; wait a moment for it."""
        for _ in range(40):
            self._reap()
            if self.status is not None:
                break
            time.sleep(0.025)
        return {"why": self.cause or _described(self.status), "seconds": self._used()}, {}

    def do_file(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the content of a file in the submission's folder."""
        try:
            number = os.open(message["path"], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(number, "rb") as file:
                content = file.read(MOST_FILE)
        except OSError as error:
            return {"error": str(error)}, {}
        return {"error": ""}, {"content": onp.frombuffer(content, onp.uint8)}

    def do_end(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """End all processes."""
        self._kill_others()
        return {}, {}

    # ------------------------------------------------------------------------- what it does

    def _enforce_limits(self) -> None:
        """Interrupt a call that is late; end a box that takes more than it may."""
        if self.deadline:
            if self.interrupted:
                if self._exceeds(self.limits["grace"], self.interrupted, self.used_before):
                    self._stop(f"it took more than {self.deadline:g} s and did not stop")
            elif self._exceeds(self.deadline, self.began, 0.0):
                self.interrupted, self.used_before = time.monotonic(), self._used()
                os.kill(self.runner, signal.SIGCONT)  # it may have stopped itself
                os.kill(self.runner, signal.SIGINT)
        pids = self._processes()
        if len(pids) > self.limits["processes"]:
            self._stop(f"it started more than {self.limits['processes']} processes")
        elif self._memory(pids) > self.limits["memory"]:
            self._stop(f"its processes took more than {self.limits['memory'] / 2**30:.3g} GiB")
        elif self._cpu(pids) > self.limits["cpu"]:
            self._stop(f"its processes took more than {self.limits['cpu']:g} s of the processor")

    def _exceeds(self, seconds: float, since: float, used_before: float) -> bool:
        """Whether more than some seconds were used since a moment, or far more by the clock."""
        elapsed = time.monotonic() - since
        return self._used() - used_before > seconds or elapsed > PATIENCE * seconds

    def _stop(self, cause: str) -> None:
        self.cause = cause
        self._kill_others()
        self._reap()

    def _used(self) -> float:
        """Return the seconds of a call: of the processor, or of the clock where that is more."""
        if not self.began:
            return 0.0
        by_clock = time.monotonic() - self.began - (self._waiting() - self.waited)
        return max(by_clock, processor_seconds(self.runner) - self.spent, 0.0)

    def _waiting(self) -> float:
        """Return how long the runner has waited for a processor."""
        try:
            return int(Path(f"/proc/{self.runner}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return self.waited

    def _cpu(self, pids: list[int]) -> float:
        """Return the processor time of the processes that run and of those that ended."""
        return sum(map(processor_seconds, pids)) + _seconds_of_ended()

    def _started_helpers(self) -> bool:
        """Whether a process was started since the call began, or a thread that has ended.

        The kernel numbers both in order, whatever becomes of them: a process may end unseen.
        """
        number = _next_number()
        if number <= self.number_before:
            return True  # they have begun anew, after as many as the kernel has
        between = range(self.number_before + 1, number)
        try:
            threads = {int(name) for name in os.listdir(f"/proc/{self.runner}/task")}
        except OSError:
            threads = set()
        return len(between) != len(threads.intersection(between))

    def _processes(self) -> list[int]:
        """Return the processes of the submission that run: not this one, and none that ended."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        return [pid for pid in pids if _stat(pid, STATE) not in (b"", b"Z", b"X")]

    def _memory(self, pids: list[int]) -> int:
        """Return the bytes that processes take beside what they share with the server."""
        return sum(max(self._resident(pid) - self.shared, 0) for pid in pids)

    def _resident(self, pid: int) -> int:
        try:
            return int(Path(f"/proc/{pid}/statm").read_text().split()[RESIDENT]) * PAGE
        except (OSError, IndexError):
            return 0  # it has ended

    def _kill_others(self, but: int = 0) -> None:
        """Kill all processes of the submission but one; stop them first, so none starts another."""
        for _ in range(1000):
            pids = [pid for pid in self._processes() if pid != but]
            if not pids:
                return
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            self._reap()
            time.sleep(0.001)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.runner:
                self.status = status
                os.close(self._exit)
                self._kill_others()  # so that nobody holds its connection open


def _next_number() -> int:
    """Return the number that the next process or thread of the box gets, and use it up."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return thread.native_id or 0


def processor_seconds(pid: int) -> float:
    """Return how long a process, with all its threads, kept processors busy."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # its clock, as Linux numbers them
    except OSError:
        return 0.0


def _stat(pid: int, place: int) -> bytes:
    """Return a field of /proc/PID/stat; empty where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[place]
    except OSError:
        return b""


def _seconds_of_ended() -> float:
    """Return the processor time of the processes that ended."""
    times = os.times()
    return times.children_user + times.children_system


def _described(status: int | None) -> str:
    if status is None:
        return "it closed the connection to the grader"
    if os.WIFSIGNALED(status):
        return f"its process was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"its process exited with status {os.waitstatus_to_exitcode(status)}"
