"""The benchmarks compute what they say; nothing here is timed."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as onp
import pytest

import minpy.numpy as np
from benchmarks.agreement import assert_agree
from benchmarks.benchmark import UNITS, Benchmark
from benchmarks.functional import conv2d_by_hand
from benchmarks.measure import Timer, measure
from benchmarks.peers import Unavailable
from benchmarks.report import as_json, judge, summary, table
from benchmarks.steps import POLICIES, minpy_step, training_steps
from benchmarks.targets import TARGETS, Target
from benchmarks.workloads import (
    GPU_ROWS,
    ROWS,
    captioning,
    cnn,
    convolution,
    find_case,
    gpu,
    inplace,
    kernels,
    mlp,
    op,
    outliers,
    rnn,
    solver,
)

ROOT = Path(__file__).resolve().parents[2]


def chain_problem():
    return tuple(tuple(array.astype("f8") for array in arrays) for arrays in op.chain_problem())


#: Workload -> a tiny problem in float64, its loss in NumPy's terms, its gradients by hand.
WORKLOADS = {
    "chain": (chain_problem, op.chain_loss, op.chain_by_hand),
    "rnn": (partial(rnn.problem, 3, 4, steps=5, dtype="f8"), rnn.loss, rnn.by_hand),
    "mlp": (partial(mlp.problem, 3, 4, 5, layers=4, dtype="f8"), mlp.loss, mlp.by_hand),
    "cnn": (
        partial(cnn.problem, 2, size=6, filters=3, kernel=3, hidden=5, dtype="f8"),
        cnn.loss,
        cnn.by_hand,
    ),
    "captioning": (
        partial(captioning.problem, 3, 2, 4, vocabulary=7, word=5, dtype="f8"),
        captioning.loss,
        captioning.by_hand,
    ),
    "inplace": (
        partial(inplace.problem, 5, batch=2, hidden=3, dtype="f8"),
        inplace.loss,
        inplace.by_hand,
    ),
    "springs": (partial(outliers.problem, 6), outliers.loss, outliers.by_hand),
}

each_workload = pytest.mark.parametrize(
    ("problem", "loss", "by_hand"), WORKLOADS.values(), ids=WORKLOADS
)


@each_workload
def test_hand_written_gradients_agree_with_finite_differences(problem, loss, by_hand):
    params, data = problem()
    value, gradients = by_hand(params, *data)
    assert_agree(loss(onp, params, *data), value)
    rng = onp.random.default_rng(1)
    for index, gradient in enumerate(gradients):
        direction = rng.normal(size=gradient.shape)

        def moved(step, index=index, direction=direction):
            shifted = list(params)
            shifted[index] = params[index] + step * direction
            return loss(onp, shifted, *data)

        numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6
        assert onp.sum(gradient * direction) == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@each_workload
def test_hand_written_steps_leave_their_arguments_alone(problem, loss, by_hand):
    params, data = problem()
    by_hand(params, *data)
    for array, fresh in zip((*params, *data), (*problem()[0], *problem()[1])):
        onp.testing.assert_array_equal(array, fresh)


@each_workload
def test_minpy_agrees_with_hand_written_gradients(problem, loss, by_hand):
    params, data = problem()
    assert_agree(minpy_step(loss, params, data)(), by_hand(params, *data))


def test_the_layers_of_minpy_agree_with_hand_written_gradients():
    problem, _, by_hand = WORKLOADS["captioning"]
    params, data = problem()
    for loss in (captioning.layers_loss, captioning.composed_loss):
        assert_agree(minpy_step(loss, params, data)(), by_hand(params, *data))


#: Workload -> its module; and the libraries that there are for it.
TRAINING = {"rnn": rnn, "mlp": mlp, "cnn": cnn, "captioning": captioning}
LIBRARIES = [*POLICIES, "PyTorch", "HIPS autograd", "JAX", "MXNet"]


def build_or_skip(library, build):
    try:
        return build()
    except Unavailable as error:
        pytest.skip(f"{library}: {error}")


@pytest.mark.parametrize(
    ("name", "library"),
    [
        (name, library)
        for name in TRAINING
        for library in LIBRARIES
        if (name, library) != ("cnn", "HIPS autograd")
    ],
)
def test_libraries_agree_with_hand_written_gradients(name, library):
    problem, loss, by_hand = WORKLOADS[name]
    others = TRAINING[name].torch_loss, TRAINING[name].mxnet_loss
    steps = training_steps(problem, loss, by_hand, *others, subjects=POLICIES)
    params, data = problem()
    assert_agree(build_or_skip(library, steps[library])(), by_hand(params, *data))


@pytest.mark.parametrize(
    ("name", "place"),
    [("minpy", "numpy"), ("minpy (NumPy)", "numpy"), ("minpy (PyTorch)", "torch")],
)
def test_minpy_runs_where_its_name_in_the_tables_says(name, place):
    steps = training_steps(*WORKLOADS["chain"], subjects=POLICIES)
    step = build_or_skip(name, steps[name])
    np.policy.reset_op_stat()
    step()
    assert {where for _, where in np.policy.op_stat().ran} == {place}


small_convolution = partial(convolution.problem, 2, 3, size=5, filters=4, dtype="f8")


def test_hand_written_gradients_of_a_convolution_agree_with_differences():
    *params, dy = small_convolution()
    y, gradients = convolution.by_hand_steps(small_convolution).both()
    rng = onp.random.default_rng(1)
    for index, gradient in enumerate(gradients):
        direction = rng.normal(size=gradient.shape)
        moved = list(params)
        moved[index] = params[index] + direction  # it is linear in each: any step will do
        change = conv2d_by_hand(*moved, convolution.PADDING) - y
        assert onp.sum(gradient * direction) == pytest.approx(onp.sum(change * dy), rel=1e-9)


@pytest.mark.parametrize("library", convolution.MAKERS)
def test_libraries_agree_with_the_hand_written_convolution(library):
    by_hand = convolution.by_hand_steps(small_convolution)
    steps = build_or_skip(library, lambda: convolution.MAKERS[library](small_convolution))
    assert_agree(steps.forward(), by_hand.forward())
    assert_agree(steps.both(), by_hand.both())


@pytest.mark.parametrize("name", kernels.SHAPES)
def test_functions_of_networks_agree(name, monkeypatch):
    small = [tuple(min(n, 2 * kernels.GROUPS) for n in shape) for shape in kernels.SHAPES[name]]
    monkeypatch.setitem(kernels.SHAPES, name, small)
    arrays = kernels.problem(name, "float64")
    expected = build_or_skip("PyTorch", lambda: kernels.torch_step(name, arrays))()
    for library, make in kernels.MAKERS.items():
        assert_agree(build_or_skip(library, partial(make, name, arrays))(), expected)


def test_minpy_agrees_with_numpy_where_single_ops_are_timed():
    for case in op.cases():
        assert_agree(case.builders["minpy"]().result(), case.builders["NumPy"]().result())
    (case,) = outliers.outliers()
    for expression in outliers.EXPRESSIONS:
        by_name = [case.builders[f"{name}, {expression}"]().result() for name in ("minpy", "NumPy")]
        assert_agree(*by_name)


def test_a_backward_pass_is_the_same_with_ops_aside():
    builders = find_case("scaling.aside").builders
    assert_agree(builders["minpy, 10,000 ops aside"]().result(), builders["minpy"]().result())


def test_a_step_through_a_solver_is_the_step_by_hand():
    params, data = solver.problem(4, 5, 6)
    steps = {name: make(params, *data) for name, make in solver.MAKERS.items()}
    for _ in range(3):
        results = {name: step() for name, step in steps.items()}
    loss, final = results.pop("by hand")
    assert len({params.asnumpy().tobytes() for params in final}) == len(final)
    for value, others in results.values():
        assert value == loss
        for param, other in zip(final, others, strict=True):
            onp.testing.assert_array_equal(param.asnumpy(), other.asnumpy())


def test_disagreement_is_seen():
    with pytest.raises(AssertionError, match="differ by"):
        assert_agree(onp.ones(3) * 1.1, onp.ones(3))
    with pytest.raises(AssertionError, match="differ by"):
        assert_agree(onp.array(math.nan), onp.array(1.0))
    with pytest.raises(AssertionError, match="shape"):
        assert_agree(onp.ones(3), onp.ones(4))


def test_the_coarser_dtype_says_how_well_results_must_agree():
    assert_agree(onp.full(3, 1.001, "f"), onp.ones(3))
    with pytest.raises(AssertionError, match="differ by"):
        assert_agree(onp.full(3, 1.001), onp.ones(3))


def test_targets_name_what_is_measured():
    for target in TARGETS:
        assert {target.subject, target.peer} <= set(find_case(target.case).builders)


def test_cases_are_found_by_name_and_refer_to_themselves():
    for row, cases in [*ROWS.items(), *GPU_ROWS.items()]:
        for case in cases():
            assert find_case(case.name).name == case.name
            assert case.name.partition(".")[0] == row
            assert case.unit in UNITS
            references = {case.reference_of(name) for name in case.builders} - {None}
            assert references <= set(case.builders)


class Steady:
    """A sampler of known values."""

    def __init__(self, value, result=1.0):
        self.value = value
        self.answer = result

    def result(self):
        return self.answer

    def prepare(self, shortest):
        pass

    def sample(self):
        return self.value


def test_a_case_is_measured_and_reported(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.PAUSE", 0)
    targets = (Target("toy", "NumPy", 1.15), Target("toy", "PyTorch", 0.5))
    monkeypatch.setattr("benchmarks.targets.TARGETS", targets)

    def absent():
        raise Unavailable("not installed")

    builders = {
        "minpy": lambda: Steady(1.2e-3),
        "NumPy": lambda: Steady(1.0e-3),
        "PyTorch": lambda: Steady(3.0e-3),
        "JAX": absent,
        "MXNet": lambda: Steady(1.0, result=2.0),
    }
    measured = measure(Benchmark("toy", "a toy", "ms", builders), repeat=4, shortest=0)
    assert measured.samples["minpy"] == [1.2e-3] * 4
    assert measured.skipped == {"JAX": "not installed"}
    assert list(measured.failed) == ["MXNet"]
    assert judge(measured, targets[0])[1] == "missed"
    assert judge(measured, targets[1]) == (pytest.approx(0.4), "met")
    text = table(measured)
    assert "target minpy <= 1.15 x NumPy: missed, 1.20" in text
    assert "JAX skipped: not installed" in text
    assert "missed" in summary([measured])
    case = as_json([measured], {})["cases"][0]
    assert case["implementations"]["NumPy"]["median"] == pytest.approx(1e-3)
    assert [target["verdict"] for target in case["targets"]] == ["missed", "met"]


def test_a_device_is_waited_for_before_the_clock_is_read(monkeypatch):
    events = []
    monkeypatch.setattr("time.perf_counter", lambda: events.append("clock") or 0.0)
    Timer.of(lambda: events.append("step"), wait=lambda: events.append("wait")).sample()
    once = ["wait", "clock", "step", "wait", "clock"]
    assert events == once + once


def test_a_timer_divides_by_calls_and_ops():
    calls = []

    def seconds(number):
        calls.append(number)
        return 0.002 * number

    timer = Timer(seconds, result=lambda: None, ops=10)
    timer.prepare(shortest=0.01)
    assert timer.number == 8
    assert timer.sample() == pytest.approx(0.0002)
    assert calls[-2:] == [1, 8]


MEASURE_A_CALL = """
import numpy
from benchmarks.peak_memory import PeakMemory

