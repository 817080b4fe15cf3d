"""What a solver shows and writes on the way."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.nn import callbacks
from minpy.nn.callbacks import (
    Checkpoint,
    EarlyStopping,
    ExponentialAverage,
    LivePlot,
    ProgressBar,
    TensorBoard,
)
from minpy.nn.divergence import DivergedError
from minpy.nn.io import DataIter
from minpy.plotting import live

from .networks import TwoLayers, quadrant_data, quiet_solver, values

ROOT = Path(__file__).resolve().parents[2]


class Log:
    """Write down what is called, and what was known then."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda solver: self.calls.append((name, solver.epoch, solver.iteration))


def test_callbacks_are_called_in_order():
    log = Log()
    quiet_solver(num_epochs=2, callbacks=[log]).train()
    expected = [("on_train_begin", 0, 0)]
    for epoch in range(2):
        expected += [("on_step_end", epoch, 10 * epoch + i) for i in range(1, 11)]
        expected.append(("on_epoch_end", epoch + 1, 10 * epoch + 10))
    assert log.calls == [*expected, ("on_train_end", 2, 20)]


def test_callbacks_hear_of_the_end_after_an_error():
    class Failing(TwoLayers):
        def loss(self, predict, y):
            raise KeyError("a mistake")

    log = Log()
    with pytest.raises(KeyError):
        quiet_solver(Failing(), callbacks=[log]).train()
    assert [name for name, _, _ in log.calls] == ["on_train_begin", "on_train_end"]


def test_a_callback_needs_no_more_than_one_method():
    class Count:
        seen = 0

        def on_epoch_end(self, solver):
            self.seen += 1

    count = Count()
    quiet_solver(num_epochs=3, callbacks=[count]).train()
    assert count.seen == 3


# ---------------------------------------------------------------------------- progress


def test_without_a_terminal_progress_is_lines(capsys):
    solver = quiet_solver(verbose=True, print_every=5)
    solver.train()
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    history = solver.loss_history
    assert lines[0] == f"(Iteration 5 / 20) loss: {history[4]:.6f}"
    assert lines[1] == f"(Iteration 10 / 20) loss: {history[9]:.6f}"
    mean = sum(history[:10]) / 10
    train, val = solver.train_acc_history[0], solver.val_acc_history[0]
    expected = f"epoch 1/2  loss {mean:.4f}  train acc {train:.4f}  val acc {val:.4f}  "
    assert lines[2].startswith(expected)
    assert re.fullmatch(r"\d+\.\d s", lines[2][len(expected) :])
    assert "\n".join(lines[6:]) == str(solver.summary())


def test_a_regression_shows_losses(capsys):
    solver = quiet_solver(verbose=True, task_type="regression", num_epochs=1)
    solver.train()
    out = capsys.readouterr().out
    assert "train loss" in out and "best validation loss" in out and "acc" not in out


def test_quiet_means_quiet(capsys):
    quiet_solver().train()
    assert capsys.readouterr() == ("", "")


def test_the_length_of_an_epoch_need_not_be_known(capsys):
    data = quadrant_data()

    class Stream(DataIter):
        def next(self):
            return data.next()

        def reset(self):
            super().reset()
            data.reset()

    quiet_solver(train=Stream(), verbose=True).train()
    assert "(Iteration 10) loss: " in capsys.readouterr().out


def test_there_is_one_progress_bar_and_it_can_be_ones_own():
    own = ProgressBar(every=3)
    solver = quiet_solver(callbacks=[own], verbose=True)
    assert solver.callbacks == [own]
    assert [type(each) for each in quiet_solver(verbose=True).callbacks] == [ProgressBar]


def test_the_bar(capsys):
    pytest.importorskip("tqdm", reason="needs tqdm")
    solver = quiet_solver(callbacks=[ProgressBar(every=5, bar=True)], verbose=True)
    solver.train()
    out, err = capsys.readouterr()
    last = err.replace("\r", "\n").strip().splitlines()[-1]
    assert last.startswith("epoch 2/2: 100%|")
    assert "20/20" in last and f"loss {solver.loss_history[-1]:.4f}" in last
    assert re.search(r"^epoch 1/2  loss 0\.\d{4}  train acc", out, re.MULTILINE)
    assert "(Iteration" not in out


