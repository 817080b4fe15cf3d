"""Putting networks together, and training them in a loop of one's own."""

import contextlib
import sys
import weakref

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.io import DataBatch
from minpy.nn.model_builder import Add, Layer, Model, Module, Mul, Sequential, Sub, Updater
from minpy.nn.modules import BatchNorm, Dropout, FullyConnected, Identity, ReLU, Tanh
from minpy.nn.parameters import ParameterFileError

from .networks import TwoLayers, quadrant_data, quadrants, quiet_solver, values

X = np.array(onp.random.default_rng(0).normal(size=(6, 3)).astype("f"))
Y = np.array([0, 1, 0, 1, 1, 0])


def two_layers():
    return Model(Sequential(FullyConnected(5), Tanh(), FullyConnected(2)), loss="softmax_loss")


# ---------------------------------------------------------------------------- names and parts


def test_names_come_from_the_model_and_not_from_how_many_there_were_before():
    for _ in range(2):
        model = two_layers()
        model.grad_and_loss(X, Y)
        assert list(model.params) == [
            "fully_connected0_weight",
            "fully_connected0_bias",
            "fully_connected1_weight",
            "fully_connected1_bias",
        ]


def test_a_name_can_be_chosen():
    model = Model(Sequential(FullyConnected(2, name="out")), "softmax", input_shape=(3,))
    assert list(model.params) == ["out_weight", "out_bias"]
    with pytest.raises(ValueError, match="there is a parameter 'out_weight' already"):
        Model(Sequential(FullyConnected(2, name="out"), FullyConnected(2, name="out")))(X)


def test_modules_in_attributes_lists_and_dicts_are_parts():
    class Block(Module):
        def __init__(self):
            super().__init__()
            self.inner = {"a": FullyConnected(3), "b": [Tanh(), (FullyConnected(3),)]}

        def forward(self, x):
            return self.inner["b"][1][0](self.inner["b"][0](self.inner["a"](x)))

    class Net(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.blocks = [Block(), Block()]
            self.out = FullyConnected(2)

        def forward(self, data):
            for block in self.blocks:
                data = block(data)
            return self.out(data)

    model = Net()
    gradients, _ = model.grad_and_loss(X, Y)
    assert len(gradients) == 2 * (2 * 2 + 1)
    assert all(onp.abs(g.asnumpy()).max() > 0 for g in gradients.values())


def test_a_module_used_twice_has_one_set_of_parameters():
    shared = FullyConnected(3)
    model = Model(Sequential(shared, Tanh(), shared, FullyConnected(2)), loss="softmax_loss")
    gradients, _ = model.grad_and_loss(X, Y)
    assert len(gradients) == 4

    def by_hand(w, b):
        hidden = np.tanh(X @ w + b) @ w + b
        out = model.network[3]
        return layers.softmax_loss(hidden @ out.param("weight") + out.param("bias"), Y)

    params = model.params
    expected = minpy.grad(by_hand)(
        params["fully_connected0_weight"], params["fully_connected0_bias"]
    )
    onp.testing.assert_allclose(
        gradients["fully_connected0_weight"].asnumpy(), expected.asnumpy(), rtol=1e-5
    )


def test_a_module_appended_later_is_part_of_the_model():
    model = two_layers()
    model.grad_and_loss(X, Y)
    before = values(model.params)
    model.network.append(Tanh())
    model.network.append(FullyConnected(2))
    gradients, _ = model.grad_and_loss(X, Y)
    assert list(gradients)[-1] == "fully_connected2_bias"
    assert {name: value for name, value in values(model.params).items() if name in before} == before


def test_a_module_that_became_part_of_another_model_takes_its_parameters_along():
    net = Sequential(FullyConnected(2))
    first = Model(net, loss="softmax_loss")
    first.grad_and_loss(X, Y)
    trained = values(first.params)
    second = Model(net, loss="svm_loss")
    assert values(second.params) == trained
    second.grad_and_loss(X, Y)
    with pytest.raises(RuntimeError, match="became part of another Model since"):
        first.grad_and_loss(X, Y)


def test_a_model_in_a_model_shares_its_parameters():
    class Inner(Model):
        def __init__(self):
            super().__init__()
            self.dense = FullyConnected(4)

        def forward(self, data):
            return np.tanh(self.dense(data))

    class Outer(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.inner = Inner()
            self.out = FullyConnected(2)

        def forward(self, data):
            return self.out(self.inner.forward(data))

    gradients, _ = Outer().grad_and_loss(X, Y)
    assert list(gradients) == [
        f"fully_connected{i}_{p}" for i in (0, 1) for p in ("weight", "bias")
    ]
    assert all(onp.abs(g.asnumpy()).max() > 0 for g in gradients.values())


def test_super_init_is_asked_for():
    class Forgetful(Model):
        def __init__(self):
            self.dense = FullyConnected(2)

    with pytest.raises(
        TypeError, match=r"call super\(\).__init__\(\) before Forgetful.dense is set"
    ):
        Forgetful()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Add, lambda a, b: a + b), (Sub, lambda a, b: a - b), (Mul, lambda a, b: a * b)],
)
def test_two_modules_combined(kind, expected):
    dense = FullyConnected(3)
    combined = kind(Identity(), dense)
    out = combined(X)
    onp.testing.assert_array_equal(out.asnumpy(), expected(X, dense(X)).asnumpy())
    operators = {Add: dense + dense, Sub: dense - dense, Mul: dense * dense}
    assert type(operators[kind]) is kind


