"""A fully connected network that tells images apart.

Layers are functions, and the network is a function that calls them, as in Stanford's CS231n,
https://cs231n.github.io.

    python examples/mlp.py --picture build/mlp.png
    python examples/mlp.py --data fashion-mnist --epochs 4 --batch 128
"""

import math

from command import DATA, DECAY, accuracy_on_test, images, options_of, save, solver_for

from minpy.nn import layers
from minpy.nn.model import ModelBase


class MLP(ModelBase):
    """Affine, relu, dropout, again and again; then affine, and the softmax loss."""

    def __init__(self, inputs, hidden, classes, drop=0.0):
        super().__init__()
        self.depth = len(hidden) + 1
        self.drop = drop
        sizes = [inputs, *hidden, classes]
        for i in range(self.depth):
            self.add_param(f"w{i}", (sizes[i], sizes[i + 1]))
            self.add_param(f"b{i}", (sizes[i + 1],), init_rule="constant")

    def forward(self, X, mode):
        for i in range(self.depth):
            X = layers.affine(X, self.params[f"w{i}"], self.params[f"b{i}"])
            if i < self.depth - 1:
                X = layers.dropout(layers.relu(X), self.drop, mode)
        return X

    def loss(self, predict, y):
        return layers.softmax_loss(predict, y)


def network(data, hidden, drop=0.0):
    """Return a network for images of the shape of a data set's."""
    return MLP(math.prod(data.x_train.shape[1:]), hidden, len(data.classes), drop)


def main(arguments=None):
    """Run the example."""
    hidden = {"type": int, "nargs": "+", "default": [128], "help": "units of each hidden layer"}
    drop = {"type": float, "default": 0.0, "help": "probability to drop a unit"}
    more = [DATA, ("--hidden", hidden), ("--drop", drop), DECAY]
    options = options_of(__doc__, arguments, more, epochs=20, rate=2e-3)
    data = images(options.data)
    solver = solver_for(network(data, options.hidden, options.drop), data, options)
    solver.train()
    print(f"test accuracy {accuracy_on_test(solver, data):.1%}")
    save(solver.plot, options.picture)


if __name__ == "__main__":
    main()
