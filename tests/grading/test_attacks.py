"""What gets its points all the same, what is never told, and files that are not what they claim."""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import numpy as onp
import pytest

pytest.importorskip("IPython", reason="a runner is an IPython shell")
pytest.importorskip("nbformat", reason="notebooks are read with nbformat")

from grading import handed_in
from grading.judge import judge, seed
from grading.processes import adopt_orphans
from grading.sandbox import Limits
from grading.session import Session
from grading.spec import load

HIDDEN = {
    hidden.check.name: hidden
    for hidden in load(Path(__file__).parent / "tiny" / "tiny" / "hidden" / "affine.py").hidden
}["affine_backward"]
LIMITS = Limits(cell=10.0, call=5.0, grace=0.5, submission=60.0)

# What a check in the student's kernel does: run it, and believe what that says.
NAIVE = """
import numpy as np

def naive_check():
    rng = np.random.default_rng(0)
    x, w, b, dout = (rng.normal(size=s) for s in ((4, 3), (3, 5), (5,), (4, 5)))
    dx, dw, db = affine_backward(dout, affine_forward(x, w, b)[1])
    assert np.allclose(dx, dout @ w.T)
    assert np.allclose(dw, x.T @ dout)
    assert np.allclose(db, dout.sum(axis=0))

def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)
"""


HONEST = {
    "minpy.numpy": "import minpy.numpy as np\n"
    "return np.matmul(dout, w.T), np.dot(x.T, dout), np.sum(dout, axis=0)",
    "masked arrays": "return tuple(np.ma.array(a) for a in (dout @ w.T, x.T @ dout, dout.sum(0)))",
    "extended precision": "a = dout.astype(np.longdouble)\nreturn a @ w.T, x.T @ a, a.sum(0)",
    "order of memory": "return np.asfortranarray(dout @ w.T), (dout.T @ x).T, dout.sum(0)[::1]",
    "noise": "import warnings\nwarnings.warn('!')\nprint(dout)\n"
    "return dout @ w.T, x.T @ dout, dout.sum(0)",
    "helpers": "return helper(dout, w.T), helper(x.T, dout), helper(np.ones(len(x)), dout)",
    "threads": "from concurrent.futures import ThreadPoolExecutor as Pool\n"
    "with Pool(2) as pool:\n"
    "    return tuple(pool.map(lambda f: f(), (lambda: dout @ w.T, lambda: x.T @ dout,\n"
    "                                          lambda: dout.sum(axis=0))))",
}
BEFORE = """%matplotlib inline
%load_ext autoreload
%time 1 + 1
from IPython.display import display, HTML
display(HTML("<b>me</b>"))
sum = max = list = len
def helper(a, b):
    return a @ b
"""


@pytest.fixture(scope="module")
def honest():
    pytest.importorskip("matplotlib", reason="cells ask for its backend")
    adopt_orphans()
    with Session([NAIVE, BEFORE], {}, LIMITS) as session:
        yield session


@pytest.mark.parametrize("way", HONEST)
def test_right_answers_in_odd_forms(honest, way):
    body = HONEST[way].replace("\n", "\n    ")
    source = f"def affine_backward(dout, cache):\n    x, w, b = cache\n    {body}"
    honest.ask({"do": "cell", "source": source.replace("len(x)", "x.shape[0]")}, {}, 5.0)
    assert not honest.errors
    found = judge(honest, HIDDEN, seed(b"secret", "ada", "tiny", way))
    assert (found.points, found.status) == (3, "right"), found.why


def test_what_calls_print_or_raise_does_not_tell_their_inputs():
    leak = (
        "print('hello')\n"
        "def affine_backward(dout, cache):\n"
        "    print('secret', dout, flush=True)\n"
        "    raise ValueError(f'{dout.shape}: {dout!r} {dout[0, 0]:e}')\n"
    )
    with Session([NAIVE, leak], {}, LIMITS) as session:
        found = judge(session, HIDDEN, 1)
    assert session.output == "hello\n"
    said = json.dumps([found.card, found.comment, found.why])
    assert "(4, 5)" in said
    rng = onp.random.default_rng(1)
    drawn = HIDDEN.inputs(next(HIDDEN.all_cases(rng)), rng)["dout"]
    assert not any(f"{abs(x):.4f}"[:5] in said for x in drawn.ravel())


def test_many_cells_that_hang_leave_time_for_the_questions():
    limits = Limits(cell=10.0, call=2.0, grace=0.2, submission=16.0)
    right = "def affine_backward(dout, cache):\n    x, w, b = cache\n    return "
    right += "dout @ w.T, x.T @ dout, dout.sum(axis=0)"
    with Session([NAIVE, *["while True:\n    pass"] * 6, right], {}, limits) as session:
        found = judge(session, HIDDEN, 1)
    assert len(session.errors) == 6
    assert found.points == 3, found.why


# ------------------------------------------------------------------------------ what is handed in


