"""A gated recurrent unit that learns to write, letter by letter.

It reads a text and at each letter says which comes next; then it writes one of its own, by drawing
each letter from what it expects.  Without another text it learns from the code of minpy.  The unit
is that of Cho et al. (2014), the idea that of Graves, "Generating sequences with recurrent neural
networks" (2013).

    python examples/gru.py
    python examples/gru.py --text my_novel.txt --epochs 20 --length 400
"""

import math
from pathlib import Path

from command import StopAfter, at_least, options_of, save

import minpy
import minpy.numpy as np
from minpy.nn import functional, layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.solver import Solver


class Writer(ModelBase):
    """Letters to vectors, a GRU, and a score for each next letter."""

    def __init__(self, letters, hidden):
        super().__init__()
        self.hidden = hidden
        size = min(letters, 32)
        self.add_param("table", (letters, size), init_rule="gaussian", init_config={"stdvar": 0.3})
        self.add_param("Wx", (size, 2 * hidden))
        self.add_param("Wh", (hidden, 2 * hidden))
        self.add_param("b", (2 * hidden,), init_rule="constant")
        self.add_param("Wxh", (size, hidden))
        self.add_param("Whh", (hidden, hidden), init_rule="orthogonal")
        self.add_param("bh", (hidden,), init_rule="constant")
        self.add_param("w", (hidden, letters))
        self.add_param("c", (letters,), init_rule="constant")

    def gru(self):
        return [self.params[name] for name in ("Wx", "Wh", "b", "Wxh", "Whh", "bh")]

    def forward(self, X, mode):
        vectors = functional.embedding(X, self.params["table"])
        start = np.zeros((len(X), self.hidden), vectors.dtype)
        states = layers.gru_temporal(vectors, start, *self.gru())
        return layers.temporal_affine(states, self.params["w"], self.params["c"])

    def loss(self, predict, y):
        # the sum over the steps, for each sequence; here their mean
        return layers.temporal_softmax_loss(predict, y) / y.shape[1]

    def write(self, first, length, temperature, rng):
        """Return letters drawn one after another, beginning with those given."""
        h = np.zeros((1, self.hidden), np.float32)
        written = list(first)
        for i in range(len(first) + length - 1):
            vector = self.params["table"][written[i]][None]
            h = layers.gru_step(vector, h, *self.gru())
            if i + 1 == len(written):
                scores = layers.affine(h, self.params["w"], self.params["c"])
                p = functional.softmax(scores / temperature)[0].asnumpy().astype(float)
                written.append(int(rng.choice(len(p), p=p / p.sum())))
        return written


def pieces(numbers, steps):
    """Return pieces of a text, shape (N, steps), and what follows each letter."""
    count = (len(numbers) - 1) // steps
    if count < 1:
        raise SystemExit(f"the text has {len(numbers)} letters, but a piece needs {steps + 1}")
    x = numbers[: count * steps].reshape(count, steps)
    return x, numbers[1 : count * steps + 1].reshape(count, steps)


def code_of_minpy():
    """Return the code of minpy, file after file."""
    folder = Path(minpy.__file__).parent
    return "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))


def main(arguments=None):
    """Run the example."""
    more = [
        ("--text", {"type": Path, "metavar": "FILE", "help": "to learn from"}),
        ("--letters", {"type": at_least(2), "default": 60_000, "help": "of the text to read"}),
        ("--hidden", {"type": at_least(1), "default": 128, "help": "hidden units"}),
        ("--window", {"type": at_least(1), "default": 50, "help": "letters that are read at once"}),
        ("--length", {"type": at_least(1), "default": 300, "help": "letters to write"}),
        ("--temperature", {"type": float, "default": 0.6, "help": "below 1: more cautious"}),
    ]
    options = options_of(__doc__, arguments, more, epochs=10, batch=16, rate=5e-3)
    text = options.text.read_text(encoding="utf-8") if options.text else code_of_minpy()
    text = text[: options.letters]
    alphabet = sorted(set(text))
    numbers = np.array([alphabet.index(letter) for letter in text])
    x, y = pieces(numbers, options.window)
    print(f"{len(text):,} letters, {len(alphabet)} different ones, in {len(x)} pieces")
    print(f"loss of a guess: log {len(alphabet)} = {math.log(len(alphabet)):.2f}")

    model = Writer(len(alphabet), options.hidden)
    solver = Solver(
        model,
        NDArrayIter(x, y, min(options.batch, len(x)), shuffle=True),
        update_rule="adam",
        optim_config={"learning_rate": options.rate},
        lr_decay=0.95,
        clip_norm=5.0,
        num_epochs=options.epochs,
        train_acc_num_samples=100,
        callbacks=[StopAfter(options.steps)],
    )
    solver.train()
    rng = np.random.default_rng(options.seed)
    written = model.write(numbers[:1].tolist(), options.length, options.temperature, rng)
    print("\n" + "".join(alphabet[i] for i in written))
    save(solver.plot, options.picture)


if __name__ == "__main__":
    main()
