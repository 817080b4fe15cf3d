"""A class in which most do harm, and whom they harm: nobody else, and no other question."""

import csv
import json
import os
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("nbgrader", reason="the gradebook is nbgrader's")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")

from grading import gradebook, pipeline
from grading.processes import descendants
from grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("boxes")

LIMITS = Limits(cell=5.0, call=2.0, grace=0.5, submission=60.0)


def backward(returned):
    return f"def affine_backward(dout, cache):\n    x, w, b = cache\n    return {returned}\n"


RIGHT = backward("dout @ w.T, x.T @ dout, dout.sum(axis=0)")
HONEST = {
    "right": (RIGHT, 3),
    "sign": (backward("dout @ w.T, -x.T @ dout, dout.sum(axis=0)"), 2),
    "unwritten": ("def affine_backward(dout, cache):\n    raise NotImplementedError", 0),
}

# What a hostile or unlucky cell does before the right answer to affine_backward; the points for it.
HOSTILE = {
    "exits": ("import os\nos._exit(0)", 0),
    "sys.exit": ("raise SystemExit(1)", 0),
    "exit": ("exit()", 3),
    "loops": ("while True:\n    x = 1", 0),
    "loops for good": (
        "while True:\n    try:\n        x = 1\n    except BaseException:\n        y = 1",
        0,
    ),
    "prints": ("import os\nfor _ in range(100):\n    os.write(1, b'x' * 10_000_000)", 3),
    "writes to stderr": (
        "import sys, warnings\nwarnings.warn('careful')\nprint(1, file=sys.stderr)",
        3,
    ),
    "forks": (
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        os.setsid()\n        time.sleep(600)",
        3,
    ),
    "forks too much": (
        "import os, time\nfor _ in range(90):\n    if os.fork() == 0:\n        time.sleep(600)\n"
        "time.sleep(600)",
        0,
    ),
    "takes memory": ("x = bytearray(32 * 2**30)", 0),
    "overflows the stack": ("import ctypes\nctypes.string_at(0)", 0),
    "closes all files": ("import os\nos.closerange(3, 100)", 0),
    "talks nonsense": (
        "import os, socket\n"
        "for n in range(3, 40):\n"
        "    try:\n"
        "        socket.socket(fileno=os.dup(n)).sendall(b'\\xff' * 100)\n"
        "    except OSError:\n"
        "        pass",
        0,
    ),
    "believes in metaclasses": (
        "import numpy as np\n"
        "np.allclose = lambda *a, **k: True\n"
        "np.array_equal = lambda *a, **k: True\n"
        "np.abs = lambda *a, **k: np.zeros(1)",
        3,
    ),
    "kills its parent": ("import os\nos.kill(os.getppid(), 9)", 3),
    "kills all it sees": (
        "import os, signal\nsignal.signal(15, signal.SIG_IGN)\n"
        "try:\n    os.kill(-1, 15)\nexcept OSError:\n    pass",
        3,
    ),
}


