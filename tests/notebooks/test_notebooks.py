"""The notebooks run from top to bottom, say nothing they should not, and compute what they say.

Each is executed once as it is committed.  In the same kernel its exercises are then solved and
checked (`solutions.py`), and the values in VALUES are read.
"""

import importlib.util
import json
import math
import os
import re
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="notebooks need Jupyter")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytest.importorskip("sklearn", reason="scikit-learn brings the digits that two of them learn")
# Imported here because the first time on a machine it builds a cache, and writes so to stderr.
pytest.importorskip("matplotlib.font_manager", reason="the notebooks draw")

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("solutions", Path(__file__).with_name("solutions.py"))
solutions = importlib.util.module_from_spec(spec)
spec.loader.exec_module(solutions)

# What is read from each notebook when it has run: a name, and an expression for it.
VALUES = {
    "01_numpy_under_minpy": {
        "mean_of_roots": "np.sqrt(numbers).mean().item()",
        "pond": "list(pond.shape)",
        "in_place": "a.tolist()",
        "blinker": "next_generation(next_generation(blinker)).tolist() == blinker.tolist()",
        "cells": "population[-1]",
        "spread": "spread.item()",
        "costs": "costs.tolist()",
        "slope": "slope.item()",
        "slope_by_hand": "(np.exp(-pixels) * pixels).mean().item()",
        "left_over": "minpy.is_recorded(slope)",
    },
    "02_automatic_gradients": {
        "velocity": "[velocity(t).item() for t in (0.5, 1.5)]",
        "acceleration": "[acceleration(t).item() for t in (0.5, 1.5)]",
        "change": "change.item()",
        "best_steps": "[h[forward.argmin()].item(), h[central.argmin()].item()]",
        "best_error": "central.min().item()",
        "inverse_checked": "report.passed",
        "theta": "[theta['k'].item(), theta['c'].item()]",
        "misfits": "[misfits[0], misfits[-1]]",
        "losses": "losses",
        "accuracies": "[train_accuracy, test_accuracy]",
        "jacobian": "J.tolist()",
        "descent": "valley(descent[-1]).item()",
        "newton": "valley(newton[-1]).item()",
        "detached": "[both.item(), one.item()]",
        "areas": "areas.tolist()",
        "speeds": "np.hypot(vx, vy).tolist()",
        "soft_gradient": "soft_gradient.tolist()",
        "heavy_ball": "valley(momentum(300)).item()",
    },
    "03_backends": {
        "libraries": "list(minpy.config.find_config().versions)",
        "gpus": "list(minpy.config.find_config().devices)[1:]",
        "kernels": "minpy.config.find_config().kernels['nn.conv2d']['float64']",
        "policies": "list(corals)",
        "largest": "None if largest is None else float(largest)",
        "gradient": "[g[44, 44].item() for g in gradients.values()]",
        "nudged": "by_differences",
        "seen": "seen",
        "table": "table",
        "joined": "[str(x.context) for x in (weights * data, for_weights, for_data)]",
        "fallbacks": "[name for name, where in stat.ran if where.startswith('numpy for torch')]",
        "copied": "list(stat.bytes_copied)",
        "ran_on": "ran_on",
        "learned": "abs(learned - filters['edges, left to right']).max().item()",
    },
    "04_symbols": {
        "waiting": "wave.list_arguments()",
        "largest": "largest.item()",
        "differences": "differences",
        "answered": "np.abs(answers[0, [0, 4], 60, 120]).tolist()",
        "count": "int(count)",
        "losses": "[losses[0], losses[-1]]",
        "accuracy": "accuracies[-1]",
        "dreamed": "dreamed",
        "running_mean": "running_means[-1]",
        "kept": "sorted(set((dropped / kept).asnumpy().round(6).tolist()))",
        "forgotten": "[forgotten, switched]",
        "after_rows": "after",
        "masks": "[np.array_equal(gradient_of_three, expected), np.std(expected).item() > 10]",
        "trap": "list(trap.values())",
        "same": "same",
        "sensitive": "list(saliency(lambda x: net(x=x, **params), np.array(x_test[:6])).shape)",
    },
    "05_train_a_net": {
        "size": "size",
        "first_losses": "[first_loss, start_loss]",
        "mean": "float(data.x_train.mean())",
        "checked": "[report.passed, wrong_report.passed]",
        "by_heart": "[overfit.loss_history[-1], overfit.check_accuracy(fifty)]",
        "accuracies": "accuracies",
        "best_rate": "best_rate",
        "rate": "solver.optim_config['learning_rate']",
        "curve": "[solver.loss_history[0], solver.loss_history[-1], solver.best_val_acc]",
        "test_accuracy": "test_accuracy",
        "right_in_matrix": "float((test_scores.argmax(axis=1) == data.y_test).mean())",
        "sensitivity": "list(sensitivity.shape)",
        "same": "same",
        "learns": (
            "(lambda s: (s.train(), s.best_val_acc)[1])(Solver(new_net(), train, validation,"
            " update_rule=momentum, optim_config={'learning_rate': 0.05}, num_epochs=3,"
            " verbose=False))"
        ),
    },
    "06_recurrent_nets": {
        "size": "size",
        "difference": "difference",
        "first_loss": "first_loss",
        "checked": "report.passed",
        "by_heart": "remembered",
        "test_accuracy": "test_accuracy",
        "sums": "abs(probabilities.sum(axis=2) - 1).max().item()",
        "faded": "{str(s): (g[0] / g[-1]).item() for s, g in faded.items()}",
        "kept": "(kept[0] / kept[-1]).item()",
        "lstm_difference": "abs(lstm(new_sequences[:1], p['Wx'], p['Wh'], p['b'])[0]"
        " - layers.lstm_temporal(new_sequences[:1], np.zeros((1, 16), np.float32), p['Wx'],"
        " p['Wh'], p['b'])).max().item()",
        "errors": "errors",
        "sizes": "[sum(p.size for p in net.model.params.values()) for net in adders.values()]",
    },
}

