# ruff: noqa: I001 - minpy comes first, so that it can help MXNet be imported
"""A model whose network is a symbol of MXNet, trained by the solver."""

import minpy.core
import minpy.numpy as np
import mxnet as mx
import numpy
from minpy.nn import layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.solver import Solver

batch_size = 20
flattened_input_size = 12


class TwoLayerNet(ModelBase):
    def __init__(self):
        super(TwoLayerNet, self).__init__()  # noqa: UP008
        data = mx.sym.Variable(name="X")
        fc1 = mx.sym.FullyConnected(data=data, name="fc1", num_hidden=24)
        act = mx.sym.Activation(data=fc1, act_type="relu")
        fc2 = mx.sym.FullyConnected(data=act, name="fc2", num_hidden=4)
        self.fc = minpy.core.Function(
            fc2, input_shapes={"X": (batch_size, flattened_input_size)}, name="fc"
        )
        self.add_params(self.fc.get_params())

    def forward(self, X, mode):
        self.fc.is_train = mode == "train"
        return self.fc(X=X, **self.params)

    def loss(self, predict, y):
        return layers.softmax_loss(predict, y)


def get_data():
    rng = numpy.random.RandomState(0)
    labels = rng.randint(4, size=400)
    data = rng.normal(size=(400, flattened_input_size))
    for row, label in zip(data, labels):
        row[3 * label : 3 * label + 3] += 2.5
    return data, labels


def main():
    np.random.seed(0)
    data, labels = get_data()
    train_dataiter = NDArrayIter(data[:320], labels[:320], batch_size=batch_size, shuffle=True)
    test_dataiter = NDArrayIter(data[320:], labels[320:], batch_size=batch_size, shuffle=False)
    solver = Solver(
        TwoLayerNet(),
        train_dataiter,
        test_dataiter,
        num_epochs=8,
        init_rule="gaussian",
        init_config={"stdvar": 0.1},
        update_rule="sgd_momentum",
        optim_config={"learning_rate": 0.05, "momentum": 0.9},
        verbose=True,
        print_every=20,
    )
    solver.init()
    solver.train()
    return solver


if __name__ == "__main__":
    main()
