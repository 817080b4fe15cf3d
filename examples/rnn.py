"""A plain recurrent network that reads a digit row by row.

An image of eight by eight pixels is a sequence of eight rows; after the last one the network says
which digit it saw.  The network is Elman's, "Finding structure in time" (1990); reading images as
sequences became a test of memory with Le, Jaitly and Hinton (2015).

    python examples/rnn.py --picture build/rnn.png
"""

from command import DATA, StopAfter, accuracy_on_test, at_least, batches, images, options_of, save

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.model import ModelBase
from minpy.nn.solver import Solver


class RowReader(ModelBase):
    """Reads rows into a hidden state, then tells the class from the last one."""

    def __init__(self, row, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.add_param("Wx", (row, hidden))
        self.add_param("Wh", (hidden, hidden), init_rule="orthogonal")
        self.add_param("b", (hidden,), init_rule="constant")
        self.add_param("w", (hidden, classes))
        self.add_param("c", (classes,), init_rule="constant")

    def forward(self, X, mode):
        p = self.params
        rows = X.reshape(len(X), -1, X.shape[-1])  # (N, T, D); channels one below the other
        start = np.zeros((len(X), self.hidden), X.dtype)
        states = layers.rnn_temporal(rows, start, p["Wx"], p["Wh"], p["b"])
        return layers.affine(states[:, -1], p["w"], p["c"])

    def loss(self, predict, y):
        return layers.softmax_loss(predict, y)


def main(arguments=None):
    """Run the example."""
    hidden = ("--hidden", {"type": at_least(1), "default": 64, "help": "hidden units"})
    options = options_of(__doc__, arguments, [DATA, hidden], epochs=15, rate=3e-3)
    data = images(options.data)
    train, validation = batches(data, options)
    solver = Solver(
        RowReader(data.x_train.shape[-1], options.hidden, len(data.classes)),
        train,
        validation,
        update_rule="adam",
        optim_config={"learning_rate": options.rate},
        clip_norm=5.0,
        num_epochs=options.epochs,
        callbacks=[StopAfter(options.steps)],
    )
    solver.train()
    print(f"test accuracy {accuracy_on_test(solver, data):.1%}")
    save(solver.plot, options.picture)


if __name__ == "__main__":
    main()
