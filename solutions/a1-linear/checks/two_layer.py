"""What `two_layer.ipynb` needs beside it: data, pictures, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

import os
import time
from functools import cache
from pathlib import Path

import numpy as np

from minpy import datasets, plotting
from minpy.checking import NotWrittenYet
from minpy.checking.spec import Check, Draw, labels, normal
from minpy.plotting.places import new_figure

# ------------------------------------------------------------------------------------------- data

# How many images, hidden units and epochs, and how many networks the search tries.
SETTINGS = {
    ("digits", "tiny"): dict(train=600, val=150, test=150, hidden=32, epochs=8, rounds=3),
    ("digits", "default"): dict(train=1187, val=250, test=360, hidden=64, epochs=30, rounds=20),
    ("digits", "full"): dict(train=1187, val=250, test=360, hidden=256, epochs=60, rounds=60),
    ("fashion-mnist", "tiny"): dict(train=600, val=150, test=150, hidden=32, epochs=5, rounds=2),
    ("fashion-mnist", "default"): dict(
        train=20_000, val=2_000, test=10_000, hidden=100, epochs=10, rounds=10
    ),
    ("fashion-mnist", "full"): dict(
        train=55_000, val=5_000, test=10_000, hidden=256, epochs=30, rounds=20
    ),
    ("cifar10", "tiny"): dict(train=600, val=150, test=150, hidden=32, epochs=5, rounds=2),
    ("cifar10", "default"): dict(
        train=20_000, val=2_000, test=1_000, hidden=100, epochs=8, rounds=8
    ),
    ("cifar10", "full"): dict(
        train=45_000, val=5_000, test=10_000, hidden=256, epochs=20, rounds=20
    ),
}

# Two points and a little below what the reference reaches at the size `default`.
THRESHOLDS = {"digits": 0.93, "fashion-mnist": 0.83, "cifar10": 0.44}
TINY = 0.75

# The mean and the standard deviation of all pixels of the training images.
PIXELS = {"digits": (0.305, 0.376), "fashion-mnist": (0.286, 0.353), "cifar10": (0.473, 0.251)}


def best_data(size="default"):
    """Return the name of the largest data set that is on this machine; of tiny ones, the digits.

    A course may settle it for all with the environment variable ``MINPY_COURSE_DATA``.
    """
    chosen = os.environ.get("MINPY_COURSE_DATA")
    if chosen or size == "tiny":
        return chosen or "digits"
    there = datasets.available()
    return next((name for name in ("cifar10", "fashion-mnist") if name in there), "digits")


def settings(name, size):
    """Return the numbers of `SETTINGS` for a data set and a size."""
    if (name, size) not in SETTINGS:
        names = sorted({name for name, _ in SETTINGS})
        raise ValueError(
            f"there are settings for {', '.join(names)} of the size tiny, default or full; "
            f"not for {name!r} of the size {size!r}"
        )
    return SETTINGS[name, size]


@cache
def load_data(name, size):
    """Return a data set: float32 images of shapes (N, C, H, W), with mean 0 and spread 1."""
    numbers = settings(name, size)
    raw = datasets.load(name, dtype="uint8")
    fewer = min(1.0, len(raw.x_train) / (numbers["train"] + numbers["val"]))  # a part of CIFAR-10
    chosen = raw.subset(
        train=int(fewer * numbers["train"]),
        val=int(fewer * numbers["val"]),
        test=min(numbers["test"], len(raw.x_test)),
    )
    return _scaled(chosen, *PIXELS[name], largest=16 if name == "digits" else 255)


def _scaled(data, mean, spread, largest):
    from dataclasses import replace

    def scaled(x):
        return (x / np.float32(largest) - np.float32(mean)) / np.float32(spread)

    return replace(
        data, **{part: scaled(getattr(data, part)) for part in ("x_train", "x_val", "x_test")}
    )


# --------------------------------------------------------------------------------------- pictures


class LiveCurves:
    """Curves of a training that go on while it runs: drawn anew once in a second."""

    def __init__(self):
        self.place = None
        self.drawn = float("-inf")

    def show(self, history, last=False):
        """Draw the history so far, unless that was just done; the last time in any case."""
        if time.monotonic() - self.drawn < 1 and not last:
            return
        from IPython.display import display

        figure = plotting.training_curves(history["loss"], history["train"], history["val"])
        if self.place is None:
            self.place = display(figure, display_id=True)
        else:
            self.place.update(figure)
        self.drawn = time.monotonic()


def draw_trials(trials):
    """Draw networks by learning rate and regularisation; the best has a ring around it.

    Parameters
    ----------
    trials : list of (float, float, float)
        Learning rate, regularisation and validation accuracy of each.
    """
    if not trials:
        raise NotWrittenYet("the search for a network")
    figure = new_figure(7, 3.6)
    ax = figure.subplots()
    rates, regs, accuracies = np.array(trials).T
    best = accuracies.argmax()
    dots = ax.scatter(rates, regs, s=90, c=accuracies, cmap="viridis", edgecolors="grey")
    ax.scatter(
        rates[best], regs[best], s=260, facecolors="none", edgecolors="#ee6677", linewidths=2
    )
    written = trials if len(trials) <= 25 else [trials[best]]  # more would hide each other
    for rate, reg, right in written:
        ax.annotate(
            f"{100 * right:.0f}", (rate, reg), (0, 11), textcoords="offset points", ha="center"
        )
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="reg")
    ax.set_title("validation accuracy of each network, in %")
    ax.margins(0.15)
    figure.colorbar(dots, ax=ax)
    return figure


# ----------------------------------------------------------------------------------------- checks


def _off_the_kink(rng, shape):
    """Return numbers whose size is from 0.1 to 2: differences across a kink say nothing."""
    return rng.uniform(0.1, 2, shape) * rng.choice([-1, 1], shape)


affine_forward = Check(
    "affine_forward",
    points=2,
    inputs={"x": normal("N P Q"), "w": normal("P*Q M"), "b": normal("M")},
    sizes={"N": 4, "P": 2, "Q": 3, "M": 5},
    forward="out, cache = affine_forward(x, w, b)",
    outputs={"out": "N M"},
    known=[
        {
            "x": [[1.0, 2.0]],
            "w": [[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]],
            "b": [10.0, 20.0, 30.0],
            "out": [[25.0, 38.0, 51.0]],
        },
        {
            "x": [[[1.0, 0.0], [0.0, 2.0]], [[0.0, 3.0], [1.0, 0.0]]],
            "w": [[1.0], [2.0], [4.0], [8.0]],
            "b": [0.5],
            "out": [[17.5], [10.5]],
        },
    ],
    hidden_comparisons=5,
)

affine_backward = Check(
    "affine_backward",
    points=4,
    inputs={
        "x": normal("N P Q"),
        "w": normal("P*Q M"),
        "b": normal("M"),
        "dout": normal("N M"),
    },
    sizes={"N": 4, "P": 2, "Q": 3, "M": 5},
    forward="out, cache = affine_forward(x, w, b)",
    backward="dx, dw, db = affine_backward(dout, cache)",
    gradients={"dx": "x", "dw": "w", "db": "b"},
    differentiates="out",
    upstream="dout",
    forbids=("gradients", "differences"),
    hidden_comparisons=15,
)

relu = Check(
    "relu",
    points=3,
    inputs={"x": Draw("N 5", _off_the_kink), "dout": normal("N 5")},
    sizes={"N": 4},
    forward="out, cache = relu_forward(x)",
    backward="dx = relu_backward(dout, cache)",
    outputs={"out": "N 5"},
    gradients={"dx": "x"},
    differentiates="out",
    upstream="dout",
    known=[
        {
            "x": [-1.5, 0.0, 2.5],
            "dout": [5.0, 6.0, 7.0],
            "out": [0.0, 0.0, 2.5],
            "dx": [0.0, 0.0, 7.0],
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=12,
)

softmax_loss = Check(
    "softmax_loss",
    points=4,
    inputs={"scores": normal("N C", scale=2), "y": labels("N", below="C")},
    sizes={"N": 5, "C": 4},
    forward="loss, dscores = softmax_loss(scores, y)",
    outputs={"loss": ""},
    gradients={"dscores": "scores"},
    differentiates="loss",
    known=[
        {"scores": [[0.0] * 10] * 3, "y": [1, 5, 9], "loss": float(np.log(10))},
        {
            "scores": [[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]],
            "y": [1, 0],
            "loss": 5000 + float(np.log(2)) / 2,
            "dscores": [[0.5, -0.5, 0.0], [-0.25, 0.25, 0.0]],
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=14,
)

PARAMS = {"W1": normal("P*Q H"), "b1": normal("H"), "W2": normal("H C"), "b2": normal("C")}
PACKED = "{'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2}"

two_layer_loss = Check(
    "two_layer_loss",
    points=5,
    inputs={**PARAMS, "x": normal("N P Q"), "y": labels("N", below="C"), "reg": 0.3},
    sizes={"N": 5, "P": 2, "Q": 2, "H": 6, "C": 3},
    forward=f"loss, grads = two_layer_loss({PACKED}, x, y, reg)",
    outputs={"loss": ""},
    gradients={f"grads['{name}']": name for name in PARAMS},
    differentiates="loss",
    known=[
        {
            "x": [[-1.0, -1.0]],  # no hidden unit is active
            "y": [2],
            "W1": [[1.0, 1.0], [1.0, 1.0]],
            "b1": [0.0, 0.0],
            "W2": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
            "b2": [0.0, 0.0, 0.0],
            "reg": 0.5,
            "loss": float(np.log(3)) + 8.0,
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=35,
)

sgd_momentum = Check(
    "sgd_momentum",
    points=2,
    inputs={
        "w": normal("N 3"),
        "dw": normal("N 3"),
        "v": normal("N 3"),
        "learning_rate": 0.1,
        "momentum": 0.8,
    },
    sizes={"N": 4},
    forward="new_w, new_v = sgd_momentum(w, dw, v, learning_rate, momentum)",
    outputs={"new_w": "N 3", "new_v": "N 3"},
    known=[
        {
            "w": [1.0, 2.0],
            "dw": [10.0, -10.0],
            "v": [0.5, 1.0],
            "learning_rate": 0.1,
            "momentum": 0.8,
            "new_w": [0.4, 3.8],
            "new_v": [-0.6, 1.8],
        },
    ],
    hidden_comparisons=10,
)

predict_scores = Check(
    "predict_scores",
    points=1,
    inputs={**PARAMS, "x": normal("N P Q")},
    sizes={"N": 5, "P": 2, "Q": 2, "H": 6, "C": 3},
    forward=f"scores = predict_scores({PACKED}, x)",
    outputs={"scores": "N C"},
    known=[
        {
            "x": [[1.0, 0.0], [0.0, 1.0], [-1.0, 3.0]],
            "W1": [[1.0, 0.0], [0.0, 1.0]],
            "b1": [0.0, 0.0],
            "W2": [[2.0, 0.0, 1.0], [0.0, 1.0, 2.0]],
            "b2": [0.5, 0.0, 0.0],
            "scores": [[2.5, 0.0, 1.0], [0.5, 1.0, 2.0], [0.5, 3.0, 6.0]],
        },
    ],
    hidden_comparisons=5,
)


# ------------------------------------------------------------------------- the network handed in

FILE = Path("two_layer.npz")


def hand_in(params, data, size):
    """Write the parameters of a network, and what it was trained on, to ``two_layer.npz``."""
    if params is None:
        raise NotWrittenYet("the search for a network")
    np.savez(FILE, data=data, size=size, **{name: params[name] for name in PARAMS})


def handed_in(data=None):
    """Return the parameters in ``two_layer.npz``, and the names of their data set and size.

    Parameters
    ----------
    data : str, optional
        The data set that they should be for.
    """
    if not FILE.exists():
        raise NotWrittenYet(str(FILE))
    with np.load(FILE, allow_pickle=False) as saved:
        params = {name: saved[name] for name in PARAMS}
        trained_on, size = str(saved["data"]), str(saved["size"])
    if data not in (None, trained_on):
        raise ValueError(
            f"{FILE} was trained on {trained_on}, and is graded on {data}: write "
            f'name = "{data}" in the set-up, and train it again'
        )
    return params, trained_on, size


def _validation(part):
    """Return an input of `trained`: a part of the validation split that the network belongs to."""
    return lambda rng, sizes: getattr(load_data(*handed_in()[1:]), part)


def is_good_enough(found):
    """Whether the share of right answers is what THRESHOLDS ask for; less of a tiny network."""
    wanted = TINY if found["size"] == "tiny" else THRESHOLDS[found["data"]]
    return bool((np.argmax(found["scores"], axis=1) == found["y"]).mean() >= wanted)


trained = Check(
    "trained",
    points=2,
    inputs={
        "data": lambda rng, sizes: handed_in()[1],
        "size": lambda rng, sizes: handed_in()[2],
        "x": _validation("x_val"),
        "y": _validation("y_val"),
    },
    sizes={},
    forward="from checks.two_layer import handed_in\n"
    "scores = predict_scores(handed_in(data)[0], x)",
    extra_results=("scores",),
    properties={"the accuracy that is asked for": is_good_enough},
    hidden_comparisons=1,
)
