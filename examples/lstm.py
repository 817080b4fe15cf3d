"""A long short-term memory that adds two numbers it has seen long ago.

A sequence has two rows: random numbers, and marks at two of them; the answer is the sum of the
marked numbers.  Who always answers 1 has a mean squared error of 1/6.  Task and network are
Hochreiter's and Schmidhuber's, "Long short-term memory" (1997).

    python examples/lstm.py --length 50 --picture build/lstm.png
"""

from command import StopAfter, at_least, options_of, save

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.solver import Solver


def adding_problem(count, length, rng):
    """Return sequences, shape (count, length, 2), and the sums of the marked numbers, (count, 1).

    One mark is in the first half, one in the second.
    """
    x = np.zeros((count, length, 2), np.float32)
    x[:, :, 0] = rng.random((count, length))
    everyone = np.arange(count)
    x[everyone, rng.integers(0, length // 2, count), 1] = 1
    x[everyone, rng.integers(length // 2, length, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


class Adder(ModelBase):
    """An LSTM whose last state becomes one number."""

    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.add_param("Wx", (2, 4 * hidden))
        self.add_param("Wh", (hidden, 4 * hidden))
        self.add_param("b", (4 * hidden,), init_rule=open_forget_gates)
        self.add_param("w", (hidden, 1))
        self.add_param("c", (1,), init_rule="constant")

    def forward(self, X, mode):
        p = self.params
        start = np.zeros((len(X), self.hidden), X.dtype)
        states = layers.lstm_temporal(X, start, p["Wx"], p["Wh"], p["b"])
        return layers.affine(states[:, -1], p["w"], p["c"])

    def loss(self, predict, y):
        return layers.mse_loss(predict, y)


def open_forget_gates(shape, config):
    """Return biases of an LSTM with which it remembers at first (Jozefowicz et al., 2015)."""
    bias = np.zeros(shape, np.float32)
    hidden = shape[0] // 4
    bias[hidden : 2 * hidden] = 1  # the gates are i, f, o, g
    return bias


def main(arguments=None):
    """Run the example."""
    more = [
        ("--length", {"type": at_least(2), "default": 50, "help": "of the sequences"}),
        ("--hidden", {"type": at_least(1), "default": 32, "help": "hidden units"}),
        ("--samples", {"type": at_least(50), "default": 10_000, "help": "to learn from"}),
    ]
    options = options_of(__doc__, arguments, more, epochs=6, rate=1e-2)
    rng = np.random.default_rng(options.seed)
    train = adding_problem(options.samples, options.length, rng)
    validation = adding_problem(500, options.length, rng)
    test = adding_problem(1000, options.length, rng)
    solver = Solver(
        Adder(options.hidden),
        NDArrayIter(*train, options.batch, shuffle=True),
        NDArrayIter(*validation, 100),
        task_type="regression",
        update_rule="adam",
        optim_config={"learning_rate": options.rate},
        lr_decay=0.7,
        clip_norm=1.0,
        num_epochs=options.epochs,
        callbacks=[StopAfter(options.steps)],
    )
    solver.train()
    error = solver.check_accuracy(NDArrayIter(*test, 100))
    print(f"mean squared error {error:.5f}; always answering 1 has {1 / 6:.5f}")
    save(solver.plot, options.picture)


if __name__ == "__main__":
    main()