def test_without_tqdm_there_are_lines(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    quiet_solver(callbacks=[ProgressBar(every=5, bar=True)], verbose=True).train()
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("(Iteration 5 / 20) loss: ")


def test_after_a_resume_the_bar_counts_what_was_done_before(tmp_path, capsys):
    pytest.importorskip("tqdm", reason="needs tqdm")
    first = quiet_solver(num_epochs=1)
    first.train()
    first.save_checkpoint(tmp_path / "c.npz")
    solver = quiet_solver(callbacks=[ProgressBar(bar=True)], num_epochs=2)
    solver.resume(tmp_path / "c.npz")
    solver.train()
    assert "20/20" in capsys.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]


def test_an_error_is_followed_by_no_summary(capsys):
    class Diverging(TwoLayers):
        def loss(self, predict, y):
            return super().loss(predict, y) * onp.nan

    with pytest.raises(DivergedError), onp.errstate(invalid="ignore"):
        quiet_solver(Diverging(), verbose=True).train()
    assert capsys.readouterr().out == ""


def test_training_while_an_exception_is_handled_prints_its_summary(capsys):
    try:
        raise RuntimeError("the run before")
    except RuntimeError:
        quiet_solver(verbose=True, num_epochs=1).train()
    assert "training of" in capsys.readouterr().out


def test_a_run_after_one_that_failed_prints_its_summary(capsys):
    class FailsOnce:
        def on_step_end(self, solver):
            if solver.iteration == 1:
                raise RuntimeError("once")

    solver = quiet_solver(verbose=True, num_epochs=1, callbacks=[FailsOnce()])
    with pytest.raises(RuntimeError, match="once"):
        solver.train()
    assert solver.failed and capsys.readouterr().out == ""
    solver.train()
    assert not solver.failed and "training of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "path",
    ["run{lr=0.1}.npz", "{}.npz", "{0}.npz", "{epoch.x}.npz", "{step!z}", "{epoch", "{step:q}"],
)
def test_a_path_that_cannot_be_filled_in_is_refused_at_once(path):
    with pytest.raises(ValueError, match=r"cannot be filled in .*\{epoch\} and \{step\}"):
        Checkpoint(path)


def test_braces_in_the_name_of_a_checkpoint(tmp_path):
    path = tmp_path / "run{{lr=0.1}}-{epoch:03}-{step}.npz"
    quiet_solver(num_epochs=1, callbacks=[Checkpoint(path)]).train()
    assert [file.name for file in tmp_path.iterdir()] == ["run{lr=0.1}-001-10.npz"]


# ---------------------------------------------------------------------------- plots


class Display:
    """What IPython's `display` gives for a picture that is replaced."""

    def __init__(self):
        self.shown = []

    def update(self, picture):
        self.shown.append(picture)


@pytest.fixture
def jupyter(monkeypatch):
    """Let callbacks think that they are in a notebook, and give what they show."""
    ipython = pytest.importorskip("IPython.display", reason="needs IPython")
    pytest.importorskip("matplotlib", reason="needs Matplotlib")
    display = Display()

    def show(picture, display_id):
        assert display_id is True
        display.update(picture)
        return display

    monkeypatch.setattr(ipython, "display", show)
    for module in (live, callbacks):
        monkeypatch.setattr(module, "in_jupyter", lambda: True)
    return display


def test_a_live_plot_replaces_its_picture(jupyter):
    solver = quiet_solver(callbacks=[LivePlot(seconds=0)], num_epochs=1)
    solver.train()
    assert len(jupyter.shown) == 10 + 1
    steps = [max(len(line.get_xdata()) for line in f.axes[0].lines) for f in jupyter.shown]
    assert steps == [*range(1, 11), 10]
    assert len(jupyter.shown[-1].axes) == 2
    assert jupyter.shown[-1]._repr_png_().startswith(b"\x89PNG")


def test_a_live_plot_draws_now_and_then(jupyter, monkeypatch):
    clock = iter(range(1000))  # whoever looks finds that a second went by
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    quiet_solver(callbacks=[LivePlot(seconds=9)], num_epochs=3).train()
    steps = [max(len(line.get_xdata()) for line in f.axes[0].lines) for f in jupyter.shown]
    assert steps == [1, 10, 19, 28, 30]


def test_outside_of_jupyter_a_live_plot_says_what_to_do(capsys):
    quiet_solver(callbacks=[LivePlot(seconds=0)]).train()
    assert capsys.readouterr().out.startswith("LivePlot draws in Jupyter only; here, solver.plot()")


# ---------------------------------------------------------------------------- TensorBoard


