"""How often the grader errs: a part of what `make grader-accuracy` measures, within a minute."""

import re
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
pytest.importorskip("IPython", reason="submissions run in IPython")

from grading import accuracy, release
from grading.mutants import mutants

pytestmark = pytest.mark.notebook

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(scope="module")
def measured(boxes):
    return accuracy.measure(TINY / "tiny", "affine", start=boxes.start)


def test_of_a_tiny_notebook_nothing_is_misjudged(measured):
    counts = measured.counts
    assert counts["right"] >= 3 and counts["wrong"] >= 10 and counts["mutants"] >= 10
    assert counts["wrong full"] == counts["right lost"] == counts["diagnosis wrong"] == 0


def test_a_wrong_reference_is_found_out(tmp_path):
    """The measure does not always say yes."""
    import shutil

    folder = tmp_path / "lenient" / "tiny"
    shutil.copytree(TINY / "tiny", folder)
    path = folder / "hidden" / "affine.py"
    text = path.read_text()
    lenient = text.replace("return x @ w + b", "return x @ w + b if x.shape[0] < 0 else 0 * x @ w")
    assert lenient != text
    path.write_text(lenient)
    made = accuracy.measure(folder, "affine", part=3)
    assert made.counts["right lost"] >= 1
    assert any("the solution" in one for one in made.complaints)


def test_mutants_differ_from_the_solution_and_from_each_other():
    source = (
        'def f(x, y=0.9):\n    """Doc 1."""\n    z = x.T @ x - y\n    return np.exp(z) / len(x)'
    )
    made = list(mutants(source, {"N": 4}))
    assert len({mutant.source for mutant in made}) == len(made) >= 10
    assert {"sign or factor", "missing term", "transpose", "size", "default", "mutation"} <= {
        mutant.operator for mutant in made
    }
    assert not any("Doc" in mutant.change for mutant in made)
    for mutant in made:
        compile(mutant.source, "mutant", "exec")


def questions():
    """Return each question that has variants: the folder of its assignment, notebook and name."""
    found = []
    for path in sorted((release.ROOT / "solutions").glob("*/variants/*.py")):
        names = re.findall(r'^    "(\w+)": \{', path.read_text(encoding="utf-8"), re.MULTILINE)
        found += [(path.parent.parent, path.stem, name) for name in dict.fromkeys(names)]
    return found


@pytest.mark.family("grader-accuracy")
@pytest.mark.parametrize("assignment, notebook, question", questions(), ids=str)
def test_listed_answers_are_judged_as_they_should(assignment, notebook, question):
    """Every correct variant and planted mistake, through the runner with its limits; no mutants."""
    made = accuracy.measure(assignment, notebook, part=10**6, questions=[question])
    assert made.counts["right"] and made.counts["wrong"]
    bad = ("right lost", "right lost in public", "wrong full", "forbidden paid", "diagnosis wrong")
    assert {name: made.counts[name] for name in bad if made.counts[name]} == {}, made.complaints
