"""A run: what is done with each submission once it was judged, in this order.

The gradebook comes after the notebook, which its rows are about; and feedback comes last, because
it tells what the gradebook says.
"""

from __future__ import annotations

import errno
import fcntl
import time
import traceback
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from grading import batch, feedback, gradebook
from grading.batch import Outcome
from grading.course import Course, CourseError
from grading.files import is_regular_file
from grading.ledger import Ledger
from grading.sandbox import Limits
from grading.submission import Graded

MOST_TIMESTAMP = 100  # bytes
BETWEEN_LISTS = 5.0  # seconds after which the lists are renewed during a run


def run(
    course: Course,
    assignments: Sequence[str] = (),
    students: Sequence[str] = (),
    limits: Limits | None = None,
    jobs: int = 1,
    sandboxed: bool = True,
    only: Collection[str] | None = None,
) -> Generator[Outcome, None, None]:
    """Grade what was handed in, write all of it down, and give each outcome as it is done.

    Parameters
    ----------
    course : Course
    assignments, students : sequence of str
        All, by default.
    limits : Limits, optional
        What one submission may use.
    jobs : int
        How many are graded at a time.
    sandboxed : bool
        Whether submissions run in boxes; else there are limits alone.

    only : collection of {'new', 'changed', 'failed', 'graded'}, optional
        Which submissions, by what is known of them: see `grading.ledger`. All, by default.

    Yields
    ------
    Outcome

    Raises
    ------
    grading.sandbox.SandboxError
        If this machine cannot start a sandbox; nothing is graded then.
    CourseError
        If the disk or the database cannot be written to; another run goes on from there.
    """
    course.apply_environment()
    submissions = list(course.submissions(assignments, students))
    for assignment in {submission.assignment for submission in submissions}:
        for notebook in course.notebooks(assignment):
            course.hidden(assignment, notebook)  # a mistake in a check is told before, and once
    limits = limits or Limits()
    ledger = Ledger(course, limits, sandboxed)
    submissions = [one for one in submissions if only is None or ledger.state(one) in only]
    if not submissions:
        with _only_writer(course), _machine_errors():
            ledger.write_lists()  # of what is left where a student's files were deleted
        return
    with _only_writer(course), _machine_errors(), gradebook.kept_open(course.database) as book:
        written = time.monotonic()
        try:
            for outcome in batch.grade_all(course, submissions, limits, jobs, sandboxed):
                digest = ledger.digest(outcome.submission)
                outcome = _write(course, book, outcome)
                ledger.write(outcome, digest)
                if time.monotonic() - written > BETWEEN_LISTS:
                    ledger.write_lists()
                    written = time.monotonic()
                yield outcome
        finally:
            ledger.write_lists()


@contextmanager
def _machine_errors() -> Iterator[None]:
    """Say in a sentence that the machine, and no submission, keeps a run from writing."""
    try:
        yield
    except Exception as error:
        if not _is_of_machine(error):
            raise
        said = getattr(error, "orig", error)
        raise CourseError(
            f"the run stops, because it cannot write: {said}. What it has graded is kept; mend "
            "that, and run it again to go on"
        ) from error


def _is_of_machine(error: BaseException) -> bool:
    """Whether an error comes from a full or locked disk or database."""
    from sqlalchemy.exc import OperationalError

    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
    return isinstance(error, OperationalError)


@contextmanager
def _only_writer(course: Course) -> Iterator[None]:
    """Hold the lock of a course; what a killed run left behind is removed."""
    with (course.root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"{course.root} is being graded already; wait for that run") from None
        batch.remove_leftovers(course)
        yield


def _write(course: Course, book: Any, outcome: Outcome) -> Outcome:
    """Take all steps; if one fails, it is for a person to look at, and the others are graded."""
    try:
        write_notebooks(course, outcome)
        write_points(book, outcome)
        write_feedback(course, outcome)
    except Exception as error:
        if _is_of_machine(error):
            raise
        # a mistake of ours that this submission brought out
        why = traceback.format_exc(limit=-3)
        return batch.needs_person(course, outcome.submission, batch.OUR_FAULT, outcome.seconds, why)
    return outcome


def write_notebooks(course: Course, outcome: Outcome) -> None:
    """Write what was graded to where the formgrader looks for it."""
    submission = outcome.submission
    target = course.root / "autograded" / submission.student / submission.assignment
    target.mkdir(parents=True, exist_ok=True)
    for name, content in {**submission.files(), **course.beside(submission.assignment)}.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for graded in outcome.notebooks:
        text = graded.ipynb or _placeholder(course, submission.assignment, graded)
        (target / f"{graded.notebook}.ipynb").write_text(text, encoding="utf-8")
    timestamp = submission.folder / "timestamp.txt"
    if is_regular_file(timestamp) and timestamp.stat().st_size <= MOST_TIMESTAMP:
        (target / "timestamp.txt").write_bytes(timestamp.read_bytes())


def _placeholder(course: Course, assignment: str, graded: Graded) -> str:
    """Return the release with the reason on top, in place of what could not be read."""
    made = course.released(assignment, graded.notebook)
    said = f"**The submission could not be graded:** `{graded.problem.replace('`', chr(39))}`"
    made.cells.insert(0, nbformat.v4.new_markdown_cell(said, id="not-graded"))
    return nbformat.writes(made)


def write_points(book: Any, outcome: Outcome) -> None:
    """Write the points into the gradebook; what a person has to look at stays open there."""
    submission = outcome.submission
    gradebook.record(
        book,
        submission.student,
        submission.assignment,
        {
            graded.notebook: {
                "points": {verdict.grade_id: verdict.points for verdict in graded.verdicts},
                "manual": graded.manual,
                "unanswered": graded.unanswered,
                "comments": {verdict.name: verdict.comment[:500] for verdict in graded.verdicts},
            }
            for graded in outcome.notebooks
        },
        _timestamp(submission.folder / "timestamp.txt"),
    )


def _timestamp(path: Path) -> Any:
    """Return when it was handed in, as nbgrader writes it; None where that cannot be read."""
    from nbgrader.utils import parse_utc

    if not is_regular_file(path) or path.stat().st_size > MOST_TIMESTAMP:
        return None
    try:
        return parse_utc(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, OverflowError):
        return None


def write_feedback(course: Course, outcome: Outcome) -> None:
    """Write the pages for the student."""
    feedback.write(outcome, course.root / "feedback")