# What a notebook needs beside what all need: a module's name, and why.
NEEDS = {"04_symbols": ("mxnet", "is about MXNet, which is not installed")}


class Run:
    """A notebook that was executed: its text output by cell id, and its values."""

    def __init__(self, path):
        notebook = nbformat.read(path, 4)
        solved = self._solve_exercises(notebook.cells, solutions.SOLUTIONS[path.stem])
        pairs = ", ".join(f"{name!r}: {code}" for name, code in VALUES[path.stem].items())
        reading = nbformat.v4.new_code_cell(f"import json\nprint(json.dumps({{{pairs}}}))")
        self.stubs = list(notebook.cells)
        self.solved = solved
        notebook.cells = [*self.stubs, *solved, reading]
        client = nbclient.NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": path.parent}}
        )
        client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), "MINPY_SIZE": "tiny"})
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.values = json.loads(text_of(reading))

    @staticmethod
    def _solve_exercises(cells, code):
        """Return cells that solve the exercises, each with the check cells that follow it."""
        found = []
        solving = False
        for cell in cells:
            if cell.cell_type == "markdown":
                solving = False
            elif cell.id in code:
                solving = True
                found.append(nbformat.v4.new_code_cell(code[cell.id]))
            elif solving:
                found.append(nbformat.v4.new_code_cell(cell.source))
        return found

    @staticmethod
    def verdicts(cells):
        """Return the first line of each card that the checks of exercises showed."""
        checks = [cell for cell in cells if re.search(r"^check\(", cell.source, re.MULTILINE)]
        cards = [o for cell in checks for o in cell.outputs if o.output_type == "display_data"]
        return [card.data["text/plain"].partition("\n")[0] for card in cards]

    def text(self, start):
        """Return what the cell printed whose source starts so."""
        (cell,) = (c for c in self.stubs if c.source.startswith(start))
        return text_of(cell)


def text_of(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


@pytest.fixture(scope="module")
def runs():
    """Give the run of a notebook; each is executed once."""
    done = {}

    def run(name):
        module, why = NEEDS.get(name, ("minpy", ""))
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{name} {why}")
        if name not in done:
            done[name] = Run(ROOT / "notebooks" / f"{name}.ipynb")
        return done[name]

    return run


def of_each_notebook(test):
    return pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])(test)


# ----- as committed


def test_each_notebook_is_tested():
    assert {path.stem for path in NOTEBOOKS} == set(VALUES) == set(solutions.SOLUTIONS)


