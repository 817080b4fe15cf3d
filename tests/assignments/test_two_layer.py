"""a1-linear, two_layer: it runs, teaches and grades as its text says."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as onp
import pytest

jupytext = pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
nbclient = pytest.importorskip("nbclient", reason="notebooks need Jupyter")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader", reason="assignments are graded with nbgrader")
pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
# Imported here because the first time on a machine it builds a cache, and writes so to stderr.
pytest.importorskip("matplotlib.font_manager", reason="the notebook draws")

import minpy  # noqa: E402
from grading import release, spec  # noqa: E402
from grading.variants import variants_of  # noqa: E402
from minpy.checking import compare  # noqa: E402
from minpy.checking import spec as check_spec  # noqa: E402

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "solutions" / "a1-linear"
VARIANTS = variants_of(FOLDER, "two_layer")
SOLVED = release.notebook(FOLDER / "two_layer.py")
RELEASED = nbformat.read(ROOT / "assignments" / "a1-linear" / "two_layer.ipynb", as_version=4)
HIDDEN = {hidden.check.name: hidden for hidden in spec.load(FOLDER / "hidden/two_layer.py").hidden}

# Digits at the smallest size, whatever else is on this machine.
ENVIRONMENT = {
    **os.environ,
    "MINPY_SIZE": "tiny",
    "MINPY_COURSE_DATA": "digits",
    "PYTHONPATH": str(ROOT),
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}


def graded(notebook):
    """Return the cells that are worth points, by their grade ids."""
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert cells
    return cells


def checks_of(notebook):
    """Return the check cells by the names of their checks."""
    cells = graded(notebook)
    return {name.removeprefix("check_"): cells[name] for name in cells if "check_" in name}


def run(notebook, folder):
    """Run a copy of a notebook on what students have, and return it."""
    done = nbformat.from_dict(notebook)
    files = release.release("a1-linear")
    release.put({name: data for name, data in files.items() if "checks/" in name}, folder)
    client = nbclient.NotebookClient(
        done, timeout=120, allow_errors=True, resources={"metadata": {"path": folder}}
    )
    client.execute(env=ENVIRONMENT)
    return done


def text_of(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The notebook with its solutions, executed."""
    return run(SOLVED, tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def unsolved(tmp_path_factory):
    """The notebook as students get it, executed."""
    return run(RELEASED, tmp_path_factory.mktemp("unsolved"))


# --------------------------------------------------------------------------------- as it is written


def test_the_first_cell_says_what_to_expect():
    text = RELEASED.cells[0].source
    for promise in ("Goal", "Time", "What you need", "Points", "What is graded"):
        assert f"**{promise}.**" in text
    assert "**Sources.**" in RELEASED.cells[-1].source


def test_points_are_what_the_text_and_the_checks_say():
    points = {name: cell.metadata.nbgrader.points for name, cell in graded(RELEASED).items()}
    assert sum(points.values()) == 25
    table = re.findall(r"\| (\d+) \|$", RELEASED.cells[0].source, re.MULTILINE)
    assert sum(map(int, table)) == 25
    asked = [int(n) for cell in RELEASED.cells for n in re.findall(r"\((\d) points?\)", cell.source)]
    assert sum(asked) == 25
    assert {name: hidden.check.points for name, hidden in HIDDEN.items()} == {
        name: cell.metadata.nbgrader.points for name, cell in checks_of(RELEASED).items()
    }


def test_cards_promise_as_many_comparisons_as_the_grader_makes():
    assert {name: hidden.check.hidden_comparisons for name, hidden in HIDDEN.items()} == {
        name: hidden.comparisons for name, hidden in HIDDEN.items()
    }


def test_thresholds_in_the_text_are_those_of_the_check():
    checks = spec.checks_beside(FOLDER / "hidden" / "two_layer.py")
    text = "\n".join(cell.source for cell in RELEASED.cells)
    stated = dict(re.findall(r"^\| ([\w-]+) \| (\d+) % \|$", text, re.MULTILINE))
    assert {name.lower().replace("-", ""): int(percent) for name, percent in stated.items()} == {
        name.replace("-", ""): round(100 * share) for name, share in checks.trained.thresholds.items()
    }
    assert f"At the size `tiny` it is {100 * checks.trained.tiny:.0f} %" in text


def test_references_agree_with_finite_differences():
    reports = [report for hidden in HIDDEN.values() for report in hidden.sound()]
    assert len(reports) == 9
    assert all(reports)


# ------------------------------------------------------------------------------------- as it runs


def test_it_runs_with_the_solutions_in(solved):
    outputs = [output for cell in solved.cells for output in cell.get("outputs", [])]
    assert not [o.evalue for o in outputs if o.output_type == "error"]
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) >= 7  # samples, two trainings, weights, confusion, mistakes, trials
    bars = [o for o in outputs if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(bars) >= 3


def test_it_learns_what_the_text_says(solved):
    text = "".join(text_of(cell) for cell in solved.cells if cell.cell_type == "code")
    first, expected = re.search(r"first loss ([\d.]+); expected ([\d.]+)", text).groups()
    assert float(first) == pytest.approx(float(expected), abs=1e-3)
    assert float(expected) == pytest.approx(onp.log(10), abs=1e-3)
    at_first, at_last = map(float, re.search(r"loss ([\d.]+) at first, ([\d.]+)", text).groups())
    assert at_last < 0.1 < 2 < at_first
    assert "right on the 50 images: 100%" in text
    assert float(re.search(r"test accuracy ([\d.]+)%", text)[1]) > 75


def test_each_check_shows_a_card_and_is_worth_its_points(solved):
    for name, cell in checks_of(solved).items():
        card, value = cell.outputs
        assert name in card.data["text/html"]
        assert float(value.data["text/plain"]) == cell.metadata.nbgrader.points


def test_without_solutions_each_check_says_so_in_one_line(unsolved):
    checks = checks_of(unsolved)
    assert len(checks) == 8
    for name, cell in checks.items():
        (error,) = cell.outputs
        assert error.ename == "NotWrittenYet", name
        assert len(error.traceback) == 1
        assert "\n" not in error.traceback[0].strip()
        assert error.traceback[0].endswith(" is not written yet.")


# ------------------------------------------------------------------------------------ under nbgrader


def splice(released, solved):
    """Return the released notebook with the solutions that a good student would write."""
    answers = {cell.id: cell.source for cell in solved.cells}
    done = nbformat.from_dict(released)
    for cell in done.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    return done


def nbgrader(course, *arguments):
    """Run nbgrader's own command in a course folder, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_nbgrader_releases_grades_and_validates_it(tmp_path):
    course = tmp_path / "course"
    release.prepare("a1-linear", course)
    release.configure(course)
    nbgrader(course, "generate_assignment", "a1-linear")
    made = course / "release" / "a1-linear"
    ours = ROOT / "assignments" / "a1-linear"
    assert nbformat.read(made / "two_layer.ipynb", 4) == nbformat.read(ours / "two_layer.ipynb", 4)

    for student, notebook in (("ada", splice(RELEASED, SOLVED)), ("bob", RELEASED)):
        release.write(notebook, course / "submitted" / student / "a1-linear" / "two_layer.ipynb")
    nbgrader(course, "autograde", "a1-linear")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        by_student = {
            student: {
                grade.cell.name: grade.auto_score
                for grade in gradebook.find_submission_notebook(
                    "two_layer", "a1-linear", student
                ).grades
            }
            for student in ("ada", "bob")
        }
    points = {f"check_{name}": hidden.check.points for name, hidden in HIDDEN.items()}
    questions = {"question_first_loss", "question_search"}
    assert {name: by_student["ada"][name] for name in points} == points
    assert {by_student["bob"][name] for name in points} == {0}
    assert {by_student["ada"][name] for name in questions} == {None}  # a person reads them

    said = nbgrader(course, "validate", str(made / "two_layer.ipynb"))
    assert "VALIDATION FAILED ON 10 CELL(S)" in said  # eight checks, and two questions unanswered


# ------------------------------------------------------------- answers, right and wrong, are told apart


def functions(**replaced):
    """Return a namespace with the solutions; some cells are replaced by other code."""
    namespace = {"np": onp}
    for cell in SOLVED.cells:
        if cell.id in {*HIDDEN, *replaced}:
            exec(compile(replaced.get(cell.id, cell.source), cell.id, "exec"), namespace)
    return namespace


def faults(hidden, namespace, entropy=5):
    """Judge as the grader does: on inputs drawn anew, against the reference; say what is wrong."""
    check, rng, wrong = hidden.check, onp.random.default_rng(entropy), []
    for case in hidden.all_cases(rng):
        inputs = hidden.inputs(case, rng)
        given = {name: onp.copy(x) if onp.ndim(x) else x for name, x in inputs.items()}
        try:
            with onp.errstate(all="ignore"):
                scope = check_spec.run(check.forward, {**namespace, **given})
                scope = check_spec.run(check.backward, scope)
                got = check_spec.results(check.wanted, scope)
        except Exception as error:
            wrong.append(f"{case.title}: {error!r}")
            continue
        for name, right in hidden.expected(inputs).items():
            single = case.dtype == "float32" or onp.asarray(got[name]).dtype == onp.float32
            tolerance = hidden.tolerances["float32" if single else "float64"]
            found = compare(name, got[name], right, tolerance=tolerance, floor=onp.abs(right).max())
            if not found.passed:
                wrong.append(f"{case.title}: {found}")
        wrong += [
            f"{case.title}: {name} was changed"
            for name in inputs
            if not onp.array_equal(inputs[name], given[name])
        ]
    return wrong


@pytest.mark.parametrize(
    "name, how", [(name, how) for name, ways in VARIANTS.correct.items() for how in ways]
)
def test_a_right_answer_passes(name, how):
    namespace = functions(**{name: VARIANTS.correct[name][how]})
    hidden = HIDDEN[name]
    assert not faults(hidden, namespace)
    if how != "float32":  # the public check draws float64, and differences of float32 are coarse
        assert hidden.check.earned(hidden.check.compared(namespace)) == hidden.check.points


@pytest.mark.parametrize("name", list(VARIANTS.correct))
def test_the_solution_passes(name):
    assert not faults(HIDDEN[name], functions())
    assert HIDDEN[name].check.earned(HIDDEN[name].check.compared(functions())) == (
        HIDDEN[name].check.points
    )


@pytest.mark.parametrize(
    "name, how", [(name, how) for name, ways in VARIANTS.mistakes.items() for how in ways]
)
def test_a_wrong_answer_does_not_pass(name, how):
    (solution,) = (cell.source for cell in SOLVED.cells if cell.id == name)
    namespace = functions(**{name: VARIANTS.mistakes[name][how].applied_to(solution)})
    assert faults(HIDDEN[name], namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an overflow is one of the mistakes
        public = HIDDEN[name].check.compared(namespace)
    assert not all(found.passed for found in public)


def test_the_engine_differentiates_a_student_s_forward_pass():
    """As the last cell of the notebook says: to the same numbers."""
    namespace, rng = functions(), onp.random.default_rng(0)
    shapes = {"W1": (6, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x, y = rng.normal(size=(4, 2, 3)), onp.array([0, 1, 2, 1])
    _, by_hand = namespace["two_layer_loss"](params, x, y, 0.1)
    by_engine = minpy.grad(lambda params: namespace["two_layer_loss"](params, x, y, 0.1)[0])(params)
    for name, grad in by_hand.items():
        onp.testing.assert_allclose(by_engine[name].asnumpy(), grad, rtol=1e-12, atol=1e-14)


def test_every_function_has_both():
    graded_by_themselves = set(HIDDEN) - {"trained"}
    assert set(VARIANTS.correct) == set(VARIANTS.mistakes) == graded_by_themselves
    assert all(len(ways) >= 3 for ways in VARIANTS.correct.values())
