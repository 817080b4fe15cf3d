"""A resumed run gives what an unbroken one would have given, bit by bit."""

import subprocess
import sys
from pathlib import Path

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import parameters, schedules
from minpy.nn.callbacks import Checkpoint, EarlyStopping
from minpy.nn.io import DataIter, PrefetchIter
from minpy.nn.parameters import ParameterFileError

from .networks import TwoLayers, modules, quadrant_data, quiet_solver, values

ROOT = Path(__file__).resolve().parents[2]


class Stop:
    """Stop after a step, as if the process ended there."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, solver):
        if solver.iteration == self.step:
            solver.stop("the end of the world")


def run(make, path=None, stop_at=None, endings="npz"):
    """Train; if `stop_at` is given, with a break there, and a new solver afterwards."""
    np.random.seed(7)
    solver = make()
    if stop_at is not None:
        path = f"{path}.{endings}"
        solver.callbacks += [Checkpoint(path, every_steps=stop_at), Stop(stop_at)]
        solver.train()
        assert solver.iteration == stop_at
        np.random.seed(99)
        np.random.normal(size=3)
        solver = make()
        solver.resume(path)
    solver.train()
    return solver


def assert_same(solver, other):
    assert values(solver.model.params) == values(other.model.params)
    assert values(solver.best_params) == values(other.best_params)
    assert values(solver.model.aux_params) == values(other.model.aux_params)
    for name in ("loss_history", "train_acc_history", "val_acc_history", "best_val_acc"):
        assert getattr(solver, name) == getattr(other, name)
    assert (solver.epoch, solver.iteration) == (other.epoch, other.iteration)
    assert np.random.normal(size=()) is not None


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_with_each_rule(tmp_path, rule):
    def make():
        return quiet_solver(update_rule=rule, num_epochs=3)

    assert_same(run(make, tmp_path / "c", stop_at=14), run(make))


@pytest.mark.parametrize("stop_at", [1, 9, 10, 11, 29])
def test_wherever_in_an_epoch_it_stops(tmp_path, stop_at):
    def make():
        return quiet_solver(num_epochs=3)

    assert_same(run(make, tmp_path / "c", stop_at), run(make))


@pytest.mark.parametrize("last_batch_handle", ["pad", "discard", "roll_over"])
def test_with_each_kind_of_last_batch(tmp_path, last_batch_handle):
    def make():
        data = quadrant_data(batch_size=9, last_batch_handle=last_batch_handle)
        return quiet_solver(train=data, num_epochs=3)

    assert_same(run(make, tmp_path / "c", stop_at=17), run(make))


def test_with_what_changes_over_time(tmp_path):
    def noise(x, rng):
        return x + rng.normal(size=x.shape).astype(x.dtype)

    def make():
        return quiet_solver(
            modules(),
            PrefetchIter(quadrant_data(transform=noise)),
            lr_decay=0.9,
            schedule=schedules.warmup(25),
            weight_decay=0.01,
            clip_norm=0.5,
            num_epochs=5,
            callbacks=[EarlyStopping(2)],
        )

    resumed, unbroken = run(make, tmp_path / "c", stop_at=16), run(make)
    assert unbroken.stop_reason == resumed.stop_reason
    assert_same(resumed, unbroken)


@pytest.mark.parametrize("policy", ["prefer_torch", "prefer_mxnet"])
def test_with_arrays_of_other_libraries(tmp_path, policy):
    def make():
        return quiet_solver(modules(), clip_norm=0.5)

    try:
        with minpy.use_policy(policy):
            np.ones(1)
    except minpy.BackendError as error:
        pytest.skip(str(error))
    with minpy.use_policy(policy):
        resumed, unbroken = run(make, tmp_path / "c", stop_at=14), run(make)
        weight = unbroken.model.params["fully_connected0_weight"]
        assert type(weight.detach()._data) is not onp.ndarray
        assert_same(resumed, unbroken)
    assert run(make).loss_history == pytest.approx(unbroken.loss_history, rel=1e-4)


def test_in_hdf5(tmp_path):
    pytest.importorskip("h5py", reason="needs h5py")
    assert_same(run(quiet_solver, tmp_path / "c", 14, endings="h5"), run(quiet_solver))


class KeepsMeans(TwoLayers):
    """Has something beside its parameters that changes with training."""

    def __init__(self):
        super().__init__()
        self.add_aux_param("mean", np.zeros(4)).add_aux_param("nothing", None)

    def forward(self, X, mode):
        if mode == "train":
            self.aux_params["mean"] = 0.9 * self.aux_params["mean"] + 0.1 * X.mean(axis=0)
        return super().forward(X - self.aux_params["mean"], mode)

    def loss(self, predict, y):
        return super().loss(predict, y)


def test_with_auxiliary_parameters(tmp_path):
    def make():
        solver = quiet_solver(KeepsMeans(), num_epochs=3)
        return solver

    def aux(solver):
        return solver.model.aux_params["mean"].asnumpy().tobytes()

    resumed, unbroken = run(make, tmp_path / "c", 14), run(make)
    assert aux(resumed) == aux(unbroken)
    assert values(resumed.model.params) == values(unbroken.model.params)
    assert resumed.model.aux_params["nothing"] is None


# What is killed is a process, without any warning, in the middle of an epoch.
KILLED = """
import os
import sys

