"""A small class on the tiny assignment: who gets what and why, and whom a submission can harm."""

import csv
import json
import os
import time

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("nbgrader", reason="the gradebook is nbgrader's")
pytest.importorskip("nh3", reason="feedback is sanitised with nh3")

from grading import gradebook, pipeline
from grading.sandbox import Limits

LIMITS = Limits(cell=3.0, call=2.0, grace=0.5, submission=60.0)

FORWARD = "def affine_forward(x, w, b):\n    return x @ w + b, (x, w, b)\n"


def backward(body, before=""):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{before}\ndef affine_backward(dout, cache):\n    x, w, b = cache\n{lines}"


RIGHT = "return dout @ w.T, x.T @ dout, dout.sum(axis=0)"

# What was written for affine_backward; the points, the status, and words of the reason.
MISTAKES = {
    "right": (RIGHT, 3, "right", ""),
    "with einsum": (
        "import numpy as np\n"
        "return (np.einsum('nm,dm->nd', dout, w), np.einsum('nd,nm->dm', x, dout),\n"
        "        np.einsum('nm->m', dout))",
        3,
        "right",
        "",
    ),
    "with loops": (
        "import numpy as np\n"
        "dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)\n"
        "for n in range(len(x)):\n"
        "    for d in range(x.shape[1]):\n"
        "        for m in range(w.shape[1]):\n"
        "            dx[n, d] += dout[n, m] * w[d, m]\n"
        "            dw[d, m] += dout[n, m] * x[n, d]\n"
        "    db += dout[n]\n"
        "return dx, dw, db",
        3,
        "right",
        "",
    ),
    "in float32": (
        "import numpy as np\n"
        "x, w, dout = (a.astype(np.float32) for a in (x, w, dout))\n"
        "return dout @ w.T, x.T @ dout, dout.sum(axis=0)",
        3,
        "right",
        "",
    ),
    "lists": (
        "return [list(row) for row in dout @ w.T], (x.T @ dout).tolist(), tuple(dout.sum(axis=0))",
        3,
        "right",
        "",
    ),
    "missing mean": ("return dout @ w.T, x.T @ dout, dout.mean(axis=0)", 2, "partly right", "db"),
    "sign": ("return dout @ w.T, -x.T @ dout, dout.sum(axis=0)", 2, "partly right", "sign"),
    "transposed": (
        "return dout @ w.T, dout.T @ x, dout.sum(axis=0)",
        2,
        "partly right",
        "transpos",
    ),
    "no sum": ("return dout @ w.T, x.T @ dout, dout", 2, "partly right", "sum"),
    "one example only": (
        "return dout @ w.T, x.T @ dout, dout[0] if len(x) > 1 else dout.sum(axis=0)",
        2,
        "partly right",
        "db",
    ),
    "nothing returned": ("dout @ w.T", 0, "failed", "cannot unpack"),
    "no arrays": ("return 'dx', {}, None", 0, "wrong", "must be an array"),
    "changes its input": (
        "dout *= 2\nreturn dout @ w.T / 2, x.T @ dout / 2, dout.sum(axis=0) / 2",
        2,
        "partly right",
        "changed dout",
    ),
    "unwritten": ("raise NotImplementedError", 0, "not written", "affine_backward is not written"),
    "raises": ("return 1 / 0", 0, "failed", "ZeroDivisionError"),
    "engine": (
        "import minpy\n"
        "out = lambda x, w, b: (affine_forward(x, w, b)[0] * dout).sum()\n"
        "return tuple(minpy.grad(out, i)(x, w, b) for i in range(3))",
        0,
        "forbidden",
        "asks the engine",
    ),
    "engine, error caught": (
        "import minpy\n"
        "try:\n"
        "    minpy.grad(lambda x: x.sum())(x)\n"
        "except Exception:\n"
        "    pass\n"
        f"{RIGHT}",
        0,
        "forbidden",
        "asks the engine",
    ),
    "differences": (
        "return differences(lambda x, w, b: (affine_forward(x, w, b)[0] * dout).sum(), x, w, b)",
        0,
        "forbidden",
        "finite differences",
    ),
    # not counted: the forward pass is written again inside, under another name
    "hidden differences": (
        "return differences(lambda x, w, b: ((x @ w + b) * dout).sum(), x, w, b)",
        0,
        "failed",
        "took more than",
    ),
    "complex steps": (
        "return complex_steps(lambda x, w, b: ((x @ w + b) * dout).sum(), x, w, b)",
        0,
        "failed",
        "took more than",
    ),
}

