"""Copies of models, solvers and their parts are of their own: by copy, deepcopy and pickle."""

import copy
import pickle

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.nn import schedules
from minpy.nn.callbacks import ProgressBar, TensorBoard
from minpy.nn.io import NDArrayIter, PrefetchIter
from minpy.nn.model_builder import Model, Sequential, Updater
from minpy.nn.modules import BatchNorm, FullyConnected, ReLU

from .networks import TwoLayers, modules, quadrant_data, quadrants, quiet_solver, values

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
}


@pytest.fixture(params=COPIES.values(), ids=COPIES)
def copied(request):
    return request.param


@pytest.mark.parametrize("make", [modules, TwoLayers])
@pytest.mark.parametrize("built", [False, True])
def test_a_copy_of_a_model_trains_itself_alone(copied, make, built):
    model = make()
    if built:
        quiet_solver(model, num_epochs=1).train()
    before = values(model.params)
    other = copied(model)
    assert values(other.params) == before
    quiet_solver(other, num_epochs=1).train()
    assert values(model.params) == before != values(other.params)
    quiet_solver(model, num_epochs=1).train()
    assert values(other.params) != values(model.params)


def test_a_copy_computes_with_its_own_parameters(copied):
    x, y = quadrants()
    model = Model(Sequential(FullyConnected(4), BatchNorm(), FullyConnected(2)), "softmax_loss")
    model(x, y)
    teacher = copied(model)
    Updater(model, learning_rate=1.0)(model.grad_and_loss(x, y)[0])
    assert (teacher.forward(x, "test") != model.forward(x, "test")).any()
    with pytest.raises(RuntimeError, match="backward goes back the way of a call"):
        teacher.backward()  # the call was the other model's
    teacher.params = {name: value.copy() for name, value in model.params.items()}
    teacher.aux_params = dict(model.aux_params)
    assert (teacher.forward(x, "test") == model.forward(x, "test")).all()


def test_a_block_can_be_repeated(copied):
    block = Sequential(FullyConnected(4), ReLU())
    model = Model(Sequential(block, copied(block), copied(block)), "softmax_loss")
    model.grad_and_loss(*quadrants())
    assert [name for name in model.params if name.endswith("weight")] == [
        f"fully_connected{i}_weight" for i in range(3)
    ]


@pytest.mark.parametrize("make", [modules, TwoLayers])
def test_a_copy_of_a_solver_goes_on_as_the_original_does(copied, make):
    def solver_of(model):
        return quiet_solver(
            model,
            PrefetchIter(quadrant_data()),
            schedule=schedules.product(schedules.warmup(5), schedules.cosine(40)),
            restore_best=False,
            callbacks=[ProgressBar(bar=False)],
        )

    solver = solver_of(make())
    solver.train()
    other = copied(solver)
    assert other.model is not solver.model
    for each in (solver, other):
        np.random.seed(7)
        each.train()
    assert other.loss_history == solver.loss_history
    assert len(solver.loss_history) == 40
    assert values(other.model.params) == values(solver.model.params)


def test_what_callbacks_have_open_is_not_copied(copied, tmp_path):
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    solver = quiet_solver(callbacks=[TensorBoard(tmp_path), ProgressBar(bar=False)])
    copies = []

    class Copy:
        def on_epoch_end(self, _):
            copies.append([copied(each) for each in solver.callbacks[:2]])

    solver.callbacks.append(Copy())
    solver.train()
    assert all(board._writer is None and bar._tqdm is None for board, bar in copies)


def test_an_iterator_and_its_copy_share_the_data_and_not_the_place():
    x = onp.arange(6.0)
    data = NDArrayIter(x, batch_size=2)
    data.next()
    other = copy.deepcopy(data)
    assert other._data["data"] is data._data["data"]
    assert [batch.data[0].tolist() for batch in other] == [[2, 3], [4, 5]]
    assert data.next().data[0].tolist() == [2, 3]


def test_a_copy_of_a_prefetching_iterator_begins_where_that_is(copied):
    data = PrefetchIter(NDArrayIter(onp.arange(40), batch_size=2), depth=4)
    first = data.next().data[0].tolist()
    if copied is not copy.copy:  # which shares the source, as Python's copies do
        assert copied(data).next().data[0].tolist() == [2, 3]
    assert [first, data.next().data[0].tolist()] == [[0, 1], [2, 3]]
    data.close()
