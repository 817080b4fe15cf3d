"""The processes of this machine, as Linux tells them: whose they are, and how to end them all.

What a student's process starts may outlive it, and would then belong to nobody. A grader adopts
such orphans (`adopt_orphans`), and ends what is below it and not its own (`kill_orphans`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from multiprocessing import resource_tracker
from pathlib import Path

SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36  # of prctl


def adopt_orphans() -> bool:
    """Become the parent of what a student's process leaves behind; say whether that works here."""
    if not sys.platform.startswith("linux"):
        return False
    # a process of Python's own that multiprocessing starts some time: it is no orphan, nor a helper
    # that a submission started, and so it is there before any of these
    resource_tracker.ensure_running()
    return ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def end_with_parent() -> None:
    """Let this process be killed when its parent ends (on Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def kill_orphans(kept: Collection[int]) -> None:
    """End the children of this process that are not in `kept`, and all that came of them.

    Parameters
    ----------
    kept : collection of int
        Numbers of processes.
    """
    for _ in range(100):
        stray = set(_children().get(os.getpid(), [])).difference(kept)
        if not stray:
            return
        for pid in stray:
            kill_all(descendants(pid) | {pid})
        time.sleep(0.01)


def kill_all(pids: Collection[int]) -> None:
    """Kill processes: first stop them all, so that none starts another one meanwhile."""
    for send in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, send)
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def descendants(of: int | None = None) -> set[int]:
    """Return the processes that this one started, or another one; and those that these started."""
    children = _children()
    found, ahead = set(), [os.getpid() if of is None else of]
    while ahead:
        mine = children.get(ahead.pop(), [])
        found.update(mine)
        ahead += mine
    return found


def _children() -> dict[int, list[int]]:
    """Return the numbers of processes by that of their parent."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes():
        children.setdefault(int(fields[PARENT]), []).append(pid)
    return children


def threads_of_user() -> int:
    """Return how many threads this user has: the limit on processes counts all of them."""
    count = 0
    for pid, fields in _processes():
        with suppress(OSError):
            count += int(fields[THREADS]) * (os.stat(f"/proc/{pid}").st_uid == os.getuid())
    return count


def faults_of_children(pid: int) -> bytes:
    """Return the page faults of the children that a process waited for: each child adds some."""
    return _fields(pid)[FAULTS_OF_CHILDREN]


def processor_seconds(pid: int) -> float:
    """Return how long a process, with all its threads, kept processors busy."""
    fields = _fields(pid)
    return (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS


def _fields(pid: int) -> list[bytes]:
    """Return the fields of a process as Linux tells them; zeros where it does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return [b"0"] * 50


# Of the fields of /proc/PID/stat that follow the name.
PARENT, FAULTS_OF_CHILDREN, USER_TICKS, SYSTEM_TICKS, THREADS = 1, 8, 11, 12, 17
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def _processes() -> Iterator[tuple[int, list[bytes]]]:
    """Give the processes of this machine, as Linux tells it; elsewhere none."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), path.read_bytes().rpartition(b")")[2].split()
        except OSError:  # it has ended
            continue
