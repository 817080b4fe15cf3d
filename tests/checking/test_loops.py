"""Loops are told from array operations by what they execute, on any machine and under any load."""

import sys

import numpy as onp
import pytest

from minpy.checking.loops import FEW, MANY, count_steps, is_loop
from minpy.checking.spec import Check, normal

SQUARES = Check(
    "squares",
    points=2,
    inputs={"x": normal("N D")},
    sizes={"N": 4, "D": 3},
    forward="out = squares(x)",
    outputs={"out": "N"},
    known=[{"x": [[1.0, 2.0], [3.0, 0.0]], "out": [5.0, 9.0]}],
    vectorized=("N",),
)

LOOPS = {
    "for": """
def squares(x):
    out = onp.zeros(len(x))
    for n in range(len(x)): out[n] = x[n] @ x[n]
    return out
""",
    "while": """
def squares(x):
    out, n = onp.zeros(len(x)), 0
    while n < len(x): out[n], n = x[n] @ x[n], n + 1
    return out
""",
    "a list comprehension": """
def squares(x):
    return onp.array([row @ row for row in x])
""",
    "a generator": """
def squares(x):
    return onp.fromiter((row @ row for row in x), float)
""",
    "map": """
def squares(x):
    return onp.array(list(map(lambda row: row @ row, x)))
""",
    "recursion": """
def squares(x):
    first = [x[0] @ x[0]]
    return onp.array(first if len(x) == 1 else [*first, *squares(x[1:])])
""",
    "apply_along_axis": """
def squares(x):
    return onp.apply_along_axis(onp.linalg.norm, 1, x) ** 2
""",
    "vectorize": """
def squares(x):
    return onp.vectorize(lambda row: row @ row, signature="(d)->()")(x)
""",
}
ARRAY_OPERATIONS = {
    "einsum": "def squares(x):\n    return onp.einsum('nd,nd->n', x, x, optimize=True)",
    "a loop over the other axis": """
def squares(x):
    return sum(x[:, d] ** 2 for d in range(x.shape[1]))
""",
    "blocks": """
def squares(x):
    blocks = [x[start : start + 25] for start in range(0, len(x), 25)]
    return onp.concatenate([(block**2).sum(axis=1) for block in blocks])
""",
    "histograms and sorts": """
def squares(x):
    order = onp.lexsort(x.T)
    onp.histogram(x, 10), onp.unique(x, axis=0), onp.median(x, axis=0), onp.linalg.svd(x)
    return (x[order] ** 2).sum(axis=1)[onp.argsort(order)]
""",
}


def function(source):
    scope = {"onp": onp}
    exec(source, scope)
    return scope


@pytest.mark.parametrize("how", LOOPS)
def test_loops_earn_nothing_and_the_card_says_why(how):
    found = SQUARES.compared(function(LOOPS[how]))
    assert SQUARES.earned(found) == 0
    (said,) = map(str, found)
    assert "squares runs a Python loop over N" in said


@pytest.mark.parametrize("how", ARRAY_OPERATIONS)
def test_array_operations_are_no_loops(how):
    assert SQUARES.earned(SQUARES.compared(function(ARRAY_OPERATIONS[how]))) == 2


def test_a_tracer_is_put_back_and_a_lost_one_is_told():
    before = sys.gettrace()
    with count_steps() as count:
        assert sys.gettrace() is not before
    assert sys.gettrace() is before
    assert count.complete
    with count_steps() as count:
        sys.settrace(None)
    assert not count.complete


def test_half_a_step_for_each_example_is_a_loop():
    assert is_loop(0, 0, (MANY - FEW) // 2)
    assert not is_loop(0, 0, (MANY - FEW) // 2 - 1)
