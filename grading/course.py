"""A course's folder, laid out as nbgrader does it, and where the hidden checks are.

```
COURSE/nbgrader_config.json     nbgrader's settings: its commands work in here
COURSE/grading.json             where the solutions and hidden checks are
COURSE/.secret                  what inputs are drawn from; students must never have it
COURSE/source/A/N.ipynb         with solutions
COURSE/release/A/N.ipynb        what students get
COURSE/submitted/S/A/N.ipynb    what comes back
COURSE/autograded/S/A/N.ipynb   what was graded, for the formgrader
COURSE/feedback/S/A/N.html      what students get to read
COURSE/gradebook.db             the points
COURSE/outcomes/S/A.json        what was graded, and from what: a run goes on from here
COURSE/results.json             the last outcome of each notebook
COURSE/queue.csv                those of them that a person has to look at
```
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grading import release
from grading.files import Submission
from grading.spec import HiddenCheck, load
from minpy.datasets.files import roots

# What decides grades is the course's; `set_up` stores the values of its day.
DECIDING = {"MINPY_SIZE": "default", "MINPY_COURSE_DATA": ""}
DATABASE = "sqlite:///{root}/gradebook.db"


class CourseError(Exception):
    """Something about a course's folder that has to be changed before one can go on."""


@dataclass(frozen=True)
class Course:
    """A course's folder.

    Attributes
    ----------
    root : Path
    """

    root: Path

    @property
    def settings(self) -> dict[str, Any]:
        """What `set_up` wrote into ``grading.json``, and an instructor may change."""
        path = self.root / "grading.json"
        if not path.exists():
            raise CourseError(
                f"{self.root} is no course: there is no grading.json in it. "
                f"Make one with: minpy-grade setup {self.root}"
            )
        return json.loads(path.read_text(encoding="utf-8"))

    @property
    def solutions(self) -> list[Path]:
        """The folders of solutions and hidden checks; later ones win."""
        return [(self.root / folder).resolve() for folder in self.settings["solutions"]]

    @property
    def database(self) -> str:
        """The URL of the gradebook, as SQLAlchemy writes it."""
        return self.settings.get("database", DATABASE).format(root=self.root.resolve())

    def environment(self) -> dict[str, str]:
        """Return the variables that decide grades, as the course has them: never the shell's."""
        return {**DECIDING, **self.settings.get("environment", {})}

    def apply_environment(self) -> None:
        """Set these variables for this process, where references and hidden checks run."""
        os.environ.update(self.environment())

    def student_environment(self) -> dict[str, str]:
        """Return the variables that submissions get: where public data is, and which is used."""
        return {
            "MINPY_COURSE_DATA": self.environment()["MINPY_COURSE_DATA"],
            "MINPY_DATA": os.pathsep.join(self.data_folders()),
        }

    def data_folders(self) -> list[str]:
        """Return the folders of public data, which submissions may read."""
        return [str(folder) for folder in roots() if folder.is_dir()]

    def secret(self) -> bytes:
        """Return the course's secret; make it the first time."""
        path = self.root / ".secret"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()

    def assignments(self) -> list[str]:
        """Return the names of the assignments that were released."""
        return sorted(path.name for path in (self.root / "release").glob("*") if path.is_dir())

    def notebooks(self, assignment: str) -> list[str]:
        """Return the names of an assignment's notebooks."""
        return sorted(path.stem for path in (self.root / "release" / assignment).glob("*.ipynb"))

    def released(self, assignment: str, notebook: str) -> NotebookNode:
        """Return a notebook as students get it."""
        path = self.root / "release" / assignment / f"{notebook}.ipynb"
        return nbformat.read(path, as_version=4)

    def beside(self, assignment: str) -> dict[str, bytes]:
        """Return what students get beside the notebooks: public checks, pictures."""
        folder = self.root / "release" / assignment
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".ipynb" and "__pycache__" not in path.parts
        }

    def hidden(self, assignment: str, notebook: str) -> list[HiddenCheck]:
        """Return the hidden checks of a notebook.

        Raises
        ------
        CourseError
            If a check promises another number of comparisons than there are.
        """
        files = release.sources(assignment, self.solutions)
        path = files.get(f"hidden/{notebook}.py")
        if path is None:
            return []
        found = load(path).hidden
        for hidden in found:
            if hidden.check.hidden_comparisons not in (0, hidden.comparisons):
                raise CourseError(
                    f"{path}: the check {hidden.check.name} says that "
                    f"{hidden.check.hidden_comparisons} more comparisons run, but there are "
                    f"{hidden.comparisons}: write hidden_comparisons={hidden.comparisons}"
                )
        return found

    def submissions(
        self, assignments: Sequence[str] = (), students: Sequence[str] = ()
    ) -> Iterator[Submission]:
        """Give what was handed in, by student and assignment."""
        known = self.assignments()
        for submission in self._handed_in():
            wanted = (not assignments or submission.assignment in assignments) and (
                not students or submission.student in students
            )
            if wanted and submission.assignment in known:
                yield submission

    def strays(self) -> list[Path]:
        """Return what was handed in for no assignment of this course, or is a link."""
        known = self.assignments()
        handed_in = list(self._handed_in())
        folders = {found.folder for found in handed_in}
        students = {folder.parent for folder in folders}
        submitted = self.root / "submitted"
        loose = {*submitted.glob("*"), *submitted.glob("*/*")} - folders - students
        other = {found.folder for found in handed_in if found.assignment not in known}
        return sorted(path for path in loose | other if not path.name.startswith("."))

    def _handed_in(self) -> Iterator[Submission]:
        _ = self.settings  # says so where this is no course
        for folder in sorted((self.root / "submitted").glob("*/*")):
            if folder.is_dir() and not (folder.is_symlink() or folder.parent.is_symlink()):
                yield Submission(folder.parent.name, folder.name, folder)


def set_up(root: Path, solutions: Sequence[Path], assignments: Sequence[str] = ()) -> Course:
    """Make a course's folder, or renew it: sources, releases, gradebook and secret.

    Parameters
    ----------
    root : Path
    solutions : sequence of Path
        Folders of solutions; later ones win.
    assignments : sequence of str
        All that are in there, by default.
    """
    from grading.gradebook import with_alembic

    root.mkdir(parents=True, exist_ok=True)
    folders = [path.resolve() for path in solutions]
    settings = root / "grading.json"
    if not settings.exists():
        made = {
            "solutions": [str(folder) for folder in folders],
            "environment": {name: os.environ.get(name, DECIDING[name]) for name in DECIDING},
        }
        text = json.dumps(made, indent=2)
        settings.write_text(text + "\n", encoding="utf-8")
    course = Course(root)
    course.secret()
    release.configure(root)
    for assignment in assignments or release.assignments_in(folders):
        release.prepare(assignment, root, folders)
        with with_alembic():
            _generate(course, assignment)
    for name in ("submitted", "autograded", "feedback"):
        (root / name).mkdir(exist_ok=True)
    return course


def _generate(course: Course, assignment: str) -> None:
    """Run nbgrader's generator, which also writes the assignment into the gradebook."""
    import logging

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    config = Config(release.configuration(course.root.resolve()))
    config.CourseDirectory.db_url = course.database
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.CRITICAL)
    result = api.generate_assignment(assignment, force=True, create=True)
    if not result["success"]:
        said = f"{result.get('log', '')}{result['error']}"
        raise CourseError(f"nbgrader does not accept {assignment}:\n{said}")
