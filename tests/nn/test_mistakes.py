"""What is easily got wrong around a `Solver`, and that it is said at once and by its name."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.nn import layers, optim
from minpy.nn.callbacks import Checkpoint, EarlyStopping
from minpy.nn.divergence import DivergedError
from minpy.nn.io import DataBatch, NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import FullyConnected, ReLU
from minpy.nn.solver import Solver, fraction_right

from .networks import TwoLayers, quadrant_data, quadrants, quiet_solver


class NoOutput(TwoLayers):
    def forward(self, X, mode):
        super().forward(X, mode)


class NoLoss(TwoLayers):
    def loss(self, predict, y):
        super().loss(predict, y)


class PlainLoss(TwoLayers):
    def loss(self, predict, y):
        return super().loss(predict, y).item()


class PlainOutput(TwoLayers):
    def forward(self, X, mode):
        return super().forward(X, mode).detach()


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (NoOutput, TypeError, "the forward pass of NoOutput returned nothing: did it forget"),
        (NoLoss, TypeError, "the loss of NoLoss returned nothing: did it forget to return"),
        (PlainLoss, ValueError, r"the loss of PlainLoss does not depend on its .* by \.item\(\)"),
        (PlainOutput, ValueError, "the loss of PlainOutput does not depend on its parameters"),
    ],
)
def test_a_loss_that_nothing_is_learned_from_is_refused(model, error, message):
    with pytest.raises(error, match=message):
        quiet_solver(model()).train()


def test_so_it_is_in_a_loop_of_ones_own():
    model = Model(FullyConnected(2), loss=lambda predict, y: layers.softmax_loss(predict, y).item())
    x, y = quadrants()
    with pytest.raises(ValueError, match="the loss of Model does not depend on its parameters"):
        model.grad_and_loss(x, y)


def test_parameters_before_the_call_of_super():
    class Hasty(ModelBase):
        def __init__(self):
            self.add_param("w", (3,))

    with pytest.raises(AttributeError, match=r"Hasty has no param_configs yet: call super\(\)"):
        Hasty()
    assert not hasattr(TwoLayers(), "parameters")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (TwoLayers, r"but was given the class TwoLayers: write TwoLayers\(...\)"),
        (Sequential(ReLU()), r"given the module Sequential: write Model\(network, loss="),
        (3, "but was given an int"),
    ],
)
def test_what_is_no_model(model, message):
    with pytest.raises(TypeError, match=message):
        Solver(model, quadrant_data())


def test_arrays_in_place_of_an_iterator():
    message = r"_dataiter must be an iterator over batches, such as minpy.nn.io.NDArrayIter"
    with pytest.raises(TypeError, match=f"train{message}.*but is a tuple"):
        Solver(TwoLayers(), quadrants())
    with pytest.raises(TypeError, match=f"test{message}.*but is a list"):
        Solver(TwoLayers(), quadrant_data(), [DataBatch([], [])])


def test_data_without_labels():
    x, _ = quadrants()
    with pytest.raises(ValueError, match="the loss of TwoLayers needs labels, and the batch has"):
        quiet_solver(train=NDArrayIter(x, batch_size=10)).train()


def test_modules_in_a_list():
    with pytest.raises(TypeError, match=r"write Sequential\(\*modules\)"):
        Sequential([ReLU(), FullyConnected(2)])


def test_callbacks():
    assert quiet_solver(callbacks=EarlyStopping(2)).callbacks[0].patience == 2
    with pytest.raises(TypeError, match=r"a callback is an object: write EarlyStopping\(...\)"):
        quiet_solver(callbacks=[EarlyStopping])
    with pytest.raises(TypeError, match="a callback has one of the methods on_train_begin, "):
        quiet_solver(callbacks=[print])


def test_right_words_of_as_many_steps_as_there_are_words():
    words = onp.array([[2, 0, 1]])
    scores = onp.eye(3)[words]  # (N, T, V) with T = V
    assert fraction_right(np.array(scores), np.array(words)) == 1.0
    channels = np.zeros((2, 3, 4, 5)) + onp.arange(3)[:, None, None]
    assert fraction_right(channels, np.full((2, 4, 5), 2)) == 1.0


def test_the_plot_of_a_regression_says_losses():
    pytest.importorskip("matplotlib", reason="needs Matplotlib")
    solver = quiet_solver(task_type="regression")
    solver.loss_history = [3.0, 2.0, 1.0]
    solver.train_acc_history, solver.val_acc_history = [3.0, 1.0, 2.0], [30.0, 10.0, 20.0]
    axes = solver.plot().axes[1]
    assert (axes.get_title(), axes.get_ylabel()) == ("loss after each epoch", "loss")
    assert axes.get_legend().get_texts()[1].get_text() == "validation: 20, best 10 in epoch 2"


def test_labels_in_a_column_and_names():
    x, y = quadrants()
    with pytest.raises(ValueError, match=r"labels have shape \(10, 1\), .*; write labels.ravel\("):
        quiet_solver(train=NDArrayIter(x, y[:, None], 10)).train()
    names = onp.array(["no", "yes"])[y]
    with pytest.raises(TypeError, match=r"labels have dtype <U3.* numpy.unique\(labels, return_in"):
        layers.svm_loss(np.asarray(x[:, :2]), names)


def test_numbers_in_a_row_against_a_column():
    with pytest.raises(ValueError, match=r"l2_loss: label has shape \(2,\), .*label\[:, None\]"):
        layers.l2_loss([[1.0], [2.0]], [0.5, 1.5])


@pytest.mark.parametrize("rate", [-0.1, onp.nan, "0.1"])
def test_learning_rates_that_are_none(rate):
    with pytest.raises(ValueError, match="sgd: learning_rate must be a number from 0, but is"):
        optim.sgd(np.zeros(2), np.ones(2), {"learning_rate": rate})


def test_adamw_does_not_decay_biases_where_weights_have_a_decay():
    for given, expected in ((0.1, [0.1, 0.0]), (0.0, [0.0, 0.0]), (None, [0.01, 0.01])):
        solver = quiet_solver(update_rule="adamw", weight_decay=given, num_epochs=1)
        solver.train()
        found = [solver.optim_configs[name]["weight_decay"] for name in ("w1", "b1")]
        assert found == expected


def test_the_rate_that_nobody_gave_is_told_when_a_loss_explodes():
    x, y = quadrants()
    x[0, 0] = onp.nan
    with pytest.raises(DivergedError, match="Learning rate: what adam takes by default"):
        quiet_solver(train=NDArrayIter(x, y, 10), optim_config={}).train()


def test_a_checkpoint_after_every_zero_steps():
    with pytest.raises(ValueError, match="Checkpoint: every_steps is a number from 1, but is 0"):
        Checkpoint("c.npz", every_steps=0)


def test_a_batch_size_in_quotes():
    with pytest.raises(ValueError, match="batch_size is a whole number from 1, but was given '8'"):
        NDArrayIter(*quadrants(), batch_size="8")
