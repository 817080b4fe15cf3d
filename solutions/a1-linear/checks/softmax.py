"""What `softmax.ipynb` needs beside it: its sizes, its pictures, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

import numpy as np

import minpy
import minpy.numpy as mnp
from minpy import course
from minpy.checking.spec import Check, labels, normal
from minpy.nn.layers import svm_loss
from minpy.plotting.images import as_images, to_brightness
from minpy.plotting.places import BLUE, GREY, RED, new_figure

hint = course.Hints(__file__)

# How many images and epochs, and how many classifiers the search tries.
settings = course.Settings.from_text("""
    data           size      train   val    test  epochs  rounds
    digits         tiny        600   150     150      20       3
    digits         default    1187   250     360      30      12
    digits         full       1187   250     360      60      40
    fashion-mnist  tiny        600   150     150      10       2
    fashion-mnist  default   20000  2000   10000       6      12
    fashion-mnist  full      55000  5000   10000      12      30
    cifar10        tiny        600   150     150      10       2
    cifar10        default   20000  2000    1000       6      10
    cifar10        full      45000  5000   10000      12      30
""")


def train_svm(X, y, classes, epochs):
    """Train a linear classifier with the hinge loss of minpy.nn; return weights, shape (D, C)."""
    rng = np.random.default_rng(0)
    W = np.zeros((X.shape[1], classes), X.dtype)

    def loss(scores, truth):
        return svm_loss(scores, truth)

    of_scores = minpy.grad(loss)
    rate = 2e-3
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 200):
            batch = X[order[start : start + 200]]
            dscores = of_scores(mnp.array(batch @ W), y[order[start : start + 200]])
            W = W - rate * (batch.T @ dscores.asnumpy() + 0.01 * W)
        rate *= 0.9
    return W


# --------------------------------------------------------------------------------------- pictures


def draw_confident(data, probabilities, count=4):
    """Draw the most confident answers, correct ones on the left and wrong ones on the right.

    Parameters
    ----------
    data : Dataset
        Its validation images are drawn.
    probabilities : ndarray, shape (N, C)
        For each validation image.
    count : int
        How many of each.
    """
    guess, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct = guess == data.y_val
    figure = new_figure(9, 1.55 * count + 0.4)
    axes = figure.subplots(count, 4, width_ratios=(1, 1.7, 1, 1.7), squeeze=False)
    for side, which in enumerate((correct, ~correct)):
        chosen = np.flatnonzero(which)
        chosen = chosen[np.argsort(-confidence[chosen], kind="stable")][:count]
        tiles, _ = to_brightness(as_images(data.x_val, "images"), None)
        for row in range(count):
            image, bars = axes[row, 2 * side : 2 * side + 2]
            if row >= len(chosen):
                image.set_axis_off()
                bars.set_axis_off()
                continue
            n = chosen[row]
            image.imshow(tiles[n].transpose(1, 2, 0).squeeze(), cmap="gray", vmin=0, vmax=1)
            image.set(xticks=[], yticks=[])
            image.set_xlabel(f"true: {data.classes[data.y_val[n]]}", fontsize=8)
            _draw_bars(bars, probabilities[n], data.y_val[n], data.classes)
            if row == 0:
                bars.set_title("sure, and wrong" if side else "sure, and correct")
    return figure


def _draw_bars(ax, p, truth, classes):
    """Draw the probability of each class as a bar; that of the true class is hatched."""
    bars = ax.barh(range(len(p)), p, color=GREY)
    bars[p.argmax()].set_color(RED if p.argmax() != truth else BLUE)
    bars[truth].set(hatch="////", edgecolor="black", linewidth=0.8)
    ax.set_yticks(range(len(p)), classes, fontsize=6)
    ax.set(xlim=(0, 1.2), xticks=(0, 0.5, 1))
    ax.tick_params(labelsize=6)
    ax.text(p.max() + 0.03, p.argmax(), f"{p.max():.0%}", va="center", fontsize=7)
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)


def draw_calibration(curves, y, title=""):
    """Draw how often answers are correct, over how sure the classifier is of them.

    Parameters
    ----------
    curves : dict of str to ndarray, shape (N, C)
        Probabilities, by the name of their curve.
    y : ndarray of int, shape (N,)
        The true classes.
    title : str
    """
    figure = new_figure(8.5, 3.6)
    curve, counts = figure.subplots(1, 2)
    curve.plot([0, 1], [0, 1], "--", color=GREY, label="calibrated")
    edges = np.linspace(0, 1, 11)
    styles = (("o-", BLUE, "//"), ("s--", RED, "\\\\"))
    for place, ((name, p), (style, colour, hatch)) in enumerate(zip(curves.items(), styles)):
        confidence, correct = p.max(axis=1), p.argmax(axis=1) == y
        which = np.digitize(confidence, edges[1:-1])
        filled = [b for b in range(10) if (which == b).sum() >= 10]
        sure = [confidence[which == b].mean() for b in filled]
        share = [correct[which == b].mean() for b in filled]
        surprise = -np.log(np.maximum(p[np.arange(len(y)), y], 1e-300)).mean()
        label = f"{name}: cross-entropy {surprise:.3f}"
        curve.plot(sure, share, style, color=colour, markersize=5, label=label)
        width = 0.045 if len(curves) > 1 else 0.09
        counts.bar(
            edges[:-1] + 0.005 + place * 0.045, np.bincount(which, minlength=10), width,
            align="edge", color=colour, alpha=0.8, hatch=hatch, edgecolor="white", label=name,
        )  # fmt: skip
    curve.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability of the answer", aspect="equal")
    curve.set(ylabel="share of correct answers", title=title or "calibration")
    curve.legend(fontsize=7, loc="upper left")
    counts.set(xlim=(0, 1), xlabel="probability of the answer", ylabel="number of images")
    counts.set_title("how often it is how sure")
    counts.legend(fontsize=8)
    return figure


# ----------------------------------------------------------------------------------------- checks

LOG_2, LOG_3 = float(np.log(2)), float(np.log(3))

softmax_probabilities = Check(
    "softmax_probabilities",
    points=3,
    inputs={"scores": normal("N C", scale=2), "temperature": 1.5},
    sizes={"N": 5, "C": 4},
    forward="p = softmax_probabilities(scores, temperature)",
    outputs={"p": "N C"},
    known=[
        {
            "scores": [[0.0, 0.0], [LOG_3, 0.0], [5.0, 5.0 + LOG_3]],
            "temperature": 1.0,
            "p": [[0.5, 0.5], [0.75, 0.25], [0.25, 0.75]],
        },
        {
            "scores": [[2 * LOG_2, 0.0, 0.0], [0.0, -2 * LOG_2, 2 * LOG_2], [1.0, 1.0, 1.0]],
            "temperature": 2.0,
            "p": [[0.5, 0.25, 0.25], [2 / 7, 1 / 7, 4 / 7], [1 / 3, 1 / 3, 1 / 3]],
        },
        {
            "scores": [[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4], [0.0, 1e4, 1e4]],
            "temperature": 1.0,
            "p": [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5]],
        },
    ],
    hidden_comparisons=14,
)

KNOWN_LOSSES = [
    {  # no weights: all classes are equally likely
        "W": [[0.0] * 10] * 2,
        "X": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        "y": [1, 5, 9],
        "reg": 0.5,
        "loss": float(np.log(10)),
    },
    {  # probabilities of 3/4 and 1/4, then of 1/2 and 1/2
        "W": [[LOG_3, 0.0], [2.0, 2.0]],
        "X": [[1.0, 0.0], [0.0, 1.0]],
        "y": [1, 0],
        "reg": 0.0,
        "loss": (2 * LOG_2 + LOG_2) / 2,
        "dW": [[0.375, -0.375], [-0.25, 0.25]],
    },
    {  # large scores, and regularisation
        "W": [[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]],
        "X": [[1.0, 0.0], [0.0, 1.0]],
        "y": [1, 0],
        "reg": 1e-8,
        "loss": 5000 + LOG_2 / 2 + 4.0,
        "dW": [[0.5 + 1e-4, -0.5, -1e-4], [-0.25 - 1e-4, 0.25 - 1e-4, -2e-4]],
    },
]


def _loss(name, points, call, hidden_comparisons, **more):
    """Return the check of one of the two functions that compute the loss."""
    inputs = {"W": normal("D C"), "X": normal("N D"), "y": labels("N", below="C"), "reg": 0.3}
    return Check(
        name,
        points=points,
        inputs={**inputs, **more.pop("inputs", {})},
        sizes={"N": 5, "D": 4, "C": 3},
        forward=f"loss, dW = {name}({call})",
        outputs={"loss": ""},
        gradients={"dW": "W"},
        differentiates="loss",
        regularization="reg",
        forbids=("gradients", "differences", "sklearn"),
        hidden_comparisons=hidden_comparisons,
        **more,
    )


softmax_loss_naive = _loss("softmax_loss_naive", 4, "W, X, y, reg", 22, known=KNOWN_LOSSES)
softmax_loss_vectorized = _loss(
    "softmax_loss_vectorized",
    5,
    "W, X, y, reg, smoothing",
    32,
    inputs={"smoothing": 0.2},
    vectorized=("N",),
    known=[
        *({**known, "smoothing": 0.0} for known in KNOWN_LOSSES),
        {  # probabilities of 3/4 and 1/4; targets of 0.2 and 0.8
            "W": [[LOG_3, 0.0]],
            "X": [[1.0]],
            "y": [1],
            "reg": 0.0,
            "smoothing": 0.4,
            "loss": 2 * LOG_2 - 0.2 * LOG_3,
            "dW": [[0.55, -0.55]],
        },
    ],
)

fit_temperature = Check(
    "fit_temperature",
    points=2,
    inputs={
        "scores": normal("N C", scale=3),
        "y": labels("N", below="C"),
        "temperatures": [0.3, 0.6, 1.0, 2.5, 8.0],
    },
    sizes={"N": 12, "C": 4},
    forward="best, losses = fit_temperature(scores, y, temperatures)",
    outputs={"best": "", "losses": None},
    known=[
        {  # right once and wrong once: the surer, the worse
            "scores": [[LOG_3, 0.0], [LOG_3, 0.0]],
            "y": [0, 1],
            "temperatures": [1e9, 0.5, 1.0],
            "best": 1e9,
            "losses": [LOG_2, float(np.log(10) - LOG_3), 2 * LOG_2 - LOG_3 / 2],
        },
        {  # always right: the surer, the better
            "scores": [[2e4, 0.0], [0.0, 1e4], [-1e4, 0.0]],
            "y": [0, 1, 1],
            "temperatures": [1e4, 1.0],
            "best": 1.0,
            "losses": [float((np.log1p(np.exp(-2)) + 2 * np.log1p(np.exp(-1))) / 3), 0.0],
        },
    ],
    hidden_comparisons=16,
)

weights_file = course.ParameterFile("softmax.npz", ["W"])

trained = course.trained(
    weights_file,
    settings,
    forward="scores = with_ones(x) @ params['W']",
    # two points and a little below what the reference reaches at the size `default`
    thresholds={"digits": 0.90, "fashion-mnist": 0.80, "cifar10": 0.34},
    tiny=0.75,
    points=3,
)