def test_sequential_is_a_sequence():
    net = Sequential(ReLU())
    net.append(Tanh())
    net.insert(0, FullyConnected(2))
    assert [type(module).__name__ for module in net] == ["FullyConnected", "ReLU", "Tanh"]
    assert len(net) == 3 and isinstance(net[2], Tanh)


def test_sequential_hands_on_all_that_a_module_returns():
    class Pair(Module):
        def forward(self, x):
            return x, x + 1

    class Sum(Module):
        def forward(self, x, y):
            return x + y

    assert Sequential(Pair(), Sum())(np.ones(2)).tolist() == [3.0, 3.0]
    assert len(Sequential(Pair())(np.ones(2))) == 2


def test_the_repr_shows_structure_and_shapes():
    model = Model(Sequential(FullyConnected(5), Identity() + ReLU()), loss="softmax_loss")
    assert repr(model).splitlines() == [
        "Model(loss=softmax_loss",
        "  Sequential(",
        "    FullyConnected(num_hidden=5)",
        "    Add(",
        "      Identity()",
        "      ReLU()",
        "    )",
        "  )",
        ")",
    ]
    model.grad_and_loss(X, Y)
    lines = repr(model).splitlines()
    assert "FullyConnected(num_hidden=5): (N, 3) -> (N, 5), weight (3, 5), bias (5,)" in lines[2]
    assert lines[-2] == "  ): (N, 3) -> (N, 5)"


# ---------------------------------------------------------------------------- modes


def test_training_and_inference():
    model = Model(Sequential(BatchNorm(), Dropout(0.5), FullyConnected(2)), loss="softmax_loss")
    model.grad_and_loss(X, Y)
    model.inference()
    first = model.forward(X).asnumpy()
    onp.testing.assert_array_equal(model.forward(X).asnumpy(), first)
    onp.testing.assert_array_equal(model.forward(X, "test").asnumpy(), first)
    model.training()
    assert (model.forward(X).asnumpy() != first).any()
    assert (model.forward(X, mode="training").asnumpy() != first).any()
    onp.testing.assert_raises(AssertionError, onp.testing.assert_array_equal, first, 0)
    with pytest.raises(ValueError, match="mode is one of train, training, test, inference"):
        model.forward(X, "testing")


def test_finding_out_shapes_leaves_running_averages_and_the_mode_alone():
    model = Model(Sequential(BatchNorm(), FullyConnected(2)), input_shape=(3,))
    assert model.aux_params["batch_norm0_moving_mean"].tolist() == [0, 0, 0]
    assert model.is_training


