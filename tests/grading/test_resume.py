"""A run that is killed goes on where it stopped, and a second run grades only what changed."""

import errno
import json
import os
import random
import shutil
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


def test_the_gradebook_is_compared_with_what_runs_wrote(course, hand_in):
    hand_in("ada")
    hand_in("bob", affine_backward=WRONG)
    graded(course)
    ledger = Ledger(course, LIMITS, True)
    with gradebook.kept_open(course.database) as book:
        assert ledger.differences(book) == []
    change = "UPDATE grade SET auto_score = 180 WHERE auto_score = 0"
    with sqlite3.connect(course.root / "gradebook.db") as raw:
        assert raw.execute(change).rowcount == 1
    raw.close()
    with gradebook.kept_open(course.database) as book:
        said = ledger.differences(book)
    assert said == ["bob, tiny/affine, check_affine_backward: 180 instead of 0"]
    list(pipeline.run(course, students=["bob"]))
    with gradebook.kept_open(course.database) as book:
        assert ledger.differences(book) == []


def test_a_deleted_student_leaves_the_lists(course, hand_in):
    """As `grading/README.md` tells how to delete one."""
    hand_in("ada")
    hand_in("bob", affine_backward=WRONG)
    graded(course)
    for name in ("submitted", "autograded", "feedback", "outcomes"):
        shutil.rmtree(course.root / name / "bob")
    assert graded(course) == []
    kept = [path for path in course.root.rglob("*") if path.is_file() and path.suffix != ".db"]
    assert not [path for path in kept if b"bob" in path.read_bytes()]


def test_what_is_flagged_is_listed_for_a_person(course, hand_in, monkeypatch):
    hand_in("ada")
    flag = "agrees to 1e-06 only; finite differences do, too"
    write = pipeline._write

    def flagged(course, book, outcome):
        outcome.notebooks[0].verdicts[1].flag = flag
        return write(course, book, outcome)

    monkeypatch.setattr(pipeline, "_write", flagged)
    (outcome,) = pipeline.run(course)
    assert (outcome.problem, outcome.notebooks[0].points) == ("", 5)
    assert results(course)[0]["verdicts"][1]["flag"] == flag
    for name in ("queue.csv", "feedback/index.html"):
        assert f"affine_backward {flag}" in (course.root / name).read_text()


def test_a_locked_gradebook_stops_the_run_and_another_goes_on(course, hand_in, monkeypatch):
    class_of(hand_in, 3)
    monkeypatch.setattr(gradebook, "LOCK_SECONDS", 0.1)
    run = pipeline.run(course, only=("new", "changed"))
    first = next(run).submission.student
    lock = sqlite3.connect(course.root / "gradebook.db")
    lock.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CourseError, match="cannot write: database is locked"):
        list(run)
    lock.close()
    assert [row["student"] for row in results(course)] == [first]  # the lists were written
    assert graded(course) == [f"student-{number}" for number in (1, 2)]
    assert [row["points"] for row in results(course)] == [5, 2, 5]


def test_a_full_disk_stops_the_run_and_another_goes_on(course, hand_in, monkeypatch):
    class_of(hand_in, 3)
    write = Path.write_text

    def full(path, *arguments, **more):
        if path.name == "affine.html" and "student-1" in path.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(CourseError, match="No space left on device"):
            list(pipeline.run(course))
    assert [row["student"] for row in results(course)] == ["student-0"]
    assert graded(course) == ["student-1", "student-2"]
    assert [row["points"] for row in results(course)] == [5, 2, 5]


def start_run(course):
    """Start the command on a course, with a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "run", str(course.root), "--jobs", "2"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_ends_a_run_with_one_line_and_the_lists(course, hand_in):
    hand_in("student-0")
    for number in range(1, 4):  # these are running, or ahead, when the run is stopped
        hand_in(f"student-{number}", affine_forward="import time\ntime.sleep(45)")
    process = start_run(course)
    assert process.stdout.readline() == "graded 1 of 4\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    said, errors = process.communicate(timeout=300)
    assert (said, errors) == ("Stopped after 1 of 4; run it again to go on.\n", "")
    assert process.returncode == 130
    assert [row["student"] for row in results(course)] == ["student-0"]
    class_of(hand_in, 4)
    assert graded(course) == ["student-1", "student-2", "student-3"]


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