def test_event_files_hold_the_histories(tmp_path):
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    solver = quiet_solver(callbacks=[TensorBoard(tmp_path / "run", every=5)])
    solver.train()
    # in a process of its own: what reads event files imports much, with warnings
    script = (
        "import sys\n"
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "events = EventAccumulator(sys.argv[1])\n"
        "events.Reload()\n"
        "for tag in events.Tags()['scalars']:\n"
        "    print(tag, *[f'{e.step}:{e.value:.5f}' for e in events.Scalars(tag)])\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=True,
    )
    losses = solver.loss_history
    accuracies = solver.val_acc_history
    lines = done.stdout.splitlines()
    assert f"loss {' '.join(f'{i}:{losses[i - 1]:.5f}' for i in (5, 10, 15, 20))}" in lines
    assert (
        f"accuracy/val {' '.join(f'{10 * i}:{a:.5f}' for i, a in enumerate(accuracies, 1))}"
        in lines
    )
    assert any(line.startswith("learning_rate 5:0.01000") for line in lines)


def test_without_tensorboard_the_message_says_what_to_install(monkeypatch):
    for name in ("tensorboard.compat.proto", "tensorboard.summary.writer.event_file_writer"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        TensorBoard("runs")


# ---------------------------------------------------------------------------- stopping


class Scored:
    """Stand in for a solver with a history."""

    def __init__(self, history, task_type="classification"):
        self.train_acc_history = []
        self.val_acc_history = history
        self.task_type = task_type
        self.stop_reason = None

    def stop(self, reason):
        self.stop_reason = reason


@pytest.mark.parametrize(
    ("history", "patience", "least", "stops_after"),
    [
        ([0.1, 0.2, 0.3, 0.4], 1, 0.0, None),
        ([0.1, 0.2, 0.2, 0.2], 2, 0.0, 4),
        ([0.5, 0.4, 0.6, 0.5, 0.5, 0.5], 3, 0.0, 6),
        ([0.5, 0.505, 0.51, 0.6], 2, 0.05, 3),
        ([math.nan, 0.1, 0.05, 0.05], 2, 0.0, 4),
        ([math.nan, math.nan, math.nan], 2, 0.0, 3),
    ],
)
def test_early_stopping(history, patience, least, stops_after):
    stopping = EarlyStopping(patience, least)
    for n in range(1, len(history) + 1):
        solver = Scored(history[:n])
        stopping.on_epoch_end(solver)
        if n == stops_after:
            assert solver.stop_reason.startswith(f"no better for {patience} epochs than ")
            return
        assert solver.stop_reason is None
    assert stops_after is None


def test_early_stopping_of_a_regression():
    solver = Scored([1.0, 0.5, 0.6], "regression")
    EarlyStopping(1).on_epoch_end(solver)
    assert solver.stop_reason == "no better for 1 epochs than 0.5, in epoch 2"


def test_early_stopping_stops_a_solver_with_its_best_parameters():
    np.random.seed(0)
    solver = quiet_solver(
        update_rule="sgd",
        optim_config={"learning_rate": 3.0},
        num_epochs=50,
        callbacks=[EarlyStopping(2)],
    )
    solver.train()
    assert solver.epoch == solver.best_epoch + 2 < 50
    assert solver.check_accuracy(solver.test_dataiter) == solver.best_val_acc
    assert "stopped because" in str(solver.summary())


def test_a_patience_of_nothing_is_refused():
    with pytest.raises(ValueError, match="patience is a number of epochs, from 1, but is 0"):
        EarlyStopping(0)


def test_a_script_in_a_pipe_shows_lines():
    script = (
        "from tests.nn.networks import quiet_solver\n"
        "quiet_solver(verbose=True, num_epochs=1).train()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("(Iteration 10 / 10) loss: ")


# ---------------------------------------------------------------------------- averaging


def test_an_average_of_the_parameters(torch):
    average = ExponentialAverage(0.8)
    seen = []

    class Look:
        def on_train_begin(self, solver):
            seen.append({name: onp.array(x.asnumpy()) for name, x in solver.model.params.items()})

        on_step_end = on_train_begin

    solver = quiet_solver(num_epochs=1, callbacks=[Look(), average], restore_best=False)
    solver.train()
    for name, found in average.params.items():
        theirs = torch.optim.swa_utils.get_ema_multi_avg_fn(0.8)
        expected = [torch.tensor(seen[0][name])]
        for now in seen[1:]:
            theirs(expected, [torch.tensor(now[name])], None)
        onp.testing.assert_allclose(found.asnumpy(), expected[0], rtol=1e-5, atol=1e-6)
    before = values(solver.model.params)
    with average.applied(solver.model):
        assert values(solver.model.params) == values(average.params) != before
    assert values(solver.model.params) == before
    average.update(solver.model)
    assert values(average.params) != before
    with pytest.raises(ValueError, match="decay must be at least 0 and below 1, but is 1"):
        ExponentialAverage(1)
