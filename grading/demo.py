"""A small class of which each member made one mistake, to see what a grader says to it.

Nobody in it is made up but by what they did: each is the released notebook with the solutions put
in, and one thing changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
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

ASSIGNMENT, NOTEBOOK = "a1-linear", "two_layer"
TRAINED = "two_layer.npz"
SETTINGS = {"MINPY_SIZE": "tiny", "MINPY_COURSE_DATA": "digits"}  # no network, and seconds
LONG = Limits(cell=120.0)  # for training the network that they all hand in


@dataclass(frozen=True)
class Member:
    """Somebody in the class.

    Attributes
    ----------
    name : str
        What they did, in a word or two.
    cell : str
        The `grade_id` of the cell that they wrote otherwise.
    old, new : str
        A part of the solution, and what stands in its place.
    written : int, optional
        How many solution cells they wrote before they gave up.
    damage : callable, optional
        What happened to the text of the file on the way.
    """

    name: str
    cell: str = ""
    old: str = ""
    new: str = ""
    written: int | None = None
    damage: Callable[[str], str] = field(default=lambda text: text)


BY_ENGINE = """
    import minpy

    def total(x, w, b):
        return (affine_forward(x, w, b)[0] * dout).sum()

    dx, dw, db = (minpy.grad(total, place)(*cache) for place in range(3))
"""

BY_DIFFERENCES = """
    found = []
    for value in cache:
        gradient = np.zeros_like(value)
        for i in np.ndindex(value.shape):
            old = value[i]
            value[i] = old + 1e-5
            above = (affine_forward(*cache)[0] * dout).sum()
            value[i] = old - 1e-5
            gradient[i] = (above - (affine_forward(*cache)[0] * dout).sum()) / 2e-5
            value[i] = old
        found.append(gradient)
    dx, dw, db = found
"""

BACKWARD = """
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
"""

CLASS = (
    Member("reference"),
    Member("no 1-over-N", "softmax_loss", "    dscores /= len(scores)\n", ""),
    Member("wrong sign", "affine_backward", "dw = x.resh", "dw = -x.resh"),
    Member(
        "transposed",
        "affine_backward",
        "x.reshape(len(x), -1).T @ dout",
        "dout.T @ x.reshape(len(x), -1)",
    ),
    Member(
        "no regularisation",
        "two_layer_loss",
        '    grads["W1"] = grads["W1"] + reg * params["W1"]\n'
        '    grads["W2"] = grads["W2"] + reg * params["W2"]\n',
        "",
    ),
    Member("no bias gradient", "affine_backward", "dout.sum(axis=0)", "np.zeros(dout.shape[1])"),
    Member("unfinished", written=3),
    Member("broken file", damage=lambda text: text[: len(text) // 2]),
    Member("minpy.grad", "affine_backward", BACKWARD, BY_ENGINE),
    Member("finite differences", "affine_backward", BACKWARD, BY_DIFFERENCES),
)


def make(root: Path) -> Course:
    """Make a course in a new folder, with the class's notebooks handed in.

    Parameters
    ----------
    root : Path
        Must not be there yet, or be empty.

    Returns
    -------
    Course
    """
    if root.exists() and any(root.iterdir()):
        raise CourseError(f"{root} is not empty: name a new folder for the class")
    os.environ.update(SETTINGS)
    course = set_up(root, [release.ROOT / "solutions"], [ASSIGNMENT])
    solved = nbformat.read(course.root / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    network = _trained(course, solved)
    solutions = {grade_id(cell): cell.source for cell in solved.cells if grade_id(cell)}
    for member in CLASS:
        folder = course.root / "submitted" / member.name.replace(" ", "-") / ASSIGNMENT
        folder.mkdir(parents=True)
        text = nbformat.writes(written_by(member, course.released(ASSIGNMENT, NOTEBOOK), solutions))
        (folder / f"{NOTEBOOK}.ipynb").write_text(member.damage(text), encoding="utf-8")
        if member.written is None:
            (folder / TRAINED).write_bytes(network)
    return course


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
        if name == member.cell:
            if source.count(member.old.strip("\n")) != 1:
                raise CourseError(f"{member.name}: the solution of {name} has no {member.old!r}")
            source = source.replace(member.old.strip("\n"), member.new.strip("\n"))
        cell.source = source
    return released


def _trained(course: Course, solved: NotebookNode) -> bytes:
    """Run the solutions, training included, and return the file of the network they save."""
    adopt_orphans()
    with ExitStack() as stack:
        sandbox = LimitedProcess(course.beside(ASSIGNMENT), LONG)
        stack.callback(sandbox.end)
        for cell in solved.cells:
            if cell.cell_type == "code" and not is_check(cell):
                try:
                    done = sandbox.ask({"do": "cell", "source": cell.source}, {}, LONG.cell)
                except TimeLimitError as slow:
                    raise CourseError(f"the solutions do not run here: {slow}") from None
                if done["error"]:
                    raise CourseError(f"the solutions do not run here: {done['error']['text']}")
        return sandbox.file(TRAINED)
