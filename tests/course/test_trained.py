"""A network that is handed in: its file, its check in the notebook, its check when graded."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as onp
import pytest

from minpy import course
from minpy.checking import NotWrittenYet
from minpy.plotting import live

SETTINGS = course.Settings(
    {("blobs", size): {"train": 2, "val": 2, "test": 2} for size in course.SIZES}
)
X = onp.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]])
BLOBS = SimpleNamespace(x_val=X, y_val=onp.array([0, 1, 0, 1]), x_test=-X, y_test=onp.arange(4) % 2)


@pytest.fixture
def check(tmp_path):
    """The check of a linear classifier, which no assignment has: its file and data are its own."""
    return course.trained(
        course.ParameterFile(tmp_path / "line.npz", ["V"]),
        SETTINGS,
        forward="scores = predict(params['V'], x)",
        thresholds={"blobs": 0.9},
        tiny=0.5,
        points=3,
        name="line",
        load=lambda data, size: BLOBS,
    )


def predict(V, x):
    return x @ V


def test_the_check_gives_points_for_the_accuracy(check, capsys):
    check.file.save({"V": onp.eye(2), "more": 1}, "blobs", "default")
    assert check({"predict": predict}) == 3
    check.file.save({"V": onp.array([[1.0, 1.0], [0.5, 0.0]])}, "blobs", "default")
    assert check({"predict": predict}) == 0
    check.file.save({"V": onp.array([[1.0, 0.0], [0.0, 0.4]])}, "blobs", "tiny")
    assert check({"predict": predict}) == 3
    capsys.readouterr()


def test_parameters_that_the_notebook_writes_to_are_noticed(check):
    check.file.save({"V": onp.eye(2)}, "blobs", "default")

    def predict_and_write(V, x):
        V += 1
        return x @ (V - 1)

    found = check.compared({"predict": predict_and_write})
    assert [(one.name, one.verdict) for one in found if not one.passed] == [("params", "mutated")]


def test_without_a_file_the_check_says_so(check):
    with pytest.raises(NotWrittenYet, match=r"line\.npz is not written yet"):
        check({"predict": predict})
    with pytest.raises(NotWrittenYet, match="the search for a network"):
        check.file.save(None, "blobs", "tiny")
    with pytest.raises(ValueError, match="needs the parameters V; yours have no V"):
        check.file.save({"W": 1}, "blobs", "tiny")


def test_parameters_of_other_data_are_refused(check):
    check.file.save({"V": onp.eye(2)}, "blobs", "tiny")
    assert check.file.load("blobs").size == "tiny"
    with pytest.raises(ValueError, match="was trained on blobs, and is graded on digits"):
        check.file.load("digits")
    with pytest.raises(ValueError, match="thresholds for blobs, not for 'digits'"):
        check.required("digits", "default")


def test_the_grader_computes_the_scores_itself(check, monkeypatch):
    spec = pytest.importorskip("grading.spec")
    from grading.handed_in import MissingDataError, UnfitError

    monkeypatch.setenv("MINPY_COURSE_DATA", "blobs")
    hidden = spec.HiddenTrained(check, lambda V, x: x @ V)
    assert hidden.comparisons == check.hidden_comparisons
    (case,) = hidden.all_cases(onp.random.default_rng(0))
    inputs = hidden.inputs(case, onp.random.default_rng(0))
    check.file.save({"V": onp.eye(2)}, "blobs", "default")
    content = check.file.path.read_bytes()
    assert onp.array_equal(hidden.measured({"line.npz": content}, inputs)["scores"], -X)
    with pytest.raises(MissingDataError):
        hidden.measured({}, inputs)
    check.file.save({"V": onp.eye(3)}, "blobs", "default")
    with pytest.raises(UnfitError, match=r"line\.npz does not fit"):
        hidden.measured({"line.npz": check.file.path.read_bytes()}, inputs)


# ------------------------------------------------------------------------------------ pictures


def test_live_curves_draw_in_jupyter_alone(monkeypatch):
    ipython = pytest.importorskip("IPython.display", reason="needs IPython")
    pytest.importorskip("matplotlib", reason="needs Matplotlib")
    shown = []
    display = SimpleNamespace(update=shown.append)

    def show(picture, display_id):
        shown.append(picture)
        return display

    monkeypatch.setattr(ipython, "display", show)
    history = {"loss": [2.0, 1.0], "train": [0.5], "val": [0.4]}
    curves = course.LiveCurves(seconds=0)
    curves.show(history, last=True)
    assert not shown
    monkeypatch.setattr(live, "in_jupyter", lambda: True)
    curves.show(history)
    curves.show({**history, "loss": [2.0, 1.0, 0.5]}, last=True)
    assert [len(figure.axes[0].lines[0].get_xdata()) for figure in shown] == [2, 3]
    slow = course.LiveCurves(seconds=3600)
    slow._next = float("inf")
    slow.show(history)
    assert len(shown) == 2
    slow.show(history, last=True)
    assert len(shown) == 3


def test_trials_are_drawn_with_the_best_marked():
    pytest.importorskip("matplotlib", reason="needs Matplotlib")
    with pytest.raises(NotWrittenYet):
        course.draw_trials([])
    ax = course.draw_trials([(1e-3, 1e-4, 0.31), (1e-2, 1e-3, 0.52)], ("rate", "weight")).axes[0]
    assert [text.get_text() for text in ax.texts] == ["31", "52"]
    ring = ax.collections[1].get_offsets()
    assert ring.tolist() == [[1e-2, 1e-3]]
    assert ax.get_ylabel() == "weight"
    many = [(10.0**-i, 1.0, i / 100) for i in range(30)]
    assert [text.get_text() for text in course.draw_trials(many).axes[0].texts] == ["29"]


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys; import minpy.course; "
        "heavy = {'matplotlib', 'pooch', 'sklearn', 'IPython', 'torch'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
