"""Grading many submissions: slots that judge, and one place that writes down.

Each slot is a process of its own that grades one submission at a time, in a sandbox. The
coordinator hands out submissions and is the only one to touch the gradebook. If a slot dies or
does not answer, with whatever a submission did to it, another one is started and that submission
goes to a person, with the reason; the others do not notice.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
import signal
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from grading.box.supervisor import PATIENCE
from grading.course import Course
from grading.files import Submission
from grading.processes import adopt_orphans, descendants, end_with_parent, kill_orphans
from grading.sandbox import BoxServer, LimitedProcess, Limits, SandboxError
from grading.submission import Graded, Starter, grade

OUR_FAULT = "the grader failed, which is no fault of the submission"
MARGIN = 120.0  # seconds that a slot has beyond what a submission may take


@dataclass(frozen=True)
class Outcome:
    """What came of a submission.

    Attributes
    ----------
    submission : Submission
    notebooks : list of Graded
    seconds : float
    """

    submission: Submission
    notebooks: list[Graded]
    seconds: float

    @property
    def problem(self) -> str:
        """Why a person has to look at it."""
        return "; ".join(f"{n.notebook}: {n.problem}" for n in self.notebooks if n.problem)


class _Slot:
    """A process that grades, and the submission that it is busy with."""

    def __init__(self, course: Course, limits: Limits, sandboxed: bool) -> None:
        self.folder = tempfile.mkdtemp(prefix=_prefix(course))
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=run_slot,
            args=(theirs, str(course.root), asdict(limits), self.folder, sandboxed),
            daemon=True,
        )
        with _ignored_interrupts():
            self.process.start()
        theirs.close()
        self.busy_with: Submission | None = None
        self.since = 0.0

    def give(self, submission: Submission) -> None:
        self.busy_with, self.since = submission, time.monotonic()
        task = {
            "student": submission.student,
            "assignment": submission.assignment,
            "folder": str(submission.folder),
        }
        self.connection.send_bytes(json.dumps(task).encode())

    def end(self) -> None:
        """End the process, and remove what lay in its folder."""
        self.connection.close()
        if self.busy_with is not None:
            self.process.kill()  # nobody waits for its answer
        self.process.join(10.0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _ignored_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, even before they run a line of ours."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _prefix(course: Course) -> str:
    """Return how the names of the folders of a course's slots begin."""
    name = hashlib.sha256(str(course.root.resolve()).encode()).hexdigest()[:12]
    return f"minpy-slot-{name}-"


def remove_leftovers(course: Course) -> None:
    """Remove the folders of a run that was killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{_prefix(course)}*"):
        shutil.rmtree(path, ignore_errors=True)


def run_slot(
    connection: Connection, root: str, limits: dict[str, Any], folder: str, sandboxed: bool
) -> None:
    """Grade what is asked for, until the connection is closed: the life of a slot."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides
    adopt_orphans()
    tempfile.tempdir = folder  # where sandboxes are made
    course = Course(Path(root))
    course.apply_environment()
    if not sandboxed:
        _serve(connection, course, Limits(**limits), LimitedProcess)
        return
    try:
        boxes = BoxServer(course.student_environment(), course.data_folders())
    except SandboxError as error:
        connection.send_bytes(json.dumps({"no sandbox": str(error)}).encode())
        return
    try:
        _serve(connection, course, Limits(**limits), boxes.start)
    finally:
        boxes.end()


def _serve(connection: Connection, course: Course, limits: Limits, start: Starter) -> None:
    # the connection ends while this waits, reads or writes
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task = json.loads(connection.recv_bytes())
            answer = _graded(course, task, limits, start)
            connection.send_bytes(json.dumps(answer).encode())


def _graded(
    course: Course, task: Mapping[str, str], limits: Limits, start: Starter
) -> dict[str, Any]:
    submission = Submission(task["student"], task["assignment"], Path(task["folder"]))
    try:
        return {"graded": [one.as_dict() for one in grade(course, submission, limits, start)]}
    except Exception:  # a mistake of ours, or of the author of a check: not the student's
        return {"failed": traceback.format_exc(limit=-3)}


def grade_all(
    course: Course,
    submissions: Sequence[Submission],
    limits: Limits,
    jobs: int = 1,
    sandboxed: bool = True,
) -> Iterator[Outcome]:
    """Grade submissions, several at a time, and give each as it is done.

    Parameters
    ----------
    course : Course
    submissions : sequence of Submission
    limits : Limits
    jobs : int
        How many slots.
    sandboxed : bool
        Whether submissions run in boxes; else there are limits alone.

    Yields
    ------
    Outcome
    """
    ahead = deque(submissions)
    adopt_orphans()
    others = descendants()  # what runs for this process already stays
    slots = [_Slot(course, limits, sandboxed) for _ in range(max(1, min(jobs, len(submissions))))]
    ours = {slot.process.pid or 0 for slot in slots}
    allowed = limits.submission * PATIENCE + MARGIN
    try:
        while ahead or any(slot.busy_with for slot in slots):
            for slot in slots:
                if slot.busy_with is None and ahead:
                    slot.give(ahead.popleft())
            busy = {slot.connection: slot for slot in slots if slot.busy_with}
            answered = wait(list(busy), timeout=1.0)
            ready = [slot for connection, slot in busy.items() if connection in answered]
            for place, slot in enumerate(slots):
                submission = slot.busy_with
                late = submission is not None and time.monotonic() - slot.since > allowed
                if submission is None or not (slot in ready or late):
                    continue
                outcome = _answer(course, slot, submission, late)
                if outcome is None:
                    slot.end()
                    kill_orphans(others | ours)
                    slots[place] = _Slot(course, limits, sandboxed)
                    ours.add(slots[place].process.pid or 0)
                    why = f"its checker took more than {allowed:g} s" if late else _ended(slot)
                    outcome = needs_person(course, submission, why, time.monotonic() - slot.since)
                slot.busy_with = None
                yield outcome
    finally:
        for slot in slots:
            slot.end()
        kill_orphans(others)


def _answer(course: Course, slot: _Slot, submission: Submission, late: bool) -> Outcome | None:
    """Return what a slot found; None if it is to be replaced."""
    if late and not slot.connection.poll():
        return None
    try:
        answer = json.loads(slot.connection.recv_bytes())
    except (EOFError, OSError, ValueError):
        return None
    seconds = time.monotonic() - slot.since
    if "no sandbox" in answer:
        raise SandboxError(answer["no sandbox"])
    if "failed" in answer:
        return needs_person(course, submission, OUR_FAULT, seconds, answer["failed"])
    found = [Graded.from_dict(one) for one in answer["graded"]]
    return Outcome(submission, found, seconds)


def _ended(slot: _Slot) -> str:
    slot.process.join(1.0)
    return f"its checker ended with {slot.process.exitcode}: the submission may have killed it"


def needs_person(
    course: Course, submission: Submission, why: str, seconds: float, detail: str = ""
) -> Outcome:
    """Return what came of a submission that a person has to look at, and why."""
    names = course.notebooks(submission.assignment)
    found = [Graded(name, problem=why, detail=detail) for name in names]
    return Outcome(submission, found, seconds)
