"""What a machine and a course are fit for, said before a class is graded."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as onp

from grading.course import Course
from grading.processes import adopt_orphans


@dataclass(frozen=True)
class Finding:
    """One line of what was found.

    Attributes
    ----------
    state : str
        "ok", "warning" or "wrong".
    subject, said : str
    """

    state: str
    subject: str
    said: str


def check_machine() -> Iterator[Finding]:
    """Say what this machine has, and how a submission is kept in."""
    for name in ("nbgrader", "ipython", "jinja2", "nh3"):
        try:
            yield Finding("ok", name, version(name))
        except PackageNotFoundError:
            yield Finding("wrong", name, f"is not installed: pip install {name}")
    beside = os.path.join(os.path.dirname(sys.executable), "alembic")
    there = os.path.exists(beside) or shutil.which("alembic")
    state = "ok" if there else "wrong"
    yield Finding(state, "alembic", "found" if there else "nbgrader needs it to make a gradebook")
    yield Finding(
        "warning",
        "isolation",
        "resource limits only: a submission runs as you, reads what you can read, and reaches the "
        "network. It cannot see expected values or seeds, which live in another process",
    )
    if not adopt_orphans():
        said = "what a submission leaves running outside its session may survive it"
        yield Finding("warning", "orphans", said)
    if os.getuid() == 0:
        said = "you are root, whom the system's limit on processes does not bind; ours does"
        yield Finding("warning", "user", said)


def check_course(course: Course) -> Iterator[Finding]:
    """Say whether checks, notebooks and references fit together."""
    mode = (course.root / ".secret").stat().st_mode & 0o077 if course.secret() else 0
    if mode:
        yield Finding("wrong", ".secret", "others can read it: chmod 600 .secret")
    for assignment in course.assignments():
        for notebook in course.notebooks(assignment):
            yield from _check_notebook(course, assignment, notebook)


def _check_notebook(course: Course, assignment: str, notebook: str) -> Iterator[Finding]:
    subject = f"{assignment}/{notebook}"
    cells = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader
        for cell in course.released(assignment, notebook).cells
        if "nbgrader" in cell.metadata
    }
    checked = set()
    for hidden in course.hidden(assignment, notebook):
        check = hidden.check
        checked.add(check.grade_id)
        there = cells.get(check.grade_id)
        if there is None:
            yield Finding("wrong", subject, f"no cell has the grade_id {check.grade_id}")
        elif there.points != check.points:
            said = f"{check.name} has {check.points} points, its cell {there.points}"
            yield Finding("wrong", subject, said)
        try:
            rng = onp.random.default_rng(0)
            for case in hidden.all_cases(rng):
                hidden.expected(hidden.inputs(case, rng))
        except Exception as error:  # whatever an author's reference raises
            said = f"the reference of {check.name}, {case.title}: {type(error).__name__}: {error}"
            yield Finding("wrong", subject, said)
            continue
        for report in hidden.sound():
            if not report:
                yield Finding("wrong", subject, f"the reference of {check.name}: {report}")
    for name, cell in cells.items():
        if cell.grade and not cell.solution and name not in checked:
            yield Finding("warning", subject, f"no check for {name}: a person grades it")
    yield Finding("ok", subject, f"{len(checked)} checks; gradients of references are right")