def npz(**arrays):
    onp.savez(file := io.BytesIO(), **arrays)
    return file.getvalue()


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def claiming(shape):
    onp.lib.format.write_array_header_1_0(
        file := io.BytesIO(), {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return zipped("w.npy", file.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 not quite",
        npz(w=onp.array([{}], dtype=object)),
        zipped("w.npy", bytes(2**27)),  # a bomb
        zipped("w.npy", b"\x93NUMPY\x01\x00\xff\xff{"),
        zipped("w.npy", b"text"),
        claiming((2**40, 2**20)),
        claiming((-1,)),
        npz(w=onp.ones(4))[:-30],
    ],
)
def test_arrays_that_cannot_be_used(content):
    with pytest.raises(handed_in.UnfitError, match=r"net\.npz (cannot be read|unpacks to)"):
        handed_in.arrays(content, "net.npz")


def test_what_cannot_be_written_down_stops_nobody_else(course, hand_in, boxes):
    from grading import pipeline

    hand_in("ada")
    hand_in("bob")
    (course.root / "autograded" / "ada").write_text("a file where a folder is to be")
    ada, bob = pipeline.run(course, limits=LIMITS)
    assert ada.problem and "Error" in ada.notebooks[0].detail
    assert not bob.problem and bob.notebooks[0].points == 5


TWO_LAYER = {
    hidden.check.name: hidden
    for hidden in load(
        Path(__file__).parents[2] / "solutions" / "a1-linear" / "hidden" / "two_layer.py"
    ).hidden
}


def test_a_network_is_judged_by_its_parameters_and_no_function_of_the_student():
    trained = TWO_LAYER["trained"]
    rng = onp.random.default_rng(0)
    inputs = {"data": "digits", "x": rng.normal(size=(5, 1, 8, 8))}
    network = {"W1": rng.normal(size=(64, 3)), "b1": onp.ones(3), "W2": onp.ones((3, 10))}
    file = npz(**network, b2=onp.arange(10.0), data="digits", size="tiny")
    scores = trained.measured({"two_layer.npz": file}, inputs)["scores"]
    hidden = onp.maximum(inputs["x"].reshape(5, -1) @ network["W1"] + 1, 0)
    assert onp.allclose(scores, hidden @ onp.ones((3, 10)) + onp.arange(10.0))
    with pytest.raises(handed_in.MissingDataError):
        trained.measured({}, inputs)
    for wrong, why in [
        (npz(**network, data="digits"), "has no b2"),
        (npz(**network, b2=onp.ones(10), data="other"), "was trained on other"),
        (npz(**network, b2=onp.ones(7), data="digits"), "does not fit"),
    ]:
        with pytest.raises(handed_in.UnfitError, match=why):
            trained.measured({"two_layer.npz": wrong}, inputs)


@pytest.mark.parametrize("name", ["affine_backward", "relu", "softmax_loss", "two_layer_loss"])
def test_a_forward_pass_for_each_weight_takes_longer_than_a_call_may(name):
    hidden = TWO_LAYER[name]
    rng = onp.random.default_rng(0)
    *_, case = hidden.all_cases(rng)
    inputs = hidden.inputs(case, rng)
    weights = sum(inputs[of].size for of in hidden.check.gradients.values())
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        hidden._referred(inputs)
        taken.append(time.perf_counter() - start)
    assert weights * min(taken) > 2 * case.seconds


def test_files_that_are_no_files(course, hand_in):
    hand_in("ada")
    folder = course.root / "submitted" / "ada" / "tiny"
    (folder / "affine.ipynb").unlink()
    os.mkfifo(folder / "affine.ipynb")
    (folder / "net.npz").symlink_to(course.root / ".secret")
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    (folder / "affine (1).ipynb").mkdir()
    from grading import pipeline

    (outcome,) = pipeline.run(course, limits=LIMITS)
    assert "there is no affine.ipynb" in outcome.problem
    (submission,) = course.submissions()
    assert not submission.files()


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=evil()>",
        "<script>evil()</script>",
        "[a](javascript:evil())",
        "[a]( \n<javascript:evil()>)",
        "[a](&#106;avascript:evil())",
        "[a][b]\n\n[b]: javascript:evil()",
        "<javascript:evil()>",
    ],
)
def test_answers_in_words_run_nothing_in_the_formgrader(course, hand_in, text):
    exporters = pytest.importorskip("nbconvert.exporters", reason="the formgrader uses it")
    import nbformat

    from grading import canonical

    def shown(source):
        cell = nbformat.v4.new_markdown_cell(source)
        page, _ = exporters.HTMLExporter(template_name="basic").from_notebook_node(
            nbformat.v4.new_notebook(cells=[cell])
        )
        return [
            bad for bad in ("<script>evil", "<img src", 'onerror="', 'href="java') if bad in page
        ]

    made = course.released("tiny", "affine")
    (question,) = [i for i, c in enumerate(made.cells) if "question" in str(c.metadata)]
    made.cells[question].source = text
    content = nbformat.writes(made).encode()
    graded = canonical.canonicalise(course.released("tiny", "affine"), canonical.read(content))
    assert shown("<img src=x onerror=evil()>")  # the control
    assert not shown(graded.notebook.cells[question].source)


def test_ends_of_lines_and_marks_at_the_beginning_change_nothing(course):
    import nbformat

    from grading import canonical

    text = nbformat.writes(course.released("tiny", "affine"))
    odd = json.loads(text)
    for cell in odd["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    content = b"\xef\xbb\xbf" + json.dumps(odd).replace("\n", "\r\n").encode()
    made = canonical.canonicalise(course.released("tiny", "affine"), canonical.read(content))
    assert made.repairs == []
    assert "affine_backward" in made.unchanged
