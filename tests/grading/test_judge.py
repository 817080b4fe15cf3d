"""How one question is judged: right answers in many forms, mistakes, and gradients not derived."""

from dataclasses import replace
from pathlib import Path

import numpy as onp
import pytest

pytest.importorskip("IPython", reason="a runner is an IPython shell")
pytest.importorskip("nbformat", reason="notebooks are read with nbformat")

from grading.judge import judge, seed
from grading.processes import adopt_orphans
from grading.sandbox import Limits
from grading.session import Session
from grading.spec import load

HIDDEN = {
    hidden.check.name: hidden
    for hidden in load(Path(__file__).parent / "tiny" / "tiny" / "hidden" / "affine.py").hidden
}
LIMITS = Limits(cell=10.0, call=5.0, grace=1.0, submission=300.0)

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
    "nothing returned": (
        "dout @ w.T",
        0,
        "failed",
        "must return (dx, dw, db); yours returned None",
    ),
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
    "another library": (
        "import torch\nreturn torch.ones(3)",
        0,
        "failed",
        "torch cannot be used while this is graded",
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


@pytest.fixture(scope="module")
def session():
    """A notebook with a right forward pass, in which each test writes its backward pass."""
    adopt_orphans()
    with Session([FORWARD, DIFFERENCES], {}, LIMITS, ["torch"]) as session:
        yield session


def test_an_unused_import_costs_nothing(session):
    body = "import torch\nfrom torch import nn\nreturn dout @ w.T, x.T @ dout, dout.sum(axis=0)"
    session.ask({"do": "cell", "source": backward(body)}, {}, 5.0)
    found = judge(session, HIDDEN["affine_backward"], seed(b"secret", "ada", "tiny", "unused"))
    assert found.points == 3, found.why


@pytest.mark.parametrize("mistake", MISTAKES)
def test_points_and_reasons(session, mistake):
    body, points, status, why = MISTAKES[mistake]
    session.ask({"do": "cell", "source": backward(body)}, {}, 5.0)
    found = judge(session, HIDDEN["affine_backward"], seed(b"secret", "ada", "tiny", mistake))
    assert (found.points, found.status) == (points, status), found.why
    assert why in found.why


def test_differences_that_cost_nothing_are_flagged(session):
    """Without the larger size only their rounding gives them away, which proves nothing."""
    body = MISTAKES["hidden differences"][0].replace("x, w, b)", "*map(np.float64, (x, w, b)))")
    session.ask({"do": "cell", "source": backward(body)}, {}, 5.0)
    hidden = replace(HIDDEN["affine_backward"], large={})
    found = judge(session, hidden, seed(b"secret", "ada", "tiny", "affine"))
    assert (found.points, found.status) == (3, "right")
    assert "finite differences do, too" in found.flag
    session.ask({"do": "cell", "source": backward(RIGHT)}, {}, 5.0)
    found = judge(session, hidden, seed(b"secret", "ada", "tiny", "affine"))
    assert (found.points, found.flag) == (3, "")


def test_inputs_differ_by_student_and_are_the_same_at_a_regrade():
    hidden = HIDDEN["affine_backward"]

    def inputs(student):
        rng = onp.random.default_rng(seed(b"secret", student, "tiny", "affine_backward"))
        return [hidden.inputs(case, rng)["x"] for case in hidden.all_cases(rng)]

    ada, again, bob = inputs("ada"), inputs("ada"), inputs("bob")
    assert all(onp.array_equal(x, y) for x, y in zip(ada, again, strict=True))
    assert not any(onp.array_equal(x, y) for x, y in zip(ada, bob, strict=True))


@pytest.mark.parametrize(
    "reveal, shown, not_shown",
    [
        ("nothing", "withheld", "shape"),
        ("category", "value", "diagnosis"),
        ("diagnosis", "sign", "expected'"),
        ("inputs", "expected'", "withheld"),
    ],
)
def test_no_more_is_shown_than_is_to_be(session, reveal, shown, not_shown):
    session.ask({"do": "cell", "source": backward(MISTAKES["sign"][0])}, {}, 5.0)
    hidden = replace(HIDDEN["affine_backward"], reveal=reveal)
    card = judge(session, hidden, 0).card
    (wrong,) = [found for found in card["comparisons"] if found["name"] == "dw"]
    assert shown in str(wrong)
    assert not_shown not in str(wrong)
