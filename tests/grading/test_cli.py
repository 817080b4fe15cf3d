"""The command `minpy-grade`, as an instructor types it."""

import json
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("nbgrader", reason="the gradebook is nbgrader's")
testing = pytest.importorskip("typer.testing", reason="minpy-grade is written with Typer")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")

from grading import cli  # noqa: E402

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def minpy_grade(monkeypatch):
    """Run the command; return the status and what was printed, in one line."""
    monkeypatch.setattr(cli.console, "width", 300, raising=False)

    def run(*arguments):
        done = testing.CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, " ".join(done.output.split())

    return run


def own_solutions(course, change):
    """Give the course its own solutions, with a file changed."""
    import shutil

    shutil.copytree(TINY, course.root / "solutions")
    (course.root / "grading.json").write_text(json.dumps({"solutions": ["solutions"]}))
    file, old, new = change
    path = course.root / "solutions" / "tiny" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("command", ["", "setup", "run", "doctor", "demo"])
def test_help(minpy_grade, command):
    status, said = minpy_grade(*filter(None, [command]), "--help")
    assert status == 0
    assert "Usage" in said


def test_a_folder_that_is_no_course_is_said_to_be_none(minpy_grade, tmp_path):
    status, said = minpy_grade("run", tmp_path)
    assert status == 1
    assert "there is no grading.json in it" in said
    assert "minpy-grade setup" in said


def test_nothing_handed_in(minpy_grade, course):
    (course.root / "submitted" / "ada" / "tyni").mkdir(parents=True)
    status, said = minpy_grade("run", course.root)
    assert status == 1
    assert "Nothing was handed in" in said
    assert "ada/tyni is for no assignment of this course" in said


def test_the_doctor_finds_a_course_in_order(minpy_grade, course, boxes):
    status, said = minpy_grade("doctor", course.root)
    assert status == 0
    assert "2 checks; gradients of references are right" in said
    assert "ok sandbox no network" in said
    assert "does not hold" not in said


@pytest.mark.parametrize(
    "change, finding",
    [
        (("checks/affine.py", "points=2", "points=7"), "affine_forward has 7 points, its cell 2"),
        (
            ("checks/affine.py", "hidden_comparisons=15", "hidden_comparisons=3"),
            "says that 3 more comparisons run",
        ),
        (("checks/affine.py", '"affine_forward",', '"affine_ahead",'), "check_affine_ahead"),
        (("hidden/affine.py", "x @ w + b", "x.T @ w + b"), "the reference of affine_forward"),
        (
            ("hidden/affine.py", "return x @ w + b", "return (x @ w + b).detach()"),
            "the reference of affine_backward",
        ),
    ],
)
def test_the_doctor_finds_what_is_wrong(minpy_grade, course, change, finding):
    own_solutions(course, change)
    status, said = minpy_grade("doctor", course.root)
    assert status == 1
    assert finding in said


def test_the_doctor_sees_a_secret_that_others_can_read(minpy_grade, course):
    (course.root / ".secret").chmod(0o644)
    status, said = minpy_grade("doctor", course.root)
    assert status == 1
    assert "chmod 600" in said


def test_setup_again_keeps_the_secret_and_the_settings(minpy_grade, course):
    secret, settings = course.secret(), course.settings
    status, said = minpy_grade("setup", course.root, "--solutions", TINY)
    assert status == 0
    assert "tiny: affine" in said
    assert course.secret() == secret
    assert course.settings == settings
    assert (course.root / ".secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "names, found, odd",
    [
        (["affine.ipynb"], "affine.ipynb", ""),
        (["Affine (1).ipynb"], "Affine (1).ipynb", "the file is named Affine (1).ipynb"),
        (["homework.ipynb"], "homework.ipynb", "the file is named homework.ipynb"),
        (["affine.ipynb", "affine-Copy1.ipynb"], "affine.ipynb", ""),
        (["other.ipynb"], None, "there is no affine.ipynb; there is other.ipynb"),
        ([], None, "there is no affine.ipynb"),
    ],
)
def test_a_renamed_file_is_found(tmp_path, names, found, odd):
    from grading.files import Submission

    for name in names:
        (tmp_path / name).touch()
    path, said = Submission("ada", "tiny", tmp_path).find("affine", ["affine", "other"])
    assert (path and path.name) == found
    assert odd in said
    assert bool(said) == bool(odd)
