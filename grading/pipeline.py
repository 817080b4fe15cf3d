"""A run: what is done with each submission once it was judged, in this order.

The gradebook comes after the notebook, which its rows are about; and feedback comes last, because
it tells what the gradebook says.
"""

from __future__ import annotations

import csv
import json
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from grading import batch, feedback, gradebook
from grading.batch import Outcome
from grading.course import Course
from grading.files import is_regular_file
from grading.sandbox import Limits
from grading.submission import Graded

MOST_TIMESTAMP = 100  # bytes


def run(
    course: Course,
    assignments: Sequence[str] = (),
    students: Sequence[str] = (),
    limits: Limits | None = None,
    jobs: int = 1,
    sandboxed: bool = True,
) -> Iterator[Outcome]:
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

    Yields
    ------
    Outcome

    Raises
    ------
    grading.sandbox.SandboxError
        If this machine cannot start a sandbox; nothing is graded then.
    """
    course.apply_environment()
    submissions = list(course.submissions(assignments, students))
    for assignment in {submission.assignment for submission in submissions}:
        for notebook in course.notebooks(assignment):
            course.hidden(assignment, notebook)  # a mistake in a check is told before, and once
    done = []
    for outcome in batch.grade_all(course, submissions, limits or Limits(), jobs, sandboxed):
        written = _write(course, outcome)
        done.append(written)
        yield written
    if done:
        write_lists(course, done)


def _write(course: Course, outcome: Outcome) -> Outcome:
    """Take all steps; if one fails, it is for a person to look at, and the others are graded."""
    try:
        for step in STEPS:
            step(course, outcome)
    except Exception:  # a mistake of ours that this submission brought out
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


def write_points(course: Course, outcome: Outcome) -> None:
    """Write the points into the gradebook; what a person has to look at stays open there."""
    submission = outcome.submission
    gradebook.record(
        course.database,
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


STEPS: tuple[Callable[[Course, Outcome], None], ...] = (
    write_notebooks,
    write_points,
    write_feedback,
)


def write_lists(course: Course, outcomes: Sequence[Outcome]) -> None:
    """Renew what is about the whole class, also where only some of it was graded this time.

    ``results.json`` keeps a row for each notebook; the index of the feedback and the queue of what
    a person has to look at are made of it.
    """
    path = course.root / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    renewed = {(outcome.submission.student, outcome.submission.assignment) for outcome in outcomes}
    kept = [row for row in results if (row["student"], row["assignment"]) not in renewed]
    rows = [*kept, *(row for outcome in outcomes for row in _result_rows(outcome))]
    rows.sort(key=lambda row: (row["student"], row["assignment"], row["notebook"]))
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    feedback.write_index(rows, course.root / "feedback")
    with (course.root / "queue.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, QUEUED, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row for row in rows if row["problem"])


def _result_rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for graded in outcome.notebooks:
        yield {
            "student": outcome.submission.student,
            "assignment": outcome.submission.assignment,
            "notebook": graded.notebook,
            "points": graded.points,
            "out_of": graded.out_of,
            "problem": graded.problem,
            "detail": graded.detail,
        }


QUEUED = ("student", "assignment", "notebook", "problem", "detail")