def test_forward_gets_the_mode_if_it_has_a_place_for_it():
    seen = []

    class Net(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.dense = FullyConnected(2)

        def forward(self, data, mode="training"):
            seen.append((mode, self.dense.is_training))
            return self.dense(data)

    data = quadrant_data()
    quiet_solver(Net(), data, data, num_epochs=1).train()
    assert set(seen) == {("training", True), ("inference", False)}


@pytest.mark.parametrize("before", ["training", "inference"])
def test_a_mode_for_one_call_lasts_one_call(before):
    model = Model(Sequential(FullyConnected(2), Dropout(0.5), BatchNorm()), "softmax_loss")
    model.grad_and_loss(X, Y)
    getattr(model, before)()
    for mode in ("train", "test"):
        model.forward(X, mode)
        model.forward(X, mode=mode)
        model.forward_batch(DataBatch([X], [Y]), mode)
        with pytest.raises(ValueError):
            model.forward(X[:, :1], mode)
        with pytest.raises(ValueError):
            model.forward_batch(DataBatch([X[:, :1]], [Y]), mode)
        assert model.is_training == (before == "training")
    with pytest.raises(ValueError, match="mode is one of"):
        model.forward(X, "teaching")
    for data in (X[:, :1], X):
        with contextlib.suppress(ValueError):
            model.grad_and_loss(data, Y)
        assert model.is_training == (before == "training")


@pytest.mark.parametrize("before", ["training", "inference"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_solver_leaves_the_mode_as_it_was(before, fails):
    class Failing:
        def on_step_end(self, solver):
            if fails and solver.iteration == 3:
                raise RuntimeError("for the test")

    model = two_layers()
    getattr(model, before)()
    solver = quiet_solver(model, callbacks=[Failing()])
    with pytest.raises(RuntimeError) if fails else contextlib.nullcontext():
        solver.train()
    solver.check_accuracy(solver.train_dataiter)
    assert model.is_training == (before == "training")


def test_the_loss_is_computed_in_the_mode_of_the_forward_pass():
    seen = []

    class Noting(Model):
        def loss(self, predict, y):
            seen.append(self.is_training)
            return np.mean((predict - y[:, None]) ** 2)

    model = Noting(FullyConnected(1))
    model.inference()
    solver = quiet_solver(model, num_epochs=1, task_type="regression")
    solver.train()
    assert seen[:10] == [True] * 10 and not any(seen[10:])


# ---------------------------------------------------------------------------- gradients


def test_backward_goes_back_the_way_of_a_call():
    model = two_layers()
    with pytest.raises(RuntimeError, match="backward goes back the way of a call"):
        model.backward()
    loss = model(X, labels=Y)
    expected, value = model.grad_and_loss(X, Y)
    assert loss.item() == value.item()
    for name, g in model.backward().items():
        onp.testing.assert_allclose(g.asnumpy(), expected[name].asnumpy(), rtol=1e-4)
    out = model(X)
    assert out.shape == (6, 2)
    upstream = np.ones((6, 2)) * 2
    doubled, once = model.backward(upstream), model.backward()
    for name, g in doubled.items():
        onp.testing.assert_allclose(g.asnumpy(), 2 * once[name].asnumpy(), rtol=1e-5)


def test_second_order_through_a_model():
    model = two_layers()
    model.grad_and_loss(X, Y)
    model.inference()

    def norm_of_gradient(x):
        return np.sum(minpy.grad(lambda x: np.sum(model.forward(x) ** 2))(x) ** 2)

    with minpy.use_default_dtype("float64"):
        model.set_params({k: v.astype("float64") for k, v in model.params.items()}, {})
    assert minpy.gradcheck(norm_of_gradient, X.astype("float64"))


@pytest.mark.parametrize("loss", ["softmax_loss", "softmax", layers.softmax_loss])
def test_a_loss_by_name_or_as_a_function(loss):
    np.random.seed(0)
    expected = two_layers().grad_and_loss(X, Y)[1].item()
    np.random.seed(0)
    net = Sequential(FullyConnected(5), Tanh(), FullyConnected(2))
    assert Model(net, loss).grad_and_loss(X, Y)[1].item() == expected


def test_a_loss_that_there_is_not_is_named():
    with pytest.raises(
        ValueError, match=r"there is no loss 'sofmax' in minpy.nn.layers; there are"
    ):
        Model(FullyConnected(2), loss="sofmax")


def test_a_model_without_a_network_says_what_is_missing():
    with pytest.raises(
        NotImplementedError, match=r"Model has no network: give Model one, or write"
    ):
        Model(loss="softmax_loss").grad_and_loss(X, Y)
    with pytest.raises(NotImplementedError, match=r"Model has no loss: give Model one, such as"):
        Model(FullyConnected(2)).grad_and_loss(X, Y)


# ---------------------------------------------------------------------------- a loop of one's own


def test_an_updater_does_what_a_solver_does():
    config = {"learning_rate": 0.01}
    np.random.seed(0)
    model = two_layers()
    solver = quiet_solver(
        model, update_rule="adam", optim_config=config, num_epochs=1, restore_best=False
    )
    solver.train()
    np.random.seed(0)
    other = two_layers()
    data = quadrant_data()
    other.build(data)
    other.init_params()
    updater = Updater(other, update_rule="adam", **config)
    for batch in data:
        gradients, _ = other.grad_and_loss(batch.data[0], batch.label[0])
        updater(gradients)
    assert values(other.params) == values(model.params)


def test_the_configuration_of_an_updater_can_be_changed():
    model = two_layers()
    updater = Updater(model, update_rule="sgd_momentum", learning_rate=0.1, momentum=0.9)
    gradients, _ = model.grad_and_loss(X, Y)
    updater(gradients)
    updater.learning_rate = updater.learning_rate * 0.1
    assert updater["fully_connected0_weight"]["learning_rate"] == pytest.approx(0.01)
    assert updater["fully_connected1_bias"]["momentum"] == 0.9
    with pytest.raises(AttributeError, match="Updater has no 'decay'; it was made with learning"):
        updater.decay  # noqa: B018
    with pytest.raises(KeyError, match="the parameters are fully_connected0_weight"):
        updater["w"]


def test_some_parameters_may_be_updated_alone():
    model = two_layers()
    gradients, _ = model.grad_and_loss(X, Y)
    before = {name: x.copy() for name, x in model.params.items()}
    del gradients["fully_connected0_weight"]
    Updater(model, learning_rate=0.5)(gradients)
    changed = {n for n, x in model.params.items() if (x.asnumpy() != before[n].asnumpy()).any()}
    assert changed == set(gradients) - {"fully_connected0_weight"}


def test_the_way_back_goes_with_the_result_of_a_call():
    model = two_layers()
    out = model(X)
    expected = values(model.backward())
    kept = weakref.ref(model._last_call.vjp[0])
    out[...] = 0.0
    assert values(model.backward()) == expected
    del out
    assert kept() is None
    with pytest.raises(RuntimeError, match="what the last one returned is gone"):
        model.backward()
    first, second = model(X), model(X)
    del first
    assert values(model.backward()) == expected
    assert second.shape == (6, 2)


def test_backward_of_several_results():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = FullyConnected(2), FullyConnected(3)

        def forward(self, data):
            return self.left(data), {"right": self.right(data)}

    model = Two()
    left, others = model(X)
    assert model.backward()["fully_connected1_bias"].tolist() == [6.0, 6.0, 6.0]
    del left
    assert len(model.backward((np.zeros((6, 2)), {"right": np.ones((6, 3))}))) == 4
    del others
    with pytest.raises(RuntimeError, match="is gone"):
        model.backward()


def test_an_attribute_may_be_a_long_list_of_numbers():
    model = two_layers()
    calls = []

    def count(frame, event, argument):
        calls.append(event)

    numbers = [0.5] * 100_000
    sys.setprofile(count)
    try:
        model.table = numbers
        model.parts()
    finally:
        sys.setprofile(None)
    assert len(calls) < 1000
    model.mixed = [1.0, {"a": (FullyConnected(2), None)}]
    assert [type(part).__name__ for part in model.parts()] == ["Sequential", "FullyConnected"]


# ---------------------------------------------------------------------------- no parameters yet


def test_a_model_without_parameters_is_not_saved(tmp_path):
    message = "has no parameters yet: give Model an input_shape, or call build"
    with pytest.raises(ValueError, match=message):
        two_layers().save(tmp_path / "net")
    with pytest.raises(ValueError, match=message):
        quiet_solver(two_layers()).save_checkpoint(tmp_path / "net.npz")
    with pytest.raises(ValueError, match="has no parameters yet: call init_params"):
        TwoLayers().save(tmp_path / "net")
    half = TwoLayers()
    half.init_param("w1")
    with pytest.raises(ValueError, match="has no b1, w2, b2 yet"):
        half.save(tmp_path / "net")
    assert not list(tmp_path.iterdir())
    empty = Model(ReLU(), input_shape=(2,))
    assert empty.load(empty.save(tmp_path / "net")).params == {}
    with pytest.raises(ParameterFileError, match="was saved before it had any"):
        two_layers().load(tmp_path / "net")


def test_gradients_of_parameters_that_do_not_exist_yet():
    model = two_layers()
    message = "no parameters (yet|before).*give .*input_shape, or call build"
    with pytest.raises(ValueError, match=message):
        model.value_and_grad(lambda: np.sum(model.forward(X)))(model.params)
    with pytest.raises(TypeError, match=message):
        minpy.value_and_grad(lambda params: np.sum(model.forward(X)))(model.params)
    model.network[0](X)
    with pytest.raises(ValueError, match=r"fully_connected1_weight, .* have no gradients"):
        model.value_and_grad(lambda: np.sum(model.forward(X)))(model.params)
    both = model.value_and_grad(lambda: np.sum(model.forward(X)))
    assert set(both(model.params)[1]) == set(model.params)
    del model.params["fully_connected0_bias"]
    with pytest.raises(ValueError, match="has no fully_connected0_bias yet"):
        both(model.params)


class Scaled(Layer):
    """A layer that somebody else wrote."""

    def param_shapes(self, input_shape):
        return {"factor": input_shape[1:]}

    def init_config(self, name):
        return {"init_rule": "constant", "value": 2.0}

    def forward(self, x):
        return x * self.param("factor")


def test_a_layer_of_ones_own_trains():
    x, y = quadrants()
    model = Model(Sequential(Scaled(), FullyConnected(2)), loss="softmax_loss")
    gradients, _ = model.grad_and_loss(x, y)
    assert gradients["scaled0_factor"].shape == (4,)
    Updater(model, learning_rate=0.1)(gradients)
    assert (model.params["scaled0_factor"].asnumpy() != 2).all()


def test_a_module_that_is_first_called_in_training_is_trained_from_the_next_step_on():
    class Growing(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.dense, self.late = FullyConnected(2), FullyConnected(2)
            self.calls = 0

        def forward(self, data):
            self.calls += self.is_training
            return self.late(self.dense(data)) if self.calls > 4 else self.dense(data)

    model = Growing()
    solver = quiet_solver(model, num_epochs=1, restore_best=False)
    solver.train()
    assert solver.optim_configs["fully_connected1_weight"]["t"] == 10 - 5
    assert solver.optim_configs["fully_connected0_weight"]["t"] == 10


def test_parameters_are_loaded_before_their_shapes_are_known(tmp_path):
    model = two_layers()
    model.grad_and_loss(X, Y)
    name = model.save(tmp_path / "net")
    other = two_layers().load(name)
    onp.testing.assert_array_equal(other.forward(X).asnumpy(), model.forward(X).asnumpy())
    with pytest.raises(
        ValueError, match=r"fully_connected0_weight that was loaded has shape \(3, 5"
    ):
        two_layers().load(name).forward(np.ones((2, 4)))
