"""Networks from modules: `Sequential` and its relatives put them together, a `Model` has a loss.

This module only gathers names: see `minpy.nn.module`, `layer`, `containers`, `model` and `updater`.

A module is called with arrays and returns arrays.  A `Layer` is one with parameters, whose shapes
it finds out when it is first called::

    net = Sequential(Convolution((3, 3), 32), ReLU(), BatchFlatten(), FullyConnected(10))
    model = Model(net, loss="softmax_loss")

or with connections of one's own, in a subclass::

    class TwoPaths(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.left, self.right = FullyConnected(100), FullyConnected(100)
            self.out = FullyConnected(10)

        def forward(self, data):
            return self.out(self.left(data) * self.right(data))

The parameters are in the model, by name: ``fully_connected0_weight`` is the weight of the first
`FullyConnected` that became part of it.  A model is a `ModelBase`, for a `Solver`, or for a loop of
one's own::

    updater = Updater(model, update_rule="sgd_momentum", learning_rate=0.1)
    for batch in train:
        gradients, loss = model.grad_and_loss(batch.data[0], batch.label[0])
        updater(gradients)
"""

from minpy.nn.containers import Concatenate, Sequential
from minpy.nn.layer import Layer
from minpy.nn.model import Model
from minpy.nn.module import Add, Container, Module, Mul, Sub
from minpy.nn.updater import Updater

__all__ = [
    "Add",
    "Concatenate",
    "Container",
    "Layer",
    "Model",
    "Module",
    "Mul",
    "Sequential",
    "Sub",
    "Updater",
]