def call():
    numpy.ones(6 * 10**6)
    both = numpy.ones(8 * 10**6), numpy.ones(2 * 10**6)

print(PeakMemory("toy", "NumPy", lambda: call, lambda: lambda: None).measure_here())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_peak_memory_is_what_a_call_holds_at_once():
    command = [sys.executable, "-c", MEASURE_A_CALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    # 48 MB that are freed at once, then 64 MB and 16 MB. The system counts in steps of some pages.
    assert float(done.stdout) == pytest.approx(80e6, rel=0.03)


TELL_THREADS = """
from benchmarks import peers
peers.use_threads(2)
import torch
print(torch.get_num_threads())
"""


def test_pytorch_takes_the_number_of_threads():
    pytest.importorskip("torch", reason="needs PyTorch")
    command = [sys.executable, "-c", TELL_THREADS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"


@pytest.mark.cuda
@pytest.mark.parametrize("row", GPU_ROWS)
def test_minpy_agrees_with_pytorch_on_a_gpu(row):
    if reason := gpu.why_none():
        pytest.skip(reason)
    (case,) = GPU_ROWS[row]()
    assert_agree(case.builders["minpy"]().result(), case.builders["PyTorch"]().result())


def run(*arguments, **environment):
    command = [sys.executable, "-m", "benchmarks", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("arguments", "rows"), [([], ROWS), (["--gpu"], GPU_ROWS)])
def test_the_command_lists_its_rows(arguments, rows):
    done = run("--list", *arguments)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if not line.startswith(" ")] == list(rows)
    assert any(line.strip().startswith("minpy <= 1") for line in done.stdout.splitlines())


def test_the_command_says_what_it_looked_for_where_there_is_no_gpu():
    done = run("--gpu", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "--gpu has nothing to run on: under the policy 'auto', nothing here"
    )
    assert "PyTorch" in done.stderr


def test_the_command_names_the_rows_when_one_is_unknown():
    done = run("no_such_row")
    assert done.returncode == 2
    assert "no row no_such_row; the rows are op, rnn_tiny" in done.stderr
