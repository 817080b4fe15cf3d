"""a1-linear, two_layer: what it prints, how nbgrader takes it, and what its last cell promises.

What holds for every notebook is in `test_notebooks.py`.
"""

import re
import subprocess
import sys
from copy import deepcopy

import numpy as onp
import pytest

import minpy

pytestmark = pytest.mark.notebook


@pytest.fixture
def notebook(find):
    return find("a1-linear", "two_layer")


def test_it_learns_what_the_text_says(notebook, notebooks, executed):
    text = notebooks.text_of(executed(notebook))
    first, expected = re.search(r"first loss ([\d.]+); expected ([\d.]+)", text).groups()
    assert float(first) == pytest.approx(float(expected), abs=1e-3)
    assert float(expected) == pytest.approx(onp.log(10), abs=1e-3)
    at_first, at_last = map(float, re.search(r"loss ([\d.]+) at first, ([\d.]+)", text).groups())
    assert at_last < 0.1 < 2 < at_first
    assert "right on the 50 images: 100%" in text
    assert float(re.search(r"test accuracy ([\d.]+)%", text)[1]) > 75


def test_long_work_has_bars(notebook, executed):
    outputs = [output for cell in executed(notebook).cells for output in cell.get("outputs", [])]
    widget = "application/vnd.jupyter.widget-view+json"
    assert sum(widget in output.get("data", {}) for output in outputs) >= 3


# ------------------------------------------------------------------------------- under nbgrader


def splice(released, solved):
    """Return the released notebook with the solutions that a good student would write."""
    answers = {cell.id: cell.source for cell in solved.cells}
    done = deepcopy(released)
    for cell in done.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    return done


def nbgrader(course, environment, *arguments):
    """Run nbgrader's own command in a course folder, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_nbgrader_releases_grades_and_validates_it(notebook, notebooks, tmp_path):
    import nbformat
    from nbgrader.api import Gradebook

    from grading import release

    course = tmp_path / "course"
    release.prepare("a1-linear", course)
    release.configure(course)
    for path in (course / "source" / "a1-linear").glob("*.ipynb"):
        if path.stem != "two_layer":  # one notebook shows how nbgrader takes them
            path.unlink()
    nbgrader(course, notebooks.ENVIRONMENT, "generate_assignment", "a1-linear")
    made = course / "release" / "a1-linear" / "two_layer.ipynb"
    released = notebook.released
    assert nbformat.read(made, 4) == released

    for student, answer in (("ada", splice(released, notebook.source)), ("bob", released)):
        release.write(answer, course / "submitted" / student / "a1-linear" / "two_layer.ipynb")
    nbgrader(course, notebooks.ENVIRONMENT, "autograde", "a1-linear")

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        by_student = {
            student: {
                grade.cell.name: grade.auto_score
                for grade in gradebook.find_submission_notebook(
                    "two_layer", "a1-linear", student
                ).grades
            }
            for student in ("ada", "bob")
        }
    points = {f"check_{name}": hidden.check.points for name, hidden in notebook.hidden.items()}
    questions = {"question_first_loss", "question_search"}
    assert {name: by_student["ada"][name] for name in points} == points
    assert {by_student["bob"][name] for name in points} == {0}
    assert {by_student["ada"][name] for name in questions} == {None}  # a person reads them

    said = nbgrader(course, notebooks.ENVIRONMENT, "validate", str(made))
    assert "VALIDATION FAILED ON 10 CELL(S)" in said  # eight checks, and two questions unanswered


def test_the_engine_differentiates_a_student_s_forward_pass(notebook):
    """As the last cell of the notebook says: to the same numbers."""
    namespace, rng = notebook.functions(), onp.random.default_rng(0)
    shapes = {"W1": (6, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x, y = rng.normal(size=(4, 2, 3)), onp.array([0, 1, 2, 1])
    _, by_hand = namespace["two_layer_loss"](params, x, y, 0.1)
    by_engine = minpy.grad(lambda params: namespace["two_layer_loss"](params, x, y, 0.1)[0])(params)
    for name, grad in by_hand.items():
        onp.testing.assert_allclose(by_engine[name].asnumpy(), grad, rtol=1e-12, atol=1e-14)
