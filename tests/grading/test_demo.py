"""`make demo`: a class with a mistake each, who gets what, and why."""

import csv
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("nbgrader", reason="the gradebook is nbgrader's")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")
pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
pytest.importorskip("matplotlib", reason="the notebook draws")
typer_testing = pytest.importorskip("typer.testing", reason="minpy-grade is written with Typer")

from grading import demo, gradebook  # noqa: E402
from grading.cli import app  # noqa: E402
from grading.course import Course, CourseError  # noqa: E402

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("boxes")]

FULL = {
    "affine_forward": 2,
    "affine_backward": 4,
    "relu": 3,
    "softmax_loss": 4,
    "two_layer_loss": 5,
    "sgd_momentum": 2,
    "predict_scores": 1,
    "trained": 2,
}
NOTHING_AFTER_RELU = dict.fromkeys(
    ("softmax_loss", "two_layer_loss", "sgd_momentum", "predict_scores", "trained"), 0
)

# What differs from full points, and words of the diagnosis.
EXPECTED = {
    "reference": ({}, ()),
    "no-1-over-N": (
        {"softmax_loss": 2, "two_layer_loss": 1},
        ("dscores divided by N = 5 is right", "two_layer_loss (1 of 5): calls softmax_loss"),
    ),
    "wrong-sign": ({"affine_backward": 2.67, "two_layer_loss": 3}, ("-dw is right",)),
    "transposed": ({"affine_backward": 2.67, "two_layer_loss": 0}, ("dw.T is right",)),
    "no-regularisation": ({"two_layer_loss": 3}, ("plus 0.3 times W1 is right",)),
    "no-bias-gradient": (
        {"affine_backward": 2.67, "two_layer_loss": 3},
        ("db: All 5 entries are exactly 0",),
    ),
    "unfinished": (NOTHING_AFTER_RELU, ("not written: softmax_loss, two_layer_loss",)),
    "broken-file": (None, ("for a person", "not JSON")),
    "minpy.grad": (
        {"affine_backward": 0, "two_layer_loss": 0},
        ("affine_backward asks the engine for its gradient",),
    ),
    "finite-differences": (
        {"affine_backward": 0, "two_layer_loss": 0},
        ("affine_backward calls affine_forward", "finite differences"),
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Run the command as a newcomer does; give the course and what was printed."""
    root = tmp_path_factory.mktemp("demo") / "class"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        patch.setattr("grading.cli.console.width", 200, raising=False)
        for name in demo.SETTINGS:
            patch.setenv(name, "")  # put back afterwards: the demo sets them
        done = typer_testing.CliRunner().invoke(app, ["demo", str(root), "--jobs", "2"])
    assert done.exit_code == 0, done.output
    return Course(root), done.output


def row_of(output, student):
    """The lines of the table that are about one student, as one text."""
    rows = output.split("├")
    (row,) = [row for row in rows if f"│ {student} " in row]
    cells = [line.split("│")[4] for line in row.splitlines() if line.count("│") == 5]
    return " ".join(" ".join(cells).split())


@pytest.mark.parametrize("student", EXPECTED)
def test_who_got_what_and_why(graded, student):
    course, output = graded
    differs, words = EXPECTED[student]
    got = gradebook.points(course.database, "a1-linear")[student]
    if differs is None:
        assert got == {}
    else:
        expected = {f"check_{name}": points for name, points in {**FULL, **differs}.items()}
        assert {name: got[name] for name in got if name in expected} == expected
    why = row_of(output, student)
    for said in words:
        assert said in why
    if not words:
        assert why == ""


def test_everyone_is_there(graded):
    course, _ = graded
    (variants,) = demo.classes_in(course.solutions).values()
    assert {member.name.replace(" ", "-") for member in demo.members(variants)} == set(EXPECTED)
    assert set(gradebook.points(course.database, "a1-linear")) == set(EXPECTED)


def test_the_paths_lead_somewhere(graded):
    course, output = graded
    text = "".join(output.split())
    for name in ("feedback/index.html", "queue.csv", "gradebook.db"):
        path = course.root.resolve() / name
        assert path.exists()
        assert str(path) in text
    with (course.root / "queue.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "broken-file"
    index = (course.root / "feedback" / "index.html").read_text(encoding="utf-8")
    for student in EXPECTED:
        page = course.root / "feedback" / student / "a1-linear" / "two_layer.html"
        assert page.exists()
        assert f"{student}/a1-linear/two_layer.html" in index


def test_no_page_shows_a_reference(graded):
    course, _ = graded
    hidden = (demo.release.ROOT / "solutions" / "a1-linear" / "hidden" / "two_layer.py").read_text()
    lines = {line.strip() for line in hidden.splitlines() if len(line.strip()) > 25}
    assert len(lines) > 20
    pages = [*course.root.glob("feedback/**/*.html"), *course.root.glob("release/**/*.*")]
    assert len(pages) > 2 * len(EXPECTED)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not [line for line in lines if line in text], page
        assert course.secret().decode() not in text


def test_a_folder_that_is_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(CourseError, match="is not empty"):
        demo.make(tmp_path)


def test_a_changed_solution_is_noticed():
    member = demo.Member("typo", "cell", demo.Mistake("not in there", "x"))
    nbformat = pytest.importorskip("nbformat")
    cell = nbformat.v4.new_code_cell(
        "pass", metadata={"nbgrader": {"grade_id": "cell", "solution": True}}
    )
    released = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(CourseError, match="has no 'not in there'"):
        demo.written_by(member, released, {"cell": "pass\n"})


def test_another_assignment_has_a_class_of_its_own(tmp_path, monkeypatch):
    """The demo knows no notebook: it takes what lies beside the solutions."""
    from grading import pipeline

    tiny = Path(__file__).parent / "tiny"
    for name in demo.SETTINGS:
        monkeypatch.setenv(name, "")
    course = demo.make(tmp_path / "class", [tiny])
    got = {}
    for outcome in pipeline.run(course):
        for notebook in outcome.notebooks:
            got[outcome.submission.student] = notebook.points
    assert got == {"reference": 5, "no-sum": 4, "unfinished": 5, "broken-file": 0}