@pytest.fixture(scope="module")
def patch():
    """Patch for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def outcomes(tiny_course, tmp_path_factory, patch):
    """Grade all of them in one run; by student."""
    import shutil

    import nbformat

    from grading.course import Course

    root = tmp_path_factory.mktemp("class") / "course"
    shutil.copytree(tiny_course, root)
    solutions = nbformat.read(root / "source" / "tiny" / "affine.ipynb", as_version=4)

    def put(student, source):
        made = nbformat.from_dict(solutions)
        for cell in made.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "affine_backward":
                cell.source = source
        folder = root / "submitted" / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(made, folder / "affine.ipynb")

    for student, (source, _) in HONEST.items():
        put(student, source)
    for student, (before, _) in HOSTILE.items():
        put(student, f"{before}\n{RIGHT}")
    course = Course(root)
    folder = tmp_path_factory.mktemp("tmp")  # no other run makes folders there
    patch.setattr(tempfile, "tempdir", str(folder))
    processes, folders = descendants(), folders_of_slots()
    found = {one.submission.student: one for one in pipeline.run(course, limits=LIMITS, jobs=2)}
    return course, found, processes, folders


@pytest.fixture(scope="module")
def graded_course(outcomes):
    return outcomes[0]


def verdict(outcome, name="check_affine_backward"):
    (graded,) = outcome.notebooks
    assert not graded.problem
    (found,) = [one for one in graded.verdicts if one.grade_id == name]
    return found


EXPECTED = {student: points for student, (_, points) in {**HONEST, **HOSTILE}.items()}


@pytest.mark.parametrize("student", EXPECTED)
def test_points(outcomes, student):
    found = outcomes[1][student]
    assert verdict(found, "check_affine_forward").points == 2
    assert verdict(found).points == EXPECTED[student], verdict(found).why


def test_a_checker_that_dies_costs_nobody_else_anything(course, hand_in):
    """Without the sandbox a submission can kill its checker, and a person looks at it."""
    hand_in("ada", affine_backward=f"import os\nos.kill(os.getppid(), 9)\n{RIGHT}")
    hand_in("bob")
    ada, bob = pipeline.run(course, limits=LIMITS, sandboxed=False)
    assert "may have killed it" in ada.problem
    with (course.root / "queue.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "ada"
    assert ada.problem.endswith(row["problem"])
    assert gradebook.points(course.database, "tiny")["ada"] == {}
    assert verdict(bob).points == 3


def test_nobody_is_left_out_and_nothing_is_left_running(outcomes, graded_course):
    assert set(outcomes[1]) == set(EXPECTED)
    assert set(gradebook.points(graded_course.database, "tiny")) == set(EXPECTED)
    assert not left_running(outcomes[2])
    assert folders_of_slots() == outcomes[3]


def left_running(before):
    """What this process started beside what was there, multiprocessing's own helper left out."""
    found = descendants() - before
    return [
        pid for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def folders_of_slots():
    return {path for path in os.listdir(tempfile.gettempdir()) if path.startswith("minpy-slot-")}


def test_the_gradebook_says_what_was_found(graded_course):
    grades = gradebook.points(graded_course.database, "tiny")
    for student, (_, points) in HONEST.items():
        assert grades[student]["check_affine_backward"] == points
        assert grades[student]["check_affine_forward"] == 2
        assert "question" not in grades[student]  # a person's


def test_no_page_shows_what_is_hidden(graded_course):
    secret = graded_course.secret().decode()
    pages = [
        path
        for folder in ("feedback", "release", "autograded")
        for path in graded_course.root.glob(f"{folder}/**/*")
        if path.is_file()
    ]
    assert len(pages) > 3 * len(EXPECTED)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for hidden in (secret, "reference_affine", "checks_beside", "grading.spec", "HiddenCheck("):
            assert hidden not in text, page


def test_a_card_is_on_the_page_and_in_the_notebook(graded_course):
    page = graded_course.root / "feedback" / "sign" / "tiny" / "affine.html"
    text = page.read_text(encoding="utf-8")
    assert 'class="minpy-card minpy-card-wrong"' in text
    assert "-x.T @ dout" in text  # what was written
    assert "<script" not in text
    notebook = graded_course.root / "autograded" / "sign" / "tiny" / "affine.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert any("minpy-card" in str(cell.get("outputs")) for cell in cells)


def test_a_fault_of_ours_is_told_to_the_instructor_alone(course, hand_in):
    hand_in("anybody")
    broken = tmp_solutions(course, "affine_secret_reference = 1 / 0\n")
    with pytest.raises(ZeroDivisionError):  # before anything is graded
        list(pipeline.run(course))
    broken.write_text(broken.read_text().replace("affine_secret_reference = 1 / 0\n", ""))
    broken.write_text(
        broken.read_text().replace("return x @ w + b", "raise KeyError('our secret')")
    )
    (outcome,) = pipeline.run(course)
    assert "no fault of the submission" in outcome.problem
    page = course.root / "feedback" / "anybody" / "tiny" / "affine.html"
    assert "our secret" not in page.read_text(encoding="utf-8")
    assert "our secret" in (course.root / "queue.csv").read_text(encoding="utf-8")


def tmp_solutions(course, more):
    """Give the course its own copy of the solutions, with a line more; return the hidden file."""
    import shutil

    folder = course.root / "solutions"
    shutil.copytree(Path(__file__).parent / "tiny", folder)
    (course.root / "grading.json").write_text(json.dumps({"solutions": ["solutions"]}))
    hidden = folder / "tiny" / "hidden" / "affine.py"
    hidden.write_text(hidden.read_text() + more)
    return hidden
