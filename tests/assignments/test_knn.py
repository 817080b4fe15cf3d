"""a1-linear, knn: what it prints, and that loops are too slow where none are allowed."""

import re

import pytest

pytestmark = pytest.mark.notebook


@pytest.fixture
def notebook(find):
    return find("a1-linear", "knn")


def test_it_classifies_as_the_text_says(notebook, notebooks, executed):
    text = notebooks.text_of(executed(notebook))
    differences = re.findall(r"largest difference (\S+)", text)
    assert len(differences) == 3
    assert all(float(difference) < 1e-5 for difference in differences)
    best = float(re.search(r"the best k is \d+, with a mean accuracy of ([\d.]+)%", text)[1])
    tested = float(re.search(r"test accuracy with k = \d+: ([\d.]+)%", text)[1])
    assert best > 90 and tested > 90


@pytest.mark.slow
def test_the_solution_is_quick_enough(notebook):
    assert notebook.judge("distances_no_loops").points == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "how, reason",
    [
        ("loops", "runs a Python loop over N"),
        ("one loop", "runs a Python loop over N"),
        ("all differences", "(N, M, D) does not fit"),
    ],
)
def test_loops_and_the_array_of_all_differences_fail(notebook, how, reason):
    mistake = notebook.variants.forbidden["distances_no_loops"][how]
    solution = notebook.written("distances_no_loops")
    verdict = notebook.judge("distances_no_loops", distances_no_loops=mistake.applied_to(solution))
    assert verdict.points == 0
    assert reason in verdict.why


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell, how, library",
    [
        ("distances_no_loops", "scikit-learn", "sklearn."),
        ("distances_no_loops", "SciPy", "scipy."),
        ("predict_labels", "scikit-learn", "sklearn."),
    ],
)
def test_other_libraries_do_not_do_the_work(notebook, cell, how, library):
    answer = notebook.variants.forbidden[cell][how].applied_to(notebook.written(cell))
    (found,) = notebook.public(cell, notebook.functions(**{cell: answer}))
    assert f"{cell} calls {library}" in str(found)
    verdict = notebook.judge(cell, **{cell: answer})
    assert verdict.points == 0
    assert f"{cell} calls {library}" in verdict.why
