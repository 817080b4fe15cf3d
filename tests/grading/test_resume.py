"""A run that is killed goes on where it stopped, and a second run grades only what changed."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("nbgrader", reason="the gradebook is nbgrader's")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")

from grading import gradebook, pipeline
from grading.course import CourseError
from grading.ledger import Ledger
from grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("boxes")
LIMITS = Limits()
WRONG = "def affine_backward(dout, cache):\n    return cache"
RUN = "import sys; from grading.cli import app; sys.argv[0] = 'minpy-grade'; app()"


def graded(course, **more):
    return [one.submission.student for one in pipeline.run(course, only=("new", "changed"), **more)]


def test_only_what_changed_is_graded_again(course, hand_in):
    hand_in("ada")
    hand_in("bob", affine_backward=WRONG)
    assert graded(course) == ["ada", "bob"]
    assert graded(course) == []
    hand_in("bob")
    assert graded(course) == ["bob"]
    assert graded(course, limits=Limits(call=9.0)) == ["ada", "bob"]  # a setting
    settings = course.root / "grading.json"
    found = json.loads(settings.read_text())
    found["environment"]["MINPY_SIZE"] = "tiny"
    settings.write_text(json.dumps(found))
    assert graded(course, limits=Limits(call=9.0)) == ["ada", "bob"]
    assert [one["points"] for one in results(course)] == [5, 5]


def test_the_shell_decides_nothing(course, hand_in, monkeypatch):
    hand_in("ada")
    assert graded(course) == ["ada"]
    monkeypatch.setenv("MINPY_SIZE", "full")
    monkeypatch.setenv("MINPY_COURSE_DATA", "cifar10")
    assert graded(course) == []
    list(pipeline.run(course))
    assert os.environ["MINPY_SIZE"] == course.environment()["MINPY_SIZE"] != "full"


def test_results_hold_verdicts_and_reasons(course, hand_in):
    hand_in("bob", affine_backward=WRONG)
    list(pipeline.run(course))
    (row,) = results(course)
    verdict = row["verdicts"][1]
    assert verdict["question"] == "affine_backward"
    assert (verdict["points"], verdict["status"]) == (0, "wrong")
    assert verdict["why"]
    assert row["seconds"] > 0


def results(course):
    return json.loads((course.root / "results.json").read_text())


def test_two_runs_at_a_time_are_refused(course, hand_in):
    hand_in("ada")
    hand_in("bob")
    first = pipeline.run(course)
    next(first)
    with pytest.raises(CourseError, match="being graded already"):
        next(pipeline.run(course))
    assert len(list(first)) == 1


def state(course):
    """What a run must end in: points, results and pages; seconds left out."""
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in results(course)]
    pages = {
        str(path.relative_to(course.root)): path.read_bytes()
        for folder in ("feedback", "autograded")
        for path in sorted((course.root / folder).rglob("*"))
        if path.is_file()
    }
    queue = (course.root / "queue.csv").read_text()
    with sqlite3.connect(course.root / "gradebook.db") as book:
        rows_of_grades = book.execute("SELECT COUNT(*) FROM grade").fetchone()
    book.close()
    return gradebook.points(course.database, "tiny"), rows_of_grades, rows, queue, pages


def class_of(hand_in, count=6):
    for number in range(count):
        hand_in(f"student-{number}", **({"affine_backward": WRONG} if number % 2 else {}))


@pytest.fixture
def undisturbed(course, hand_in):
    """The state of a run that nothing disturbed, and how long it took."""
    class_of(hand_in)
    began = time.monotonic()
    assert len(graded(course)) == 6
    return state(course), time.monotonic() - began


def forget(course):
    """Make the course as it was before it was graded."""
    import shutil

    from grading.course import set_up

    (course.root / "gradebook.db").unlink()
    for name in ("outcomes", "feedback", "autograded"):
        shutil.rmtree(course.root / name)
    for name in ("results.json", "queue.csv"):
        (course.root / name).unlink()
    set_up(course.root, course.solutions)


@pytest.mark.family("kills")
@pytest.mark.parametrize("number", range(50))
def test_a_killed_run_goes_on(course, undisturbed, number, monkeypatch):
    expected, seconds = undisturbed
    forget(course)
    chance = random.Random(number)
    command = [sys.executable, "-c", RUN, "run", str(course.root), "--jobs", "2"]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(chance.uniform(0.3, 1.5) * seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ledger = Ledger(course, LIMITS, True)
    done = {one.student for one in course.submissions() if ledger.state(one) == "graded"}
    again = set(graded(course))
    assert not again & done  # nothing that was done is done again
    assert state(course) == expected
    left = Path(tempfile.gettempdir()).glob("minpy-slot-*")
    assert not [path for path in left if course.root.name in str(path)]