@of_each_notebook
def test_it_is_committed_without_outputs(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, (
                f"cell {cell.id} has outputs; clear them with "
                "jupyter nbconvert --clear-output --inplace notebooks/*.ipynb"
            )


@of_each_notebook
def test_it_says_what_to_expect(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    assert notebook.cells[0].source.startswith("# ")
    for promise in ("**Goal.**", "**Time.**", "**What you need.**"):
        assert promise in notebook.cells[0].source
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "## Exercises" in text and "**Sources.**" in text


# ----- executed


@of_each_notebook
def test_it_runs_without_warnings_or_errors(runs, name):
    outputs = [output for cell in runs(name).cells for output in cell.outputs]
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert not [o.evalue for o in outputs if o.output_type == "error"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 5


@of_each_notebook
def test_its_exercises_say_what_they_wait_for_and_can_be_solved(runs, name):
    run = runs(name)
    stubs = {cell.id for cell in run.stubs if cell.source.endswith("raise NotImplementedError")}
    assert stubs == set(solutions.SOLUTIONS[name])
    waiting = run.verdicts(run.stubs)
    assert waiting
    assert all(line.endswith(": not written yet") for line in waiting)
    solved = run.verdicts(run.solved)
    assert len(solved) == len(waiting)
    assert all(line.endswith(": the output is right") for line in solved)


def test_numpy_under_minpy(runs):
    run = runs("01_numpy_under_minpy")
    got = run.values
    assert got["mean_of_roots"] == pytest.approx(2 / 3, abs=1e-5)
    assert got["pond"] == [200, 400]
    assert got["in_place"] == [[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [7, 7, 7, 0, 0, 0]]
    assert got["blinker"]
    assert got["cells"] == 116  # the R-pentomino, when it has settled
    assert got["spread"] == pytest.approx(20, rel=0.1)
    assert got["costs"] == sorted(got["costs"], reverse=True)
    assert got["costs"][-1] < 0.4 * got["costs"][0]
    assert got["slope"] == pytest.approx(got["slope_by_hand"], rel=1e-12)
    assert not got["left_over"]
    minpys, numpys = run.text("np.random.seed(231)").splitlines()
    assert minpys.removeprefix("minpy") == numpys.removeprefix("NumPy")
    assert "(3, 4) and (3,)" in run.text("try:\n    np.ones((3, 4))")


def test_automatic_gradients(runs):
    run = runs("02_automatic_gradients")
    got = run.values
    flight = 2 * 5 / 9.81
    assert got["velocity"] == pytest.approx([5 - 9.81 * 0.5, 4 - 9.81 * (1.5 - flight)])
    assert got["acceleration"] == pytest.approx([-9.81, -9.81])
    # h = w s - g s^2 / 2 with w = 0.8 v and s = t - 2 v / g, after one bounce
    assert got["change"] == pytest.approx(0.8 * (1.5 - flight) - 8 / 9.81 + 2 * (1.5 - flight))
    assert 1e-10 < got["best_steps"][0] < 1e-6 < got["best_steps"][1] < 1e-4
    assert got["best_error"] < 1e-9
    assert got["inverse_checked"]
    assert got["theta"] == pytest.approx([4, 0.35], rel=0.05)
    assert got["misfits"][1] == pytest.approx(0.08**2, rel=0.2)
    assert got["misfits"][0] > 10 * got["misfits"][1]
    assert got["losses"][0] == pytest.approx(math.log(2))
    assert got["losses"] == sorted(got["losses"], reverse=True)
    assert got["losses"][-1] < 0.15
    assert min(got["accuracies"]) > 0.94
    (a, b), (c, d) = got["jacobian"]
    assert a * d - b * c == pytest.approx(2)
    assert got["newton"] < 1e-20 < 0.1 < got["descent"]
    assert got["detached"] == [12, 4]
    assert got["areas"] == pytest.approx([0.4] * 12)  # half of sqrt(1 - e^2)
    assert got["speeds"][0] == pytest.approx(2) and got["speeds"][6] == pytest.approx(0.5)
    assert got["soft_gradient"] == [0, 0]
    assert got["heavy_ball"] < 0.01
    errors = run.text("import math")
    assert errors.count("ImplicitExitError:") == 2 and errors.count("NoGradientError:") == 1
    assert "agrees" in run.text("from minpy.extend import") and "DOES NOT" not in errors
    assert "first NaN" in run.text("def distance")


def test_backends(runs):
    run = runs("03_backends")
    got = run.values
    torch, gpu = "PyTorch" in got["libraries"], got["gpus"] != []
    assert got["policies"] == (["only_numpy", "only_torch"] if torch else ["only_numpy"])
    assert (got["largest"] is not None) == torch
    assert not torch or got["largest"] < 1e-9
    assert got["gradient"] == pytest.approx([got["nudged"]] * len(got["policies"]), rel=1e-5)
    assert got["seen"] == ["auto", "only_numpy", "auto", "only_numpy", "auto"]
    on_cpu = ["numpy", "numpy", *(["torch", "torch"] if torch else ["nowhere", "nowhere"])]
    assert [on for on, _ in got["table"]] == on_cpu
    there = "torch on gpu(0)" if gpu else "nowhere"
    assert [on for _, on in got["table"]] == [there, "nowhere", there, there]
    best = "gpu(0)" if gpu else "cpu(0)"
    assert got["joined"] == [best, best, "cpu(0)"]
    assert ("histogram" in got["fallbacks"]) == torch
    assert got["copied"] == (["to gpu(0)", "from gpu(0)"] if gpu else [])
    assert got["ran_on"] == [got["kernels"]]
    assert got["learned"] < 1e-3
    statistics = run.text("def lightness").splitlines()
    assert statistics[0].startswith("Copied")
    assert any(line.startswith("histogram: torch") for line in statistics) == torch
    if not torch:
        assert "PyTorch is not installed: pip install" in run.text("corals = {}")
    if not gpu:
        assert "nothing here can make arrays on gpu(0)" in run.text(
            "try:\n    with gpu(0):\n        x"
        )


def test_train_a_net(runs):
    run = runs("05_train_a_net")
    got = run.values
    assert got["size"] == "tiny"
    assert got["first_losses"][0] == pytest.approx(math.log(10), abs=1e-3)
    assert math.log(10) < got["first_losses"][1] < 5
    assert abs(got["mean"]) < 1e-5
    assert got["checked"] == [True, False]
    assert got["by_heart"][0] < 0.05 and got["by_heart"][1] == 1
    assert got["accuracies"][0] < 0.5 < 0.85 < max(got["accuracies"])
    assert 3e-4 <= got["best_rate"] <= 0.1
    assert got["rate"] == got["best_rate"]
    assert got["curve"][1] < 0.5 < 2 < got["curve"][0]
    assert got["curve"][2] > 0.9
    assert got["test_accuracy"] > 0.9
    assert got["right_in_matrix"] == pytest.approx(got["test_accuracy"])
    assert got["sensitivity"] == [3, 1, 8, 8]
    assert got["same"]
    assert got["learns"] > 0.8  # the exercise's optimiser in a Solver
    assert "DOES NOT AGREE" in shown(run, "ladder-wrong-code")
    assert "matmul" in shown(run, "network-graph-code")


def test_symbols(runs):
    run = runs("04_symbols")
    got = run.values
    assert got["waiting"] == ["x", "rate"]
    assert got["largest"] < 1e-12
    assert max(got["differences"]) < 1e-10
    across, along = got["answered"]  # to the right of the middle the stripes are vertical
    assert across > 10 * along
    assert got["count"] == (8 * 25 + 8) + (16 * 8 * 9 + 16) + (64 * 64 + 64) + (10 * 64 + 10)
    assert got["losses"][0] > 2 > 0.3 > got["losses"][1]
    assert got["accuracy"] > 0.93
    assert got["dreamed"] == list(range(10))
    assert got["running_mean"] == pytest.approx(5, abs=0.5)
    assert got["kept"] == [0, 2]
    assert got["forgotten"][0] == pytest.approx(0, abs=1e-6)
    assert got["forgotten"][1] == pytest.approx((9 - 5) / 2, abs=0.4)
    assert got["after_rows"][0] < 0.4 and got["after_rows"][-1] > 0.9
    assert got["masks"] == [True, True]
    sum_of_probabilities, thousand_times, cross_entropy = got["trap"]
    assert sum_of_probabilities == thousand_times
    assert sum_of_probabilities == pytest.approx(cross_entropy, abs=1e-6)
    assert got["same"] < 1e-4
    assert got["sensitive"] == [6, 1, 8, 8]
    mistakes = run.text("mistakes = {")
    assert "did you mean 'conv_weight'?" in mistakes
    assert "called without conv_weight" in mistakes
    assert "conv_weight has shape (8, 3, 7, 7), but with the others it must be" in mistakes
    assert "first derivatives" in mistakes
    picture = next(c for c in run.stubs if c.id == "exercise-saliency-3")
    assert "here will be the digits" in str(picture.outputs)


def test_recurrent_nets(runs):
    run = runs("06_recurrent_nets")
    got = run.values
    assert got["size"] == "tiny"
    assert got["difference"] < 1e-12
    assert got["first_loss"] == pytest.approx(math.log(10), abs=0.8)
    assert got["checked"]
    assert got["by_heart"] == 1
    assert got["test_accuracy"] > 0.85
    assert got["sums"] < 1e-5
    assert got["faded"]["0.8"] == pytest.approx(0.8**29, rel=0.05)
    assert got["faded"]["1.0"] == pytest.approx(1, rel=0.3) and got["faded"]["1.2"] > 5
    assert 0.3 < got["kept"] < 5
    assert got["lstm_difference"] < 1e-5
    plain, lstm = got["sizes"]
    assert plain == pytest.approx(lstm, rel=0.02)
    assert got["errors"]["lstm"] < 0.03 < got["errors"]["plain"]


def shown(run, cell_id):
    """Return the text that stands for what a cell shows."""
    (cell,) = (c for c in run.stubs if c.get("id") == cell_id)
    return "".join(str(o.data) for o in cell.outputs if "data" in o)
