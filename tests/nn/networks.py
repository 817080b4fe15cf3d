"""Small networks and data that the tests of training share."""

from __future__ import annotations

import numpy as onp

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import Dropout, FullyConnected, ReLU
from minpy.nn.solver import Solver


class TwoLayers(ModelBase):
    """A network as plain functions, with dropout, which draws random numbers at each step."""

    def __init__(self, inputs=4, hidden=8, classes=2, prob=0.2):
        super().__init__()
        self.prob = prob
        self.add_param("w1", (inputs, hidden)).add_param("b1", (hidden,))
        self.add_param("w2", (hidden, classes)).add_param("b2", (classes,))

    def forward(self, X, mode):
        hidden = layers.relu(layers.affine(X, self.params["w1"], self.params["b1"]))
        hidden = layers.dropout(hidden, self.prob, mode)
        return layers.affine(hidden, self.params["w2"], self.params["b2"])

    def loss(self, predict, y):
        return layers.softmax_loss(predict, y)


class Line(ModelBase):
    """A straight line."""

    def __init__(self, inputs=3):
        super().__init__()
        self.add_param("w", (inputs, 1)).add_param("b", (1,))

    def forward(self, X, mode):
        return X @ self.params["w"] + self.params["b"]

    def loss(self, predict, y):
        return np.mean((predict - y) ** 2)


def quadrants(samples=100, seed=0):
    """Return points in four dimensions, and whether the first two have the same sign."""
    rng = onp.random.default_rng(seed)
    x = rng.normal(size=(samples, 4)).astype("float32")
    return x, (x[:, 0] * x[:, 1] > 0).astype(int)


def quadrant_data(batch_size=10, samples=100, seed=0, **options):
    """Return an iterator over `quadrants`, shuffled."""
    x, y = quadrants(samples, seed)
    return NDArrayIter(x, y, batch_size, shuffle=True, seed=seed + 1, **options)


def modules():
    """Return a `Model` of modules."""
    net = Sequential(FullyConnected(16), ReLU(), Dropout(0.1), FullyConnected(2))
    return Model(net, loss="softmax_loss")


def quiet_solver(model=None, train=None, test=None, **options):
    """Return a solver that prints nothing."""
    settings = {"update_rule": "adam", "optim_config": {"learning_rate": 0.01}, "num_epochs": 2}
    return Solver(
        model or TwoLayers(),
        train or quadrant_data(),
        test or quadrant_data(seed=5),
        **{"verbose": False, **settings, **options},
    )


def values(arrays):
    """Return what is in a dict of arrays, to be compared bit by bit."""
    return {name: (x.dtype, x.shape, x.asnumpy().tobytes()) for name, x in arrays.items()}
