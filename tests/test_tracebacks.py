"""A user's error shows the user's lines, at most one of ours, and no error twice."""

import json
import os
import subprocess
import sys
import textwrap
import traceback

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.errors import ImplicitExitError

MOST_LINES = 12

# The functions of a cell, the line that calls them, and the last line of the traceback.
MISTAKES = {
    "product": (
        """
        def scores(x, w):
            return x @ w
        """,
        "scores(np.ones((3, 4)), np.ones((5, 2)))",
        "ValueError: matmul of (3, 4) and (5, 2)",
    ),
    "float": (
        """
        def loss(w):
            return float(w) * 2
        """,
        "minpy.grad(loss)(np.array(3.0))",
        "ImplicitExitError: float(x)",
    ),
    "shape in a loss": (
        """
        x, y = np.ones((8, 4)), np.ones((8, 3))

        def loss(w):
            scores = x @ w
            return np.sum((scores - y) ** 2)
        """,
        "minpy.grad(loss)(np.ones((4, 2)))",
        "ValueError: subtract of (8, 2) and (8, 3)",
    ),
    "plain target": (
        """
        target = numpy.zeros(3)

        def loss(w):
            for i in range(3):
                target[i] = w[i] * 2
            return np.sum(target)
        """,
        "minpy.value_and_grad(loss)(np.ones(3))",
        "ImplicitExitError: plain[i] = x would write a recorded array into a plain one",
    ),
}
IMPORTS = "import numpy\nimport minpy\nimport minpy.numpy as np\n"

IN_IPYTHON = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output
shell = InteractiveShell.instance(colors="NoColor")
with capture_output() as captured:
    for cell in json.load(sys.stdin):
        shell.run_cell(cell)
print(captured.stdout)
"""


def run(*command, program):
    return subprocess.run(
        [sys.executable, *command], input=program, capture_output=True, text=True, timeout=60
    )


def check(shown, message):
    lines = shown.strip().splitlines()
    assert len(lines) <= MOST_LINES, shown
    assert message in lines[-1]
    assert sum(os.path.dirname(minpy.__file__) in line for line in lines) <= 1, shown
    assert "exception" not in shown, "a chain of errors"


@pytest.mark.parametrize("name", MISTAKES)
def test_traceback_in_python(name, tmp_path):
    functions, call, message = MISTAKES[name]
    program = tmp_path / "program.py"
    program.write_text(IMPORTS + textwrap.dedent(functions) + call)
    check(run(program, program="").stderr, message)


@pytest.mark.parametrize("name", MISTAKES)
def test_traceback_in_ipython(name):
    pytest.importorskip("IPython", reason="the traceback is IPython's")
    functions, call, message = MISTAKES[name]
    cells = [IMPORTS, textwrap.dedent(functions), call]
    result = run("-c", IN_IPYTHON, program=json.dumps(cells))
    assert result.returncode == 0, result.stderr
    check(result.stdout, message)


def names_of_frames(error):
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)][1:]


def test_frames_of_the_user_inside_an_op_stay():
    def choose_rows(x):
        raise ValueError("no such row")

    op = minpy.extend.primitive(choose_rows)
    minpy.extend.defvjp(op, lambda g, ans, x: g)

    def loss(w):
        return np.sum(op(w))

    with pytest.raises(ValueError, match="no such row") as caught:
        minpy.grad(loss)(np.ones(3))
    assert names_of_frames(caught.value)[-2:] == ["loss", "choose_rows"]


def test_the_frame_that_raised_an_error_without_the_shapes_stays():
    with pytest.raises(TypeError) as caught:
        minpy.grad(lambda x: "no array")(np.ones(3))
    assert names_of_frames(caught.value)[-1] == "end"


def test_a_cause_that_the_user_gave_stays():
    def loss(w):
        try:
            return np.ones(3) @ w
        except ValueError as error:
            raise RuntimeError("the weights do not fit") from error

    with pytest.raises(RuntimeError) as caught:
        minpy.grad(loss)(np.ones(4))
    assert isinstance(caught.value.__cause__, ValueError)


def test_all_frames_can_be_shown(monkeypatch):
    def loss(w):
        return np.ones(3) @ w

    with pytest.raises(ValueError) as short:
        minpy.grad(loss)(np.ones(4))
    monkeypatch.setenv("MINPY_TRACEBACK", "full")
    with pytest.raises(ValueError) as full:
        minpy.grad(loss)(np.ones(4))
    assert set(names_of_frames(short.value)) <= {"call", "loss"}  # "call" on Python 3.10
    assert {"gradient", "value_and_gradient", "loss", "call"} <= set(names_of_frames(full.value))


def test_an_exit_that_numpy_hides_is_raised():
    target = onp.zeros(3)

    def loss(w):
        target[0] = w[0]
        return np.sum(w)

    for differentiate in (minpy.grad, minpy.value_and_grad, minpy.make_vjp):
        with pytest.raises(ImplicitExitError, match="Make the target with minpy"):
            differentiate(loss)(np.ones(3))