sys.path.insert(0, {root!r})
import minpy.numpy as np
from minpy.nn.callbacks import Checkpoint
from tests.nn.networks import quiet_solver

class Kill:
    def on_step_end(self, solver):
        if solver.iteration == 17:
            os._exit(9)

np.random.seed(7)
quiet_solver(num_epochs=3, callbacks=[Checkpoint({path!r}, every_steps=5), Kill()]).train()
"""


def test_after_a_kill(tmp_path):
    path = str(tmp_path / "c.npz")
    script = KILLED.format(root=str(ROOT), path=path)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 9
    resumed = quiet_solver(num_epochs=3)
    resumed.resume(path)
    assert resumed.iteration == 15
    resumed.train()
    assert_same(resumed, run(lambda: quiet_solver(num_epochs=3)))


def test_more_epochs_than_before(tmp_path):
    path = tmp_path / "c.npz"
    np.random.seed(7)
    quiet_solver(num_epochs=2, callbacks=[Checkpoint(path)]).train()
    longer = quiet_solver(num_epochs=4)
    longer.resume(path)
    longer.train()
    assert_same(longer, run(lambda: quiet_solver(num_epochs=4)))


def test_files_for_each_epoch_and_one_for_the_last(tmp_path):
    np.random.seed(7)
    callbacks = [Checkpoint(tmp_path / "{epoch}-{step}.npz", every_epochs=2)]
    quiet_solver(num_epochs=3, callbacks=callbacks).train()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["2-20.npz", "3-30.npz"]


@pytest.mark.parametrize("threads", [(False, True), (True, False)])
def test_whether_batches_are_prepared_in_a_thread_does_not_matter(tmp_path, threads):
    kinds = iter((False, *threads))

    def make():
        data = quadrant_data()
        return quiet_solver(train=PrefetchIter(data) if next(kinds) else data)

    assert_same(run(make), run(make, tmp_path / "c", stop_at=13))


# ---------------------------------------------------------------------------- refused


@pytest.fixture
def path(tmp_path):
    solver = quiet_solver(num_epochs=1)
    solver.train()
    solver.save_checkpoint(tmp_path / "c.npz")
    return tmp_path / "c.npz"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"update_rule": "sgd"}, r"update rules: \{'w1': 'adam'.*\} then, \{'w1': 'sgd'"),
        ({"train": quadrant_data(batch_size=20)}, r"a batch: \[\['data', \[10, 4\]\]\] then"),
        ({"train": quadrant_data(samples=90)}, r"samples: 100 then, 90 now"),
        ({"model": TwoLayers(hidden=9)}, r"w1 has shape \(4, 8\), the model's has \(4, 9\)"),
        ({"model": modules()}, r"model: TwoLayers then, Model now"),
    ],
)
def test_another_solver_is_refused(path, other, message):
    solver = quiet_solver(**{"num_epochs": 1, **other})
    solver.train()
    before = values(solver.model.params), list(solver.loss_history), solver.optim_configs
    with pytest.raises(ValueError, match=message):
        solver.resume(path)
    after = values(solver.model.params), solver.loss_history, solver.optim_configs
    assert before == after  # it is still what it was


def test_parameters_alone_are_no_checkpoint(path, tmp_path):
    solver = quiet_solver()
    solver.init()
    name = solver.model.save(tmp_path / "model")
    with pytest.raises(ParameterFileError, match=r"model\.npz is no checkpoint.*model\.load reads"):
        solver.resume(name)
    before = values(solver.model.params)
    solver.model.load(path)  # and a checkpoint has the parameters of a model
    assert values(solver.model.params) != before


def test_an_iterator_that_cannot_be_put_somewhere_is_named(tmp_path):
    data = quadrant_data()

    class Stream(DataIter):
        provide_data = data.provide_data

        def next(self):
            return data.next()

        def reset(self):
            super().reset()
            data.reset()

        def getnumiterations(self):
            return 10

    solver = quiet_solver(train=Stream(), num_epochs=1)
    solver.train()
    solver.save_checkpoint(tmp_path / "c.npz")
    with pytest.raises(ValueError, match="Stream has no get_state"):
        solver.resume(tmp_path / "c.npz")


def test_what_cannot_be_saved_is_named(tmp_path):
    def strange(w, dw, config):
        config["memory"] = object()
        return w, config

    solver = quiet_solver(update_rule=strange, num_epochs=1)
    solver.train()
    with pytest.raises(TypeError, match=r"solver/optim_configs/w1/memory is an object"):
        solver.save_checkpoint(tmp_path / "c.npz")


def test_a_checkpoint_holds_no_pickle(path):
    with onp.load(path, allow_pickle=False) as arrays:
        assert "params/w1" in arrays and "solver/optim_configs/w1/m" in arrays
        assert all(arrays[name].dtype.kind != "O" for name in arrays)
    assert parameters.load(path)["random"]["bit_generator"] == "MT19937"
