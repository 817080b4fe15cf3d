"""Points into nbgrader's gradebook, so that its formgrader and its exports show them.

Each submission is one transaction: all of it is there, or nothing. What a person wrote (scores by
hand, extra credit, comments) is never touched, and grading again changes nothing that is the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

LOCK_SECONDS = 30.0  # that a run waits for another program, such as the formgrader, to write


@contextmanager
def with_alembic() -> Iterator[None]:
    """Let nbgrader find the program `alembic`, which it starts when it makes a database."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Open a gradebook whose changes are written at the end of the block, or not at all.

    Parameters
    ----------
    url : str
        Of the database, as SQLAlchemy writes it.

    Yields
    ------
    nbgrader.api.Gradebook
    """
    with kept_open(url) as book, transaction(book):
        yield book


@contextmanager
def kept_open(url: str) -> Iterator[Any]:
    """Open a gradebook for many transactions: opening takes longer than writing a submission.

    Parameters
    ----------
    url : str

    Yields
    ------
    nbgrader.api.Gradebook
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.event import listen

    with with_alembic():
        book = Gradebook(url)
    session = book.db
    if book.engine.dialect.name == "sqlite":
        wait = f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000:g}"
        listen(book.engine, "checkout", lambda raw, *_: raw.execute(wait))
    book.db = _DeferredCommits(session)
    try:
        yield book
    finally:
        session.remove()
        book.engine.dispose()


@contextmanager
def transaction(book: Any) -> Iterator[None]:
    """Write all changes of the block at its end, or none; then forget the rows."""
    session = book.db.session
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.remove()  # the next transaction reads what others wrote, and memory does not grow


class _DeferredCommits:
    """A session whose commits wait: nbgrader's methods commit one by one."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def commit(self) -> None:
        self.session.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


def record(
    book: Any,
    student: str,
    assignment: str,
    notebooks: Mapping[str, Mapping[str, Any]],
    timestamp: datetime | None = None,
) -> None:
    """Write what a submission earned.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
        From `kept_open`.
    student, assignment : str
    notebooks : mapping
        By name: "points", by the `grade_id` of cells; "manual", those of cells that a person
        grades; "unanswered", those of cells that are as they were released; "comments", by the
        `grade_id` of solution cells.
    timestamp : datetime, optional
        When it was handed in.
    """
    with transaction(book):
        book.update_or_create_student(student)
        more = {} if timestamp is None else {"timestamp": timestamp}
        with book.db.no_autoflush:
            submission = book.update_or_create_submission(assignment, student, **more)
        for submitted in submission.notebooks:
            found = notebooks.get(submitted.name)
            if found is None:
                continue
            for grade in submitted.grades:
                _set_grade(grade, found)
            for comment in submitted.comments:
                comment.auto_comment = found["comments"].get(comment.name)
                if comment.name in found["unanswered"]:
                    comment.auto_comment = "No response."


def _set_grade(grade: Any, found: Mapping[str, Any]) -> None:
    before = grade.auto_score
    if grade.name in found["unanswered"] and grade.name in found["manual"]:
        grade.auto_score = 0.0
    elif grade.name in found["points"]:
        grade.auto_score = found["points"][grade.name]
    else:  # a person's, or a cell that no check is for
        grade.auto_score = None
    if grade.auto_score is None:
        if grade.manual_score is None:
            grade.needs_manual_grade = True
    elif grade.manual_score is None:
        grade.needs_manual_grade = False
    elif before != grade.auto_score:
        grade.needs_manual_grade = True  # somebody looks whether their score still holds


def automatic_points(book: Any, assignment: str) -> dict[tuple[str, str, str], float]:
    """Return the points that a run gave, by student, notebook and `grade_id` of the cell.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    assignment : str
    """
    from nbgrader import api

    handed_in, notebook, cell = api.SubmittedAssignment, api.SubmittedNotebook, api.BaseCell
    rows = (
        book.db.query(handed_in.student_id, api.Notebook.name, cell.name, api.Grade.auto_score)
        .select_from(api.Grade)
        .join(cell, api.Grade.cell_id == cell.id)
        .join(notebook, api.Grade.notebook_id == notebook.id)
        .join(api.Notebook, notebook.notebook_id == api.Notebook.id)
        .join(handed_in, notebook.assignment_id == handed_in.id)
        .join(api.Assignment, handed_in.assignment_id == api.Assignment.id)
        .filter(api.Assignment.name == assignment, api.Grade.auto_score.is_not(None))
    )
    return {(student, name, grade_id): score for student, name, grade_id, score in rows}


def points(url: str, assignment: str) -> dict[str, dict[str, float]]:
    """Return the points of an assignment in a gradebook, by student and `grade_id`.

    Cells that wait for a person are left out.
    """
    from nbgrader.api import Gradebook

    with with_alembic(), Gradebook(url) as book:
        return {
            submission.student.id: {
                grade.name: grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if not grade.needs_manual_grade
            }
            for submission in book.assignment_submissions(assignment)
        }
