"""The states of symbols that a model calls: saved, loaded and resumed with its parameters."""

import copy

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.solver import Solver

STATE = "conv.bn_moving_mean"


@pytest.fixture
def net_class(mx):
    class Net(ModelBase):
        """Convolution, batch normalization and dropout as a symbol; the scores with NumPy."""

        def __init__(self):
            super().__init__()
            x = mx.sym.Variable("x")
            x = mx.sym.Convolution(x, name="c", kernel=(3, 3), num_filter=4, no_bias=True)
            x = mx.sym.BatchNorm(x, name="bn", fix_gamma=False, momentum=0.5)
            x = mx.sym.Dropout(mx.sym.Flatten(x), p=0.3)
            self.conv = minpy.Function(x, {"x": (6, 2, 5, 5)}, name="conv")
            self.add_params(self.conv.get_params())
            self.add_param("w", (36, 3))

        def forward(self, x, mode):
            self.conv.is_train = mode == "train"
            return self.conv(x=x, **self.params) @ self.params["w"]

        def loss(self, predict, y):
            return layers.softmax_loss(predict, y)

    return Net


def solver_of(net, epochs=2, **options):
    rng = onp.random.RandomState(1)
    x = rng.normal(1.0, 2.0, size=(24, 2, 5, 5)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 1).astype(int)
    data = NDArrayIter(x, y, batch_size=6, shuffle=True)
    test = NDArrayIter(x, y, batch_size=6)
    settings = {"learning_rate": 0.1, "momentum": 0.9}
    return Solver(
        net,
        data,
        test,
        num_epochs=epochs,
        update_rule="sgd_momentum",
        optim_config=settings,
        verbose=False,
        **options,
    )


def all_values(model):
    return {name: onp.array(x) for name, x in {**model.params, **model.all_aux_params()}.items()}


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        onp.testing.assert_array_equal(actual[name], value, err_msg=name)


def in_turn(scores):
    """Return a `Solver.check_accuracy` that says these of the test data."""
    return lambda self, data, _=None: next(scores) if data is self.test_dataiter else 0.5


def trained(net, epochs=2):
    np.random.seed(3)
    solver_of(net, epochs).train()
    return net


def test_a_file_has_the_states(net_class, tmp_path):
    net = trained(net_class())
    assert abs(net.all_aux_params()[STATE]).max() > 0.01
    other = net_class().load(net.save(tmp_path / "net"))
    assert_same(all_values(other), all_values(net))
    x = onp.ones((6, 2, 5, 5), "float32")
    onp.testing.assert_array_equal(other.forward(x, "test"), net.forward(x, "test"))


def test_a_resumed_run_ends_in_the_same_bits(net_class, tmp_path):
    expected = all_values(trained(net_class(), 4))
    np.random.seed(3)
    first = solver_of(net_class(), 2)
    first.train()
    first.save_checkpoint(tmp_path / "run.npz")
    np.random.seed(99)
    second = solver_of(net_class(), 4)
    second.resume(tmp_path / "run.npz")
    second.train()
    assert_same(all_values(second.model), expected)


def test_the_best_epoch_comes_back_with_its_states(net_class, monkeypatch):
    expected = all_values(trained(net_class(), 1))
    scores = iter([0.9, 0.1])
    monkeypatch.setattr(Solver, "check_accuracy", in_turn(scores))
    np.random.seed(3)
    solver = solver_of(net_class(), 2, restore_best=True)
    solver.train()
    assert solver.best_epoch == 1
    assert_same(all_values(solver.model), expected)


def test_a_copy_has_states_of_its_own(net_class):
    net = trained(net_class())
    before = all_values(net)
    trained(copy.deepcopy(net))
    assert_same(all_values(net), before)


def test_symbols_in_containers_are_found(mx):
    def norm(name):
        x = mx.sym.BatchNorm(mx.sym.Variable("x"), name=name)
        return minpy.Function(x, {"x": (2, 3)}, name=name)

    model = ModelBase()
    model.blocks, model.heads = [norm("bn")], {"left": norm("bn")}
    model.blocks[0].states["bn_moving_mean"] = onp.ones(3)
    assert list(model.all_aux_params()) == ["blocks.0.bn_moving_mean"]
    model.set_params({}, {"heads.left.bn_moving_var": onp.full(3, 2.0)})
    onp.testing.assert_array_equal(model.heads["left"].states["bn_moving_var"], onp.full(3, 2.0))
    assert model.aux_params == {}