DIFFERENCES = """
import numpy as np

def differences(f, *args):
    found = []
    for a in args:
        g = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            old = a[i]
            a[i] = old + 1e-6
            up = f(*args)
            a[i] = old - 1e-6
            g[i] = (up - f(*args)) / 2e-6
            a[i] = old
        found.append(g)
    return tuple(found)

def complex_steps(f, *args):
    args = [a.astype(complex) for a in args]
    found = []
    for a in args:
        g = np.zeros(a.shape)
        for i in np.ndindex(a.shape):
            old = a[i]
            a[i] = old + 1e-30j
            g[i] = f(*args).imag / 1e-30
            a[i] = old
        found.append(g)
    return tuple(found)
"""

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
    "prints": ("for _ in range(30):\n    print('x' * 10_000_000)", 3),
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
    "kills its checker": ("import os\nos.kill(os.getppid(), 9)", None),
}


@pytest.fixture(scope="module")
def outcomes(tiny_course, tmp_path_factory):
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

    for student, (body, *_) in MISTAKES.items():
        put(student, backward(body, DIFFERENCES))
    for student, (before, _) in HOSTILE.items():
        put(student, f"{before}\n{backward(RIGHT)}")
    course = Course(root)
    start = time.monotonic()
    found = {one.submission.student: one for one in pipeline.run(course, limits=LIMITS, jobs=2)}
    found[None] = course, time.monotonic() - start
    return found


def verdict(outcome, name="check_affine_backward"):
    (graded,) = outcome.notebooks
    assert not graded.problem
    (found,) = [one for one in graded.verdicts if one.grade_id == name]
    return found


@pytest.mark.parametrize("student", MISTAKES)
def test_points_and_reasons(outcomes, student):
    _, points, status, why = MISTAKES[student]
    found = verdict(outcomes[student])
    assert (found.points, found.status) == (points, status), found.why
    assert why in found.why
    assert verdict(outcomes[student], "check_affine_forward").points == 2


@pytest.mark.parametrize(
    "student", [name for name, (_, points) in HOSTILE.items() if points is not None]
)
def test_what_a_cell_does_costs_no_other_question(outcomes, student):
    assert verdict(outcomes[student], "check_affine_forward").points == 2
    assert verdict(outcomes[student]).points == HOSTILE[student][1], verdict(outcomes[student]).why


def test_a_submission_that_kills_its_checker_goes_to_a_person(outcomes):
    if os.getuid() != 0 and not outcomes["kills its checker"].problem:
        pytest.skip("it may not kill here")
    course, _ = outcomes[None]
    assert "may have killed it" in outcomes["kills its checker"].problem
    with (course.root / "queue.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "kills its checker"
    grades = gradebook.points(course.database, "tiny")
    assert grades["kills its checker"] == {}


def test_nobody_is_left_out_and_nothing_is_left_running(outcomes):
    course, _ = outcomes[None]
    assert set(outcomes) - {None} == {*MISTAKES, *HOSTILE}
    assert set(gradebook.points(course.database, "tiny")) == {*MISTAKES, *HOSTILE}
    left = [path for path in os.listdir("/proc") if path.isdigit() and _is_of_runner(path)]
    assert left == []


def _is_of_runner(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return b"minpy-grade-" in file.read()
    except OSError:
        return False


def test_the_gradebook_says_what_was_found(outcomes):
    course, _ = outcomes[None]
    grades = gradebook.points(course.database, "tiny")
    for student, (_, points, *_) in MISTAKES.items():
        assert grades[student]["check_affine_backward"] == points
        assert grades[student]["check_affine_forward"] == 2
        assert "question" not in grades[student]  # a person's


def test_no_page_shows_what_is_hidden(outcomes):
    course, _ = outcomes[None]
    secret = course.secret().decode()
    pages = [*course.root.glob("feedback/**/*.html"), *course.root.glob("release/**/*")]
    pages += course.root.glob("autograded/**/*")
    assert len(pages) > 2 * len(MISTAKES)
    for page in pages:
        if page.is_file():
            text = page.read_text(encoding="utf-8")
            assert secret not in text
            assert "reference_affine" not in text
            assert "checks_beside" not in text
            assert "grading.spec" not in text


def test_a_card_is_on_the_page_and_in_the_notebook(outcomes):
    course, _ = outcomes[None]
    page = (course.root / "feedback" / "sign" / "tiny" / "affine.html").read_text("utf-8")
    assert 'class="minpy-card minpy-card-wrong"' in page
    assert "-x.T @ dout" in page  # what was written
    assert "<script" not in page
    notebook = json.loads(
        (course.root / "autograded" / "sign" / "tiny" / "affine.ipynb").read_text()
    )
    outputs = [cell["outputs"] for cell in notebook["cells"] if cell.get("outputs")]
    assert any("minpy-card" in str(output) for output in outputs)
