"""a1-linear, svm: what it prints, and which short cuts the grader refuses."""

import re

import pytest

pytestmark = pytest.mark.notebook


@pytest.fixture
def notebook(find):
    return find("a1-linear", "svm")


def test_it_learns_what_the_text_says(notebook, notebooks, executed):
    text = notebooks.text_of(executed(notebook))
    first, expected = map(
        float, re.search(r"first loss ([\d.]+); expected ([\d.]+)", text).groups()
    )
    assert expected == 9 and first == pytest.approx(9, abs=0.02)
    at_first, at_last = map(float, re.search(r"loss ([\d.]+) at first, ([\d.]+)", text).groups())
    assert at_last < 0.1 < 5 < at_first
    assert "correct: 100% of the 50 images" in text
    assert float(re.search(r"test accuracy ([\d.]+)%", text)[1]) > 75


@pytest.mark.slow
def test_the_solution_is_quick_enough(notebook):
    assert notebook.judge("svm_loss_vectorized").points == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell, how, reason",
    [
        ("svm_loss_naive", "the engine's gradients", "asks the engine for its gradient"),
        ("svm_loss_naive", "finite differences", "a larger size, in limited time"),
        ("svm_loss_vectorized", "a loop over the images", "runs a Python loop over N"),
    ],
)
def test_short_cuts_fail(notebook, cell, how, reason):
    edit = notebook.variants.forbidden[cell][how]
    verdict = notebook.judge(cell, **{cell: edit.applied_to(notebook.written(cell))})
    assert verdict.points == 0
    assert reason in verdict.why
