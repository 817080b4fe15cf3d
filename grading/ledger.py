"""What was graded, and from what: a file for each submission, so that a run can go on.

A run that was killed continues where it stopped: a submission's entry is written last, after its
points and pages, and in one step. A second run grades only what changed, since an entry has the
digest of all that decided it: the submission, the released notebook, checks, references, settings
and versions. The lists of a course are made of the entries.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as onp

from grading import feedback, gradebook, release
from grading.batch import Outcome
from grading.course import Course
from grading.files import Submission
from grading.sandbox import Limits

FOLDER = "outcomes"
FORMAT = 2  # of entries; those of another one are read as if they were not there
QUEUED = ("student", "assignment", "notebook", "problem", "detail")


class Ledger:
    """The entries of a course.

    Parameters
    ----------
    course : Course
    limits : Limits
    sandboxed : bool
    """

    def __init__(self, course: Course, limits: Limits, sandboxed: bool) -> None:
        self.course = course
        self.settings = {
            "limits": asdict(limits),
            "sandboxed": sandboxed,
            "environment": course.environment(),
            "minpy": _version("minpy-edu"),
            "numpy": onp.__version__,
            "python": platform.python_version(),
        }
        self._of_assignments: dict[str, str] = {}

    def digest(self, submission: Submission) -> str:
        """Return the digest of all that decides what a submission gets."""
        return _digest(submission.digest(), self._of_assignment(submission.assignment))

    def _of_assignment(self, assignment: str) -> str:
        if assignment not in self._of_assignments:
            files = [
                *release.sources(assignment, self.course.solutions).values(),
                *sorted((self.course.root / "release" / assignment).rglob("*")),
            ]
            contents = [
                f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}"
                for path in files
                if path.is_file() and "__pycache__" not in path.parts
            ]
            self._of_assignments[assignment] = _digest(json.dumps(self.settings), *contents)
        return self._of_assignments[assignment]

    def state(self, submission: Submission) -> str:
        """Say "new", "changed", "failed" (a person has to look at it), or "graded"."""
        entry = _read(self._path(submission))
        if entry is None:
            return "new"
        if entry["digest"] != self.digest(submission):
            return "changed"
        return "failed" if any(row["problem"] for row in entry["notebooks"]) else "graded"

    def write(self, outcome: Outcome, digest: str) -> None:
        """Write the entry of a submission, in one step."""
        path = self._path(outcome.submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = list(_rows(outcome))
        entry = {"format": FORMAT, "digest": digest, "notebooks": rows}
        write_whole(path, json.dumps(entry, indent=1) + "\n")

    def write_lists(self) -> None:
        """Renew what is about the whole class: ``results.json``, the queue, the index of pages."""
        rows = self.rows()
        write_whole(self.course.root / "results.json", json.dumps(rows, indent=1) + "\n")
        feedback.write_index(
            [{**row, "flags": flags(row)} for row in rows], self.course.root / "feedback"
        )
        path = self.course.root / "queue.csv"
        with path.with_suffix(".part").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, QUEUED, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(
                {**row, "problem": row["problem"] or flags(row)}
                for row in rows
                if row["problem"] or flags(row)
            )
        os.replace(path.with_suffix(".part"), path)

    def rows(self) -> list[dict[str, Any]]:
        """Return what is known of all notebooks, in order."""
        entries = (_read(path) for path in sorted((self.course.root / FOLDER).glob("*/*.json")))
        rows = [row for entry in entries if entry is not None for row in entry["notebooks"]]
        return sorted(rows, key=lambda row: (row["student"], row["assignment"], row["notebook"]))

    def differences(self, book: Any) -> list[str]:
        """Say where the gradebook has other points than runs wrote there.

        Parameters
        ----------
        book : nbgrader.api.Gradebook
        """
        said = []
        found: dict[str, dict[tuple[str, str, str], float]] = {}
        for row in self.rows():
            name = row["assignment"]
            if name not in found:
                found[name] = gradebook.automatic_points(book, name)
            for verdict in row["verdicts"]:
                cell = (row["student"], row["notebook"], verdict["cell"])
                has = found[name].get(cell)
                if has != verdict["points"]:
                    where = f"{row['student']}, {name}/{row['notebook']}, {verdict['cell']}"
                    shown = "nothing" if has is None else f"{has:g}"
                    said.append(f"{where}: {shown} instead of {verdict['points']:g}")
        return said

    def _path(self, submission: Submission) -> Path:
        return self.course.root / FOLDER / submission.student / f"{submission.assignment}.json"


def flags(row: Mapping[str, Any]) -> str:
    """Return what a person may want to look at in a notebook, though it cost no points.

    Parameters
    ----------
    row : mapping
        Of ``results.json``.
    """
    return "; ".join(
        f"{verdict['question']} {verdict['flag']}" for verdict in row["verdicts"] if verdict["flag"]
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole, or as it was before."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return entry if entry.get("format") == FORMAT else None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a clone that was not installed
        return ""


def _digest(*parts: str) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(f"{len(part)}\0{part}".encode(errors="surrogateescape"))
    return made.hexdigest()


def _rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for graded in outcome.notebooks:
        yield {
            "student": outcome.submission.student,
            "assignment": outcome.submission.assignment,
            "notebook": graded.notebook,
            "points": graded.points,
            "out_of": graded.out_of,
            "problem": graded.problem,
            "detail": graded.detail,
            "seconds": round(outcome.seconds, 3),
            "repairs": graded.repairs,
            "verdicts": [
                {
                    "question": verdict.name,
                    "cell": verdict.grade_id,
                    "points": verdict.points,
                    "out_of": verdict.out_of,
                    "status": verdict.status,
                    "why": verdict.why,
                    "after": verdict.after,
                    "flag": verdict.flag,
                }
                for verdict in graded.verdicts
            ],
        }
