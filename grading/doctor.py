"""What a machine and a course are fit for, said before a class is graded."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as onp

from grading import gradebook
from grading.course import Course
from grading.ledger import Ledger
from grading.sandbox import BoxServer, Limits, RunnerLostError, SandboxError, TimeLimitError


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
    yield from _try_sandbox()


# What a cell in a box tries, and what it must find: printed as one line of JSON.
PROBE = """
import ctypes, json, os, socket

def fails(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print("PROBE" + json.dumps({
    "no network": fails(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    "no sight of other processes": len([p for p in os.listdir("/proc") if p.isdigit()]) == 2,
    "no writing outside its own folder": fails(lambda: open("/usr/lib/probe", "w")),
    "no reading of the grader": fails(lambda: open(FOLDER)),
    "no capabilities": int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0,
    "no new privileges": status["NoNewPrivs"].strip() == "1",
    "a filter on system calls": status["Seccomp"].strip() == "2",
    "no namespaces of its own": ctypes.CDLL(None).unshare(0x10000000) == -1,
    "not root": os.getuid() != 0,
}))
"""


def _try_sandbox() -> Iterator[Finding]:
    """Start a box, try from within what must not work, and say what held."""
    hidden = str(Path(__file__).parent / "judge.py")
    try:
        server = BoxServer(preload=())
    except SandboxError as error:
        said = f"cannot start: {error}. `run` refuses to grade here without --no-sandbox"
        yield Finding("wrong", "sandbox", said)
        return
    try:
        box = server.start({}, Limits())
        probe = PROBE.replace("FOLDER", repr(hidden))
        box.ask({"do": "cell", "source": probe}, {}, 30.0)
        held = json.loads(box.output.partition("PROBE")[2])
        box.end()
    except (RunnerLostError, TimeLimitError, ValueError) as error:
        yield Finding("wrong", "sandbox", f"a box starts, but its probe failed: {error}")
        return
    finally:
        server.end()
    for what, holds in held.items():
        said = what if holds else f"does not hold: {what}"
        yield Finding("ok" if holds else "wrong", "sandbox", said)


def check_course(course: Course) -> Iterator[Finding]:
    """Say whether checks, notebooks and references fit together."""
    mode = (course.root / ".secret").stat().st_mode & 0o077 if course.secret() else 0
    if mode:
        yield Finding("wrong", ".secret", "others can read it: chmod 600 .secret")
    with gradebook.kept_open(course.database) as book:
        for said in Ledger(course, Limits(), True).differences(book):
            yield Finding("wrong", "gradebook", f"does not have the points of the last run: {said}")
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
