"""Small programs as they were written for the minpy of 2017, run and asked what they found.

They are as they were but for Python 3: `print` is a function.
"""

import importlib.util
from pathlib import Path

import numpy as onp
import pytest

import minpy


def run(name):
    """Run the program of a name; return what its `main` does."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"old_program_{name}", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program.main()


@pytest.fixture
def mxnet():
    if importlib.util.find_spec("mxnet") is None:
        pytest.skip("needs MXNet, which is not installed")


def test_logistic_regression(capsys):
    losses, weights, accuracy = run("logistic_regression")
    assert losses[0] == pytest.approx(onp.log(2))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2
    cosine = weights @ [2, -1, 0.5] / onp.linalg.norm(weights) / onp.linalg.norm([2, -1, 0.5])
    assert cosine > 0.99
    assert accuracy > 0.98
    assert capsys.readouterr().out.startswith("step 0: loss 0.693147\n")


def test_a_multilayer_perceptron_with_a_symbol(mxnet, capsys):
    accuracy, mlp = run("mlp_with_symbol")
    assert accuracy > 0.95
    assert mlp.get_params() == {
        "fc1_weight": {"shape": (32, 2)},
        "fc1_bias": {"shape": (32,)},
        "fc2_weight": {"shape": (3, 32)},
        "fc2_bias": {"shape": (3,)},
    }
    assert "(64, 3)" in capsys.readouterr().out


def test_custom_softmax(capsys):
    difference, accuracy = run("custom_softmax")
    assert difference < 1e-12
    assert accuracy > 0.95


def test_the_profiler(capsys):
    before, after = run("profiled")
    assert after < before
    out = capsys.readouterr().out
    first, second = out.index("train: "), out.index("evaluation: ")
    assert first < second
    calls = dict(line.split()[:2] for line in out[first:second].splitlines() if "tanh" in line)
    assert calls["tanh"] == "20"
    assert "the gradient of tanh" not in out[second:]


def test_a_solver_with_a_symbol(mxnet):
    solver = run("solver_with_symbol")
    assert solver.val_acc_history[-1] > 0.9
    assert onp.mean(solver.loss_history[-10:]) < 0.3 * solver.loss_history[0]
    assert solver.best_val_acc == max(solver.val_acc_history)


def test_where_it_runs(mxnet, capsys):
    try:
        on_mxnet, on_numpy, context, stat, in_force = run("where_it_runs")
    finally:
        minpy.set_global_policy("auto")
    assert on_mxnet == pytest.approx(on_numpy, rel=1e-6)
    assert on_mxnet[-1] < 0.3 * on_mxnet[0]
    assert context == minpy.cpu(0)
    assert stat.on("mxnet")["matmul"] > 60
    assert in_force == "prefer_mxnet"
    assert "mxnet" in capsys.readouterr().out
