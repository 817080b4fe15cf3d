"""Pages for students: a card for each question, and nothing that the grader knows beside it.

A page is made of verdicts alone, from which everything that is not to be revealed was taken out
before. Whatever came from a submission is escaped; the cards are cleaned by a sanitiser besides,
and the pages allow no script to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat

from grading.batch import Outcome
from grading.cells import grade_id, is_solution
from grading.submission import Graded
from minpy.checking import Card
from minpy.checking.card_html import SAFE, STYLE

TEMPLATES = Path(__file__).parent / "templates"


def write(outcome: Outcome, folder: Path) -> list[Path]:
    """Write the pages of a submission.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
        Of the course's feedback.

    Returns
    -------
    list of Path
        A page of each notebook, and their index.
    """
    submission = outcome.submission
    target = folder / submission.student / submission.assignment
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for graded in outcome.notebooks:
        page = target / f"{graded.notebook}.html"
        page.write_text(_notebook(submission.student, submission.assignment, graded), "utf-8")
        written.append(page)
    rows = [
        {
            "name": graded.notebook,
            "link": quote(f"{graded.notebook}.html"),
            "note": graded.problem or _waiting(graded),
            "points": "" if graded.problem else _points(graded.points, graded.out_of),
        }
        for graded in outcome.notebooks
    ]
    index = target / "index.html"
    heads = ("notebook", "", "points")
    text = _filled(
        "index.html",
        title=submission.assignment,
        subtitle=submission.student,
        heads=heads,
        rows=rows,
    )
    index.write_text(text, "utf-8")
    return [*written, index]


def write_index(results: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write the instructor's index of all pages, and return its path.

    Parameters
    ----------
    results : sequence of mapping
        Of each notebook: "student", "assignment", "notebook", "points", "out_of", "problem" and
        "flags".
    folder : Path
        Of the course's feedback.
    """
    rows = [
        {
            "name": f"{row['student']}: {row['notebook']}",
            "link": quote(f"{row['student']}/{row['assignment']}/{row['notebook']}.html"),
            "note": row["problem"] or row["flags"],
            "points": "" if row["problem"] else _points(row["points"], row["out_of"]),
        }
        for row in results
    ]
    heads = ("notebook", "for a person to look at", "points")
    page = folder / "index.html"
    text = _filled("index.html", title="Feedback", subtitle="", heads=heads, rows=rows)
    page.write_text(text, "utf-8")
    return page


def _notebook(student: str, assignment: str, graded: Graded) -> str:
    return _filled(
        "notebook.html",
        title=f"{graded.notebook}: {student}",
        student=student,
        assignment=assignment,
        graded=graded,
        cards={verdict.grade_id: _cleaned(verdict.card) for verdict in graded.verdicts},
        answers=_answers(graded),
    )


def _cleaned(card: dict[str, Any]) -> Any:
    """Return a card as HTML that may stand in a page: made by us, and sanitised all the same."""
    import nh3
    from markupsafe import Markup

    made = Card.from_dict(card).html()
    return Markup(nh3.clean(made, tags=set(SAFE), attributes=SAFE, link_rel=None))


def _answers(graded: Graded) -> dict[str, str]:
    """Return what the student wrote, by the `grade_id` of the cell."""
    if not graded.ipynb:
        return {}
    cells = nbformat.reads(graded.ipynb, as_version=4).cells
    return {grade_id(cell): cell.source for cell in cells if is_solution(cell)}


def _filled(template: str, **values: Any) -> str:
    from markupsafe import Markup

    return _templates().get_template(template).render(card_style=Markup(STYLE), **values)


@cache
def _templates() -> Any:
    """Return the environment of the templates, which are compiled once for all pages of a run."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    made.filters["number"] = lambda points: f"{points:g}"
    return made


def _waiting(graded: Graded) -> str:
    return f"{len(graded.manual)} to be graded by a person" if graded.manual else ""


def _points(points: float, out_of: float) -> str:
    return f"{points:g} of {out_of:g}"
