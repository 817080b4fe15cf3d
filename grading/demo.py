"""A demo class in which every student made one mistake, to see what the grader says to each.

Every submission is the released notebook with the solutions put in and one thing changed. Who does
what is said beside the solutions, in the files of variants (`grading.variants`): the class works on
each notebook whose file has a ``DEMO``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grading import release
from grading.cells import grade_id, is_check, is_solution
from grading.course import Course, CourseError, set_up
from grading.processes import adopt_orphans
from grading.sandbox import LimitedProcess, Limits, TimeLimitError
from grading.spec import HiddenTrained
from grading.variants import Mistake, VariantError, Variants, variants_of

SETTINGS = {"MINPY_SIZE": "tiny", "MINPY_COURSE_DATA": "digits"}  # no network, and seconds
LONG = Limits(cell=120.0)  # for training the network that they all hand in


@dataclass(frozen=True)
class Member:
    """A student of the class, in one notebook.

    Attributes
    ----------
    name : str
        What they did, in a word or two.
    question : str
        The `grade_id` of the cell with their mistake.
    mistake : Mistake, optional
    written : int, optional
        How many solution cells they wrote before they gave up.
    damage : callable, optional
        What happened to the text of the file on the way.
    """

    name: str
    question: str = ""
    mistake: Mistake | None = None
    written: int | None = None
    damage: Callable[[str], str] = field(default=lambda text: text)


# Those who are in every class.
REFERENCE = Member("reference")
UNFINISHED = Member("unfinished", written=3)
BROKEN = Member("broken file", damage=lambda text: text[: len(text) // 2])


def members(variants: Variants) -> list[Member]:
    """Return the students of one notebook's class."""
    mistaken = [Member(*made) for made in variants.demo_mistakes()]
    return [REFERENCE, *mistaken, UNFINISHED, BROKEN]


def make(root: Path, solutions: Sequence[Path] = (release.ROOT / "solutions",)) -> Course:
    """Make a course in a new folder, with the class's notebooks handed in.

    Parameters
    ----------
    root : Path
        Must not be there yet, or be empty.
    solutions : sequence of Path
        Folders of assignments.

    Returns
    -------
    Course

    Raises
    ------
    CourseError
        If the folder is not empty, or no notebook has a class.
    """
    if root.exists() and any(root.iterdir()):
        raise CourseError(f"{root} is not empty: name a new folder for the class")
    classes = classes_in(solutions)
    if not classes:
        folders = ", ".join(map(str, solutions))
        raise CourseError(f"no notebook in {folders} has a file of variants with a DEMO")
    os.environ.update(SETTINGS)
    course = set_up(root, list(solutions), sorted({assignment for assignment, _ in classes}))
    for assignment in course.assignments():
        for notebook in course.notebooks(assignment):
            if (assignment, notebook) not in classes:  # or it would be missed in every hand-in
                (course.root / "release" / assignment / f"{notebook}.ipynb").unlink()
    for (assignment, notebook), variants in classes.items():
        _hand_in(course, assignment, notebook, members(variants))
    return course


def classes_in(solutions: Sequence[Path]) -> dict[tuple[str, str], Variants]:
    """Return the variants of each notebook that has a class, by assignment and notebook."""
    found = {}
    for assignment in release.assignments_in(solutions):
        files = release.sources(assignment, solutions)
        for name in filter(release.is_notebook, files):
            notebook = Path(name).stem
            variants = files.get(f"variants/{name}")
            if variants and variants_of(variants.parent.parent, notebook).demo:
                found[assignment, notebook] = variants_of(variants.parent.parent, notebook)
    return found


def _hand_in(course: Course, assignment: str, notebook: str, members: Sequence[Member]) -> None:
    solved = nbformat.read(course.root / "source" / assignment / f"{notebook}.ipynb", as_version=4)
    solutions = {grade_id(cell): cell.source for cell in solved.cells if grade_id(cell)}
    networks = _trained(course, assignment, notebook, solved)
    for member in members:
        folder = course.root / "submitted" / member.name.replace(" ", "-") / assignment
        folder.mkdir(parents=True, exist_ok=True)
        released = course.released(assignment, notebook)
        text = nbformat.writes(written_by(member, released, solutions))
        (folder / f"{notebook}.ipynb").write_text(member.damage(text), encoding="utf-8")
        if member.written is None:
            for name, content in networks.items():
                (folder / name).write_bytes(content)


def written_by(
    member: Member, released: NotebookNode, solutions: Mapping[str, str]
) -> NotebookNode:
    """Return the released notebook as a member of the class filled it in.

    Parameters
    ----------
    member : Member
    released : NotebookNode
    solutions : mapping of str to str
        Sources of solution cells, by their `grade_id`.
    """
    count = 0
    for cell in released.cells:
        name = grade_id(cell)
        if not is_solution(cell):
            continue
        count += 1
        if member.written is not None and count > member.written:
            break
        lines = solutions[name].splitlines(keepends=True)
        source = "".join(line for line in lines if "### " not in line)
        if name == member.question and member.mistake is not None:
            try:
                source = member.mistake.applied_to(source)
            except VariantError as error:
                raise CourseError(f"{member.name}, {name}: {error}") from None
        cell.source = source
    return released


def _trained(
    course: Course, assignment: str, notebook: str, solved: NotebookNode
) -> dict[str, bytes]:
    """Run the solutions, training included, and return the files of the networks they save."""
    files = [
        hidden.check.file.path.name
        for hidden in course.hidden(assignment, notebook)
        if isinstance(hidden, HiddenTrained)
    ]
    if not files:
        return {}
    adopt_orphans()
    with ExitStack() as stack:
        sandbox = LimitedProcess(course.beside(assignment), LONG)
        stack.callback(sandbox.end)
        for cell in solved.cells:
            if cell.cell_type == "code" and not is_check(cell):
                try:
                    done = sandbox.ask({"do": "cell", "source": cell.source}, {}, LONG.cell)
                except TimeLimitError as slow:
                    raise CourseError(f"the solutions do not run here: {slow}") from None
                if done["error"]:
                    raise CourseError(f"the solutions do not run here: {done['error']['text']}")
        return {name: sandbox.file(name) for name in files}
