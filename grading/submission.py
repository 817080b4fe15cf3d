"""All steps for one submission up to what is written down: read it, repair it, run it, judge it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grading import canonical
from grading.cells import defined_names, grade_id, has_points, is_check, is_solution
from grading.course import Course
from grading.files import Submission
from grading.judge import Verdict, judge, seed
from grading.sandbox import LimitedProcess, Limits, Sandbox
from grading.session import Session
from grading.spec import HiddenCheck
from minpy.checking import Card
from minpy.checking.texts import cleaned

DIFFERENTIATE = ("torch", "jax", "tensorflow", "mxnet", "autograd", "theano", "tinygrad")
FORBID = frozenset(("gradients", "imports"))  # a check that forbids these keeps libraries out
Starter = Callable[[Mapping[str, bytes], Limits], Sandbox]
SKIPPED = "training"  # the tag of cells that do not run when graded


@dataclass
class Graded:
    """What came of one notebook of a submission.

    Attributes
    ----------
    notebook : str
    verdicts : list of Verdict
    manual : list of str
        The `grade_id` of cells that a person grades.
    unanswered : list of str
        Those of solution cells that are as they were released.
    repairs : list of str
    problem : str
        Why a person has to look at it; little else is filled in then.
    detail : str
        More of that for the instructor alone, such as a traceback.
    ipynb : str
        The canonical notebook, with cards in its check cells.
    errors : dict of str to str
        What cells raised, by their id.
    output : str
        The beginning of what it printed.
    """

    notebook: str
    verdicts: list[Verdict] = field(default_factory=list)
    manual: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    problem: str = ""
    detail: str = ""
    ipynb: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Graded:
        """Return what `as_dict` was made of."""
        verdicts = [Verdict(**verdict) for verdict in found["verdicts"]]
        return cls(**{**found, "verdicts": verdicts})

    @property
    def points(self) -> float:
        """What the checked cells earned."""
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def out_of(self) -> float:
        """What the checked cells are worth."""
        return sum(verdict.out_of for verdict in self.verdicts)


def grade(
    course: Course, submission: Submission, limits: Limits, start: Starter = LimitedProcess
) -> list[Graded]:
    """Grade each notebook of a submission; never raises because of what was handed in.

    Parameters
    ----------
    course : Course
    submission : Submission
    limits : Limits
    start : callable
        Starts a sandbox: see `grading.session.Session`.

    Returns
    -------
    list of Graded
    """
    names = course.notebooks(submission.assignment)
    beside = course.beside(submission.assignment)
    files = {**submission.files(), **beside}  # ours win
    return [
        _grade_notebook(course, submission, name, names, files, limits, start) for name in names
    ]


def _grade_notebook(
    course: Course,
    submission: Submission,
    name: str,
    names: Sequence[str],
    files: Mapping[str, bytes],
    limits: Limits,
    start: Starter,
) -> Graded:
    release = course.released(submission.assignment, name)
    path, odd = submission.find(name, names, lambda path: _is_untouched(path, release))
    if path is None:
        return Graded(name, problem=cleaned(odd))
    try:
        with path.open("rb") as file:
            content = file.read(canonical.MOST_BYTES + 1)
        made = canonical.canonicalise(release, canonical.read(content))
    except canonical.Unreadable as reason:
        return Graded(name, problem=cleaned(str(reason)))
    repairs = [cleaned(said) for said in (odd, *made.repairs) if said]
    cells = made.notebook.cells
    run = _to_run(cells)
    hidden = course.hidden(submission.assignment, name)
    blocked = DIFFERENTIATE if any(FORBID.intersection(h.check.forbids) for h in hidden) else ()
    with Session([cell.source for cell in run], files, limits, blocked, start) as session:
        verdicts = [
            _verdict(course, submission, one, session, run)
            for one in hidden
            if any(grade_id(cell) == one.check.grade_id for cell in cells)
        ]
        errors = {run[place].id: said for place, said in session.errors.items()}
    _follow(hidden, verdicts, run)
    judged_ids = {verdict.grade_id for verdict in verdicts}
    for verdict in verdicts:
        _show(cells, verdict)
    return Graded(
        name,
        verdicts,
        manual=[grade_id(c) for c in cells if has_points(c) and grade_id(c) not in judged_ids],
        unanswered=[grade_id(c) for c in cells if is_solution(c) and grade_id(c) in made.unchanged],
        repairs=repairs,
        ipynb=nbformat.writes(made.notebook),
        errors=errors,
        output=session.output,
    )


def _is_untouched(path: Path, release: NotebookNode) -> bool:
    """Whether nothing was written into a notebook; what cannot be read was not."""
    try:
        with path.open("rb") as file:
            found = canonical.read(file.read(canonical.MOST_BYTES + 1))
    except canonical.Unreadable:
        return True
    return {cell.source.strip() for cell in found} <= {c.source.strip() for c in release.cells}


def _verdict(
    course: Course,
    submission: Submission,
    hidden: HiddenCheck,
    session: Session,
    run: Sequence[NotebookNode],
) -> Verdict:
    assignment = submission.assignment
    entropy = seed(
        course.secret(),
        submission.student,
        assignment,
        hidden.check.name,
        submission.digest(),
    )
    called = _called(hidden)

    def errors() -> list[str]:
        """Give what the cells raised that define the functions, once they have run."""
        return [
            said
            for place, said in session.errors.items()
            if defined_names(run[place].source) & called
        ]

    return judge(session, hidden, entropy, errors)


def _follow(
    hidden: Sequence[HiddenCheck], verdicts: Sequence[Verdict], run: Sequence[NotebookNode]
) -> None:
    """Note which wrong answers call the functions of other wrong answers: those come first."""
    called = {one.check.grade_id: _called(one) for one in hidden}
    wrong = [verdict for verdict in verdicts if verdict.status not in ("right", "not written")]
    for verdict in wrong:
        cells = [
            cell.source for cell in run if defined_names(cell.source) & called[verdict.grade_id]
        ]
        for other in wrong:
            names = called[other.grade_id] - called[verdict.grade_id]
            if any(re.search(rf"\b{name}\(", source) for name in names for source in cells):
                verdict.after.append(other.name)
        if verdict.after:
            said = f"It calls {', '.join(verdict.after)}, which is not right: begin with that."
            verdict.card["notes"] = [said, *verdict.card["notes"]]


def _called(hidden: HiddenCheck) -> set[str]:
    """Return the names of the functions that a check calls."""
    return set(re.findall(r"(\w+)\(", f"{hidden.check.forward}\n{hidden.check.backward}"))


def _to_run(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the cells that run when graded: up to the last one that the student wrote."""
    run = [cell for cell in cells if _runs(cell)]
    while run and not (is_solution(run[-1]) or run[-1].id.startswith(canonical.ADDED)):
        run.pop()
    return run


def _runs(cell: NotebookNode) -> bool:
    """Whether a cell runs when graded: code that is no check, and does not train."""
    skipped = SKIPPED in cell.metadata.get("tags", ())
    return cell.cell_type == "code" and not skipped and not is_check(cell)


def _show(cells: Sequence[NotebookNode], verdict: Verdict) -> None:
    """Put a card where the check cell's output stands, and the points where nbgrader reads them."""
    card = Card.from_dict(verdict.card)
    for cell in cells:
        if grade_id(cell) == verdict.grade_id:
            bundle = {"text/plain": str(card), "text/html": card._repr_html_()}
            value = {"text/plain": f"{verdict.points:g}"}
            cell.outputs = [
                nbformat.v4.new_output("display_data", data=bundle),
                nbformat.v4.new_output("execute_result", data=value, execution_count=None),
            ]
