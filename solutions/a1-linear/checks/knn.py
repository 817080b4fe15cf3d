"""What `knn.ipynb` needs beside it: its sizes, its pictures, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

import numpy as np

from minpy import course, plotting
from minpy.checking.spec import Check, labels, normal, uniform
from minpy.plotting.places import BLUE, GREY, RED, new_figure

hint = course.Hints(__file__)

# How many images; there are no validation images, because cross-validation needs none.
settings = course.Settings.from_text("""
    data           size      train  val   test
    digits         tiny        600    0    150
    digits         default    1437    0    360
    digits         full       1437    0    360
    fashion-mnist  tiny        600    0    150
    fashion-mnist  default    5000    0    500
    fashion-mnist  full      20000    0   1000
    cifar10        tiny        600    0    150
    cifar10        default    5000    0    500
    cifar10        full      20000    0   1000
""")

KS = (1, 3, 5, 8, 12, 20, 50, 100)  # the numbers of neighbours that are tried

# --------------------------------------------------------------------------------------- pictures


def draw_distances(dists, y_train, classes):
    """Draw a matrix of distances; the columns are sorted by class, and lines part the classes.

    Parameters
    ----------
    dists : ndarray, shape (N, M)
    y_train : ndarray of int, shape (M,)
        In rising order.
    classes : sequence of str
    """
    figure = new_figure(8.5, 3.6)
    ax = figure.subplots()
    picture = ax.imshow(dists, cmap="gray", aspect="auto", interpolation="nearest")
    ends = np.flatnonzero(np.diff(y_train)) + 0.5
    ax.vlines(ends, -0.5, len(dists) - 0.5, color=RED, linewidth=0.8)
    shown = np.unique(y_train)
    middles = [np.flatnonzero(y_train == label).mean() for label in shown]
    ax.set_xticks(middles, [classes[label] for label in shown], rotation=30, ha="right")
    ax.set(ylabel="test image", title="distance of each test image to each training image")
    figure.colorbar(picture, ax=ax, label="distance")
    return figure


def draw_timings(seconds, title):
    """Draw how long each function takes, on a logarithmic axis.

    Parameters
    ----------
    seconds : dict of str to float
    title : str
    """
    figure = new_figure(7, 2.2)
    ax = figure.subplots()
    bars = ax.barh(list(seconds), list(seconds.values()), color=BLUE)
    ax.bar_label(bars, [f" {value:.3g} s" for value in seconds.values()])
    ax.set(xscale="log", xlabel="seconds (each step of the grid is a factor of ten)", title=title)
    ax.margins(x=0.25)
    ax.invert_yaxis()
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)
    return figure


def draw_neighbours(data, shown, neighbours):
    """Draw test images, each followed by its nearest training images.

    Parameters
    ----------
    data : Dataset
    shown : ndarray of int, shape (N,)
        Which test images.
    neighbours : ndarray of int, shape (N, K)
        For each of them, which training images.
    """
    images, texts = [], []
    for i, near in zip(shown, neighbours, strict=True):
        images += [data.x_test[i], *data.x_train[near]]
        texts.append(f"test: {data.classes[data.y_test[i]]}")
        for label in data.y_train[near]:
            sign = "✓" if label == data.y_test[i] else "✗"
            texts.append(f"{sign} {data.classes[label]}")
    return plotting.image_grid(
        np.stack(images),
        texts,
        columns=1 + neighbours.shape[1],
        title="test images (left) and their nearest training images",
    )


def draw_folds(folds):
    """Draw which fold is held out in which round of cross-validation."""
    figure = new_figure(7, 0.4 * folds + 0.6)
    ax = figure.subplots()
    for turn in range(folds):
        for fold in range(folds):
            held_out = turn == fold
            ax.barh(
                turn, 0.96, left=fold, height=0.8, color=RED if held_out else BLUE,
                alpha=0.9 if held_out else 0.35,
            )  # fmt: skip
            ax.text(
                fold + 0.48, turn, "test" if held_out else "train", ha="center", va="center",
                color="white" if held_out else "black",
            )  # fmt: skip
    ax.set_yticks(range(folds), [f"round {turn}" for turn in range(folds)])
    ax.set_xticks(np.arange(folds) + 0.48, [f"fold {fold}" for fold in range(folds)])
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.spines[:].set_visible(False)
    ax.invert_yaxis()
    return figure


def draw_cross_validation(accuracies):
    """Draw the accuracy on each fold over k, with means and standard deviations.

    Parameters
    ----------
    accuracies : dict of int to list of float
    """
    figure = new_figure(7, 3.6)
    ax = figure.subplots()
    for k, of_folds in accuracies.items():
        ax.plot([k] * len(of_folds), of_folds, "o", color=GREY, markersize=4, alpha=0.7)
    means = np.array([np.mean(of_folds) for of_folds in accuracies.values()])
    spreads = np.array([np.std(of_folds) for of_folds in accuracies.values()])
    ks = list(accuracies)
    ax.errorbar(ks, means, spreads, color=BLUE, linewidth=1.8, capsize=4, label="mean and spread")
    best = means.argmax()
    ax.annotate(
        f"best mean {means[best]:.1%}\nat k = {ks[best]}", (ks[best], means[best]), (10, 18),
        textcoords="offset points", arrowprops={"arrowstyle": "-", "color": GREY},
    )  # fmt: skip
    ax.set(xscale="log", xlabel="k, the number of neighbours", ylabel="share of correct answers")
    ax.set_xticks(ks, [str(k) for k in ks])
    ax.minorticks_off()
    ax.set_title(f"cross-validation: {len(next(iter(accuracies.values())))} folds, a dot for each")
    ax.margins(y=0.2)
    ax.legend(loc="lower left")
    return figure


# ----------------------------------------------------------------------------------------- checks

SAME = [[-0.1, -0.3, 0.5, 0.7], [-0.4, -0.7, 1.0, 0.8], [-0.4, 0.6, -0.8, 0.8]]
FAR = [[0.51**0.5, 0.0, 4.93**0.5], [0.0, 0.51**0.5, 2.6**0.5]]


def _distances(name, points, hidden_comparisons, vectorized=()):
    """Return the check of one of the three functions that compute distances."""
    return Check(
        name,
        points=points,
        inputs={"X": normal("N D"), "X_train": normal("M D")},
        sizes={"N": 4, "M": 6, "D": 5},
        forward=f"dists = {name}(X, X_train)",
        outputs={"dists": "N M"},
        known=[
            {
                "X": [[0.0, 0.0], [3.0, 4.0]],
                "X_train": [[0.0, 0.0], [6.0, 8.0], [3.0, 0.0]],
                "dists": [[0.0, 10.0, 3.0], [5.0, 5.0, 4.0]],
            },
            {
                "X": [[1.0, 2.0, 3.0]],
                "X_train": [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [-5.0, -4.0, 10.0], [1.0, 0.0, 3.0]],
                "dists": [[0.0, 3.0, 11.0, 2.0]],
            },
            {  # here the rounded terms of the distance of a point to itself are less than 0
                "X": [SAME[1], SAME[0]],
                "X_train": SAME,
                "dists": FAR,
            },
        ],
        # the root of what rounding leaves of a zero is much larger than the rounding
        tolerance={"float64": 1e-4, "float32": 1e-2},
        forbids=("sklearn", "scipy"),
        vectorized=vectorized,
        hidden_comparisons=hidden_comparisons,
    )


distances_two_loops = _distances("distances_two_loops", 2, 8)
distances_one_loop = _distances("distances_one_loop", 2, 8)
distances_no_loops = _distances("distances_no_loops", 5, 9, vectorized=("N", "M"))

predict_labels = Check(
    "predict_labels",
    points=4,
    inputs={"dists": uniform("N M"), "y_train": labels("M", below="C"), "k": 4},
    sizes={"N": 5, "M": 9, "C": 4},
    forward="y_pred = predict_labels(dists, y_train, k)",
    outputs={"y_pred": "N"},
    known=[
        {  # the nearest one
            "dists": [[0.4, 0.1, 0.3], [0.2, 0.5, 0.3], [9.0, 8.0, 7.0], [5.0, 5.5, 6.0]],
            "y_train": [7, 2, 4],
            "k": 1,
            "y_pred": [2, 7, 4, 7],
        },
        {  # two votes, and often a tie: the smaller label, whichever is nearer
            "dists": [[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [2.0, 1.0, 4.0, 3.0]],
            "y_train": [3, 1, 3, 0],
            "k": 2,
            "y_pred": [1, 0, 1],
        },
        {  # three votes: a majority beats a smaller label
            "dists": [[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [2.0, 1.0, 4.0, 3.0]],
            "y_train": [3, 1, 3, 0],
            "k": 3,
            "y_pred": [3, 0, 0],
        },
    ],
    forbids=("sklearn",),
    hidden_comparisons=13,
)

cross_validate = Check(
    "cross_validate",
    points=4,
    inputs={
        "X": normal("N D"),
        "y": labels("N", below="C"),
        "ks": [1, 2, 5],
        "folds": lambda rng, sizes: sizes["F"],
    },
    sizes={"N": 23, "D": 3, "C": 3, "F": 4},
    forward="accuracies = cross_validate(X, y, ks, folds)",
    outputs={f"accuracies[{k}]": "F" for k in (1, 2, 5)},
    known=[
        {  # in order: each fold has one class, and the other fold the other
            "X": [[0.0], [1.0], [10.0], [11.0]],
            "y": [0, 0, 1, 1],
            "folds": 2,
            "accuracies[1]": [0.0, 0.0],
            "accuracies[2]": [0.0, 0.0],
            "accuracies[5]": [0.0, 0.0],
        },
        {  # each image is a fold
            "X": [[0.0], [1.0], [10.0], [11.0]],
            "y": [0, 0, 1, 1],
            "folds": 4,
            "accuracies[1]": [1.0, 1.0, 1.0, 1.0],
            "accuracies[2]": [1.0, 1.0, 0.0, 0.0],
            "accuracies[5]": [0.0, 0.0, 0.0, 0.0],
        },
        {  # folds of three and of two
            "X": [[0.0], [1.0], [2.0], [10.0], [11.0]],
            "y": [0, 1, 0, 1, 0],
            "folds": 2,
            "accuracies[1]": [1 / 3, 1 / 2],
            "accuracies[2]": [2 / 3, 1 / 2],
            "accuracies[5]": [2 / 3, 1 / 2],
        },
    ],
    forbids=("sklearn",),
    hidden_comparisons=30,
)
