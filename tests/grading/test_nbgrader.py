"""nbgrader's own commands and its formgrader work on a course that minpy-grade has graded."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader", reason="nbgrader is what is tested")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")

from grading import gradebook, pipeline  # noqa: E402
from grading.course import Course  # noqa: E402

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).parents[2]
WRONG = """\
def affine_backward(dout, cache):
    x, w, b = cache
    return dout @ w.T, -x.T @ dout, dout.sum(axis=0)
"""
UNWRITTEN = "def affine_backward(dout, cache):\n    raise NotImplementedError"
ANSWER = "Every output sees the bias."


@pytest.fixture(scope="module")
def once_graded(tiny_course, tmp_path_factory):
    """A course in which some handed in, and all were graded."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(tiny_course, root)
    course = Course(root)
    unanswered = course.released("tiny", "affine").cells[-1].source
    hand_in(course, "right", question=ANSWER)
    hand_in(course, "wrong", affine_backward=WRONG, question=ANSWER)
    hand_in(course, "silent", affine_backward=UNWRITTEN, question=unanswered)
    folder = root / "submitted" / "unreadable" / "tiny"
    folder.mkdir(parents=True)
    (folder / "affine.ipynb").write_text("{")
    for _ in pipeline.run(course):
        pass
    return root


@pytest.fixture
def graded(once_graded, tmp_path):
    """A copy of it, of the test's own."""
    shutil.copytree(once_graded, tmp_path / "course")
    return Course(tmp_path / "course")


def hand_in(course, student, **sources):
    """Hand in the solutions, with some cells replaced."""
    made = nbformat.read(course.root / "source" / "tiny" / "affine.ipynb", as_version=4)
    for cell in made.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(grade_id, cell.source)
    folder = course.root / "submitted" / student / "tiny"
    folder.mkdir(parents=True)
    nbformat.write(made, folder / "affine.ipynb")


def nbgrader_command(course, *arguments):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_nbgrader_and_we_agree(graded, tmp_path):
    """The public checks alone, run by nbgrader's autograde, see these mistakes too."""
    ours = gradebook.points(graded.database, "tiny")
    other = Course(tmp_path / "other")
    shutil.copytree(graded.root, other.root)
    (other.root / "gradebook.db").unlink()
    shutil.rmtree(other.root / "autograded")
    shutil.rmtree(other.root / "submitted" / "unreadable")
    assert nbgrader_command(other, "generate_assignment", "tiny", "--force").returncode == 0
    done = nbgrader_command(other, "autograde", "tiny")
    assert done.returncode == 0, done.stderr
    theirs = gradebook.points(other.database, "tiny")
    assert theirs == {student: ours[student] for student in ("right", "wrong", "silent")}
    assert theirs["right"] == {"check_affine_forward": 2.0, "check_affine_backward": 3.0}
    assert theirs["wrong"]["check_affine_backward"] == 2.0


def test_export(graded):
    done = nbgrader_command(graded, "export")
    assert done.returncode == 0, done.stderr
    with (graded.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        "right": 5.0,
        "wrong": 4.0,
        "silent": 2.0,
        "unreadable": 0.0,
    }
    assert {row["max_score"] for row in rows.values()} == {"6.0"}


def test_what_a_person_wrote_is_kept_and_a_second_run_changes_nothing(graded):
    with gradebook.opened(graded.database) as book:
        grade = book.find_grade("question", "affine", "tiny", "right")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        book.find_comment("question", "affine", "tiny", "right").manual_comment = "Half of it."
    before = rows_of(graded)
    lists = [graded.root / name for name in ("queue.csv", "results.json", "feedback/index.html")]

    def texts_of_lists():
        texts = [path.read_text(encoding="utf-8") for path in lists]
        return [re.sub(r'"seconds": [0-9.]+', "", text) for text in texts]  # each run's own

    texts = texts_of_lists()
    for _ in pipeline.run(graded, students=["right"]):
        pass
    assert rows_of(graded) == before
    assert texts_of_lists() == texts
    assert "unreadable" in texts[0]
    assert gradebook.points(graded.database, "tiny")["right"]["question"] == 0.5


def rows_of(course):
    """All grades and comments in a gradebook."""
    with gradebook.opened(course.database) as book:
        submissions = book.assignment_submissions("tiny")
        return sorted(
            (
                submission.student.id,
                row.name,
                str(getattr(row, "auto_score", None)),
                str(getattr(row, "manual_score", None)),
                str(getattr(row, "needs_manual_grade", None)),
                str(getattr(row, "comment", None)),
            )
            for submission in submissions
            for notebook in submission.notebooks
            for row in (*notebook.grades, *notebook.comments)
        )


def test_a_submission_is_written_whole_or_not_at_all(graded):
    before = rows_of(graded)
    found = {"points": {"check_affine_forward": 0.0}, "manual": [], "unanswered": []}
    # in the middle: comments are missing
    with gradebook.kept_open(graded.database) as book, pytest.raises(KeyError):
        gradebook.record(book, "right", "tiny", {"affine": found})
    assert rows_of(graded) == before


def test_an_unanswered_question_is_worth_nothing_and_waits_for_nobody(graded):
    points = gradebook.points(graded.database, "tiny")
    assert points["silent"]["question"] == 0.0
    assert "question" not in points["right"]


def test_the_formgrader_shows_what_was_graded(graded):
    pytest.importorskip("jupyter_server", reason="the formgrader is a page of a Jupyter server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/formgrader"
    log = graded.root / "server.log"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--no-browser",
                f"--port={port}",
                "--allow-root",
            ]
            + ["--IdentityProvider.token=token", "--ServerApp.port_retries=0"],
            cwd=graded.root,
            env={**os.environ, "PATH": path, "JUPYTER_PLATFORM_DIRS": "1"},
            stdout=output,
            stderr=output,
        )
    try:
        assert "formgrade" in until_it_answers(f"{address}/gradebook", server, log)
        rows = json.loads(get(f"{address}/api/submissions/tiny"))
        assert {row["student"]: row["score"] for row in rows}["wrong"] == 4.0
        rows = json.loads(get(f"{address}/api/submitted_notebooks/tiny/affine"))
        ids = {row["student"]: row["id"] for row in rows}
        assert "minpy-card" in get(f"{address}/submissions/{ids['wrong']}/")
    finally:
        server.terminate()
        server.wait(20)


def get(address):
    with urllib.request.urlopen(f"{address}?token=token", timeout=30) as answer:
        return answer.read().decode()


def until_it_answers(address, server, log):
    for _ in range(120):
        try:
            return get(address)
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, log.read_text()
            time.sleep(0.25)
    raise AssertionError(log.read_text())
