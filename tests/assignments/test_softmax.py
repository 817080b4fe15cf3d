"""a1-linear, softmax: what it prints, and which short cuts the grader refuses."""

import re

import numpy as onp
import pytest

pytestmark = pytest.mark.notebook


@pytest.fixture
def notebook(find):
    return find("a1-linear", "softmax")


def test_it_learns_what_the_text_says(notebook, notebooks, executed):
    text = notebooks.text_of(executed(notebook))
    first, expected = map(
        float, re.search(r"first loss ([\d.]+); expected ([\d.]+)", text).groups()
    )
    assert expected == pytest.approx(onp.log(10), abs=1e-3)
    assert first == pytest.approx(expected, abs=1e-2)
    at_first, at_last = map(float, re.search(r"loss ([\d.]+) at first, ([\d.]+)", text).groups())
    assert at_last < 0.1 < 2 < at_first
    assert "correct: 100% of the 50 images" in text
    assert float(re.search(r"test accuracy ([\d.]+)%", text)[1]) > 75


def test_the_hinge_loss_learns_beside_it(notebook, executed, notebooks):
    text = notebooks.text_of(executed(notebook))
    softmax, hinge = map(float, re.search(r"softmax ([\d.]+)%, hinge ([\d.]+)%", text).groups())
    assert abs(softmax - hinge) < 15


@pytest.mark.slow
@pytest.mark.parametrize(
    "how, reason",
    [
        ("the engine's gradients", "asks the engine for its gradient"),
        ("a loop over the images", "runs a Python loop over N"),
    ],
)
def test_short_cuts_fail(notebook, how, reason):
    cell = "softmax_loss_vectorized"
    edit = notebook.variants.forbidden[cell][how]
    verdict = notebook.judge(cell, **{cell: edit.applied_to(notebook.written(cell))})
    assert verdict.points == 0
    assert reason in verdict.why
