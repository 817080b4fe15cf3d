"""What `features.ipynb` needs beside it: images, edges, pictures, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

import numpy as np
from skimage.feature import hog
from tqdm.auto import tqdm

from minpy import course
from minpy.checking.spec import Check, normal, uniform
from minpy.plotting.places import BLUE, GREY, RED, new_figure

hint = course.Hints(__file__)

# How many images, hidden units and epochs, and how many classifiers and networks are tried.
settings = course.Settings.from_text("""
    data           size      train   val   test  hidden  epochs  rounds  networks
    digits         tiny        600   150    150      32       8       2         2
    digits         default    1187   250    360     100      15       8         6
    digits         full       1187   250    360     200      30      20        20
    fashion-mnist  tiny        600   150    150      32       5       2         2
    fashion-mnist  default    8000  1500   1500     100       6       6         5
    fashion-mnist  full      55000  5000  10000     200      10      20        20
    cifar10        tiny        600   150    150      32       5       2         2
    cifar10        default    8000  1500   1000     100       6       6         5
    cifar10        full      45000  5000  10000     200      10      20        20
""")

BINS = 8  # of a channel's histogram
CELL = {"digits": 2, "fashion-mnist": 7, "cifar10": 8}  # pixels in each direction


def load_images(name, size):
    """Return a data set whose pixels go from 0 to 1, float32, shape (N, C, H, W)."""
    return course.load_images(name, settings[name, size], scaled=False)


def hog_features(images, name):
    """Return the histograms of oriented gradients of images, float32, shape (N, F).

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
    name : str
        The data set, which says how large a cell is.
    """
    long = len(images) > 1000
    grey = tqdm(images.mean(axis=1), desc="edges of images", disable=not long)
    return np.array([_hog(image, name) for image in grey], np.float32)


def _hog(image, name, **options):
    cells = (CELL[name], CELL[name])
    return hog(image, orientations=9, pixels_per_cell=cells, cells_per_block=(2, 2), **options)


# --------------------------------------------------------------------------------------- pictures


def _show(ax, image):
    """Draw an image, shape (C, H, W), without an axis."""
    ax.imshow(image.transpose(1, 2, 0).squeeze(), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])


def draw_histograms(images, features):
    """Draw images, and the histogram of each channel below each."""
    channels = images.shape[1]
    shares = features.reshape(len(images), channels, -1)
    looks = (("-", RED, "red"), ("--", "#228833", "green"), (":", BLUE, "blue"))
    if channels == 1:
        looks = (("-", GREY, "grey"),)
    figure = new_figure(9, 4)
    axes = figure.subplots(2, len(images), squeeze=False, height_ratios=(1.2, 1))
    for image, of_image, (above, below) in zip(images, shares, axes.T):
        _show(above, image)
        edges = np.linspace(0, 1, shares.shape[2] + 1)
        for of_channel, (style, colour, word) in zip(of_image, looks):
            below.stairs(
                of_channel, edges, color=colour, linestyle=style, linewidth=1.8, label=word
            )
        below.set(xlabel="value", ylim=(0, max(0.5, shares.max() * 1.05)))
    axes[1, 0].set_ylabel("share of the pixels")
    axes[1, -1].legend(fontsize="small")
    return figure


def draw_hog(images, name):
    """Draw images, and below each the edges in its cells."""
    figure = new_figure(9, 3.2)
    axes = figure.subplots(2, len(images), squeeze=False)
    for image, (above, below) in zip(images, axes.T):
        _show(above, image)
        _, stars = _hog(image.mean(axis=0), name, visualize=True)
        below.imshow(stars, cmap="gray")
        height, width = stars.shape
        below.set_xticks(np.arange(0, width, CELL[name]) - 0.5, [])
        below.set_yticks(np.arange(0, height, CELL[name]) - 0.5, [])
        below.grid(color=GREY, linewidth=0.5)
        below.tick_params(length=0)
    axes[0, 0].set_ylabel("image")
    axes[1, 0].set_ylabel("edges")
    return figure


def draw_reached(reached):
    """Draw accuracies on pixels and on features side by side.

    Parameters
    ----------
    reached : dict of str to (float, float)
        By classifier: the accuracy on pixels, and on features.
    """
    figure = new_figure(6.5, 2.8)
    ax = figure.subplots()
    places = np.arange(len(reached))
    looks = (("pixels", GREY, ""), ("features", BLUE, "//"))
    for side, (title, colour, hatch) in enumerate(looks):
        heights = [100 * pair[side] for pair in reached.values()]
        bars = ax.bar(
            places + 0.38 * side, heights, 0.36, color=colour, hatch=hatch, edgecolor="white",
            label=title,
        )  # fmt: skip
        ax.bar_label(bars, [f"{height:.1f}" for height in heights])
    ax.set_xticks(places + 0.19, list(reached))
    ax.set(ylabel="validation accuracy in %")
    ax.margins(y=0.15)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def draw_wrong(data, y_pred, count=8):
    """Draw validation images that were classified wrongly, a row for each predicted class."""
    classes = len(data.classes)
    figure = new_figure(9, 1.12 * classes)
    axes = figure.subplots(classes, count, squeeze=False)
    for label, row in enumerate(axes):
        wrong = np.flatnonzero((y_pred == label) & (data.y_val != label))[:count]
        for ax in row:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax, n in zip(row, wrong):
            _show(ax, data.x_val[n])
            ax.set_title(data.classes[data.y_val[n]], fontsize=7, pad=2)
        row[0].set_ylabel(data.classes[label], rotation=0, ha="right", va="center", fontsize=9)
    return figure


# ----------------------------------------------------------------------------------------- checks

color_histogram = Check(
    "color_histogram",
    points=4,
    inputs={"images": uniform("N C H W"), "bins": 5},
    sizes={"N": 3, "C": 3, "H": 4, "W": 6},
    forward="features = color_histogram(images, bins)",
    outputs={"features": "N C*5"},
    known=[
        {  # edges belong to the bin above them, and 1 to the last one
            "images": [[[[0.0, 0.25], [0.5, 0.75]]], [[[1.0, 1.0], [0.49, 0.51]]]],
            "bins": 4,
            "features": [[0.25, 0.25, 0.25, 0.25], [0.0, 0.25, 0.25, 0.5]],
        },
        {  # two channels, one after the other
            "images": [[[[0.1, 0.2, 0.9, 0.45]], [[0.6, 0.7, 0.8, 0.65]]]],
            "bins": 2,
            "features": [[0.75, 0.25, 0.0, 1.0]],
        },
    ],
    hidden_comparisons=9,
)

standardize = Check(
    "standardize",
    points=3,
    inputs={
        "train": normal("N F", scale=3, shift=2),
        "first": normal("M F", scale=2),
        "second": normal("K F", shift=-1),
    },
    sizes={"N": 7, "M": 4, "K": 3, "F": 5},
    forward="new_train, new_first, new_second = standardize(train, first, second)",
    outputs={"new_train": "N F", "new_first": "M F", "new_second": "K F"},
    known=[
        {  # the last feature is constant
            "train": [[0.0, 60.0, 5.0], *[[0.0, 10.0, 5.0]] * 3, [5.0, 10.0, 5.0]],
            "first": [[1.0, 60.0, 8.0]],
            "second": [[5.0, 0.0, 5.0], [-3.0, 20.0, 4.5]],
            "new_train": [[-0.5, 2.0, 0.0], *[[-0.5, -0.5, 0.0]] * 3, [2.0, -0.5, 0.0]],
            "new_first": [[0.0, 2.0, 3.0]],
            "new_second": [[2.0, -1.0, 0.0], [-2.0, 0.0, -0.5]],
        },
    ],
    hidden_comparisons=24,
)

SCALING = ("scale", "shift")
linear_file = course.ParameterFile("features_linear.npz", [*SCALING, "W", "b"])
network_file = course.ParameterFile("features_network.npz", [*SCALING, "W1", "b1", "W2", "b2"])


def _trained(name, file, scores, thresholds):
    """Return the check of a classifier on features, which is given images."""
    return course.trained(
        file,
        settings,
        name=name,
        load=load_images,
        forward="features = features_of(x) * params['scale'] + params['shift']\n"
        f"scores = {scores}(params, features)",
        thresholds=thresholds,
        tiny=0.75,
        points=3,
    )


# two points and a little below what the reference reaches at the size `default`
trained_linear = _trained(
    "trained_linear",
    linear_file,
    "linear_scores",
    {"digits": 0.91, "fashion-mnist": 0.82, "cifar10": 0.45},
)
trained_network = _trained(
    "trained_network",
    network_file,
    "net_scores",
    {"digits": 0.91, "fashion-mnist": 0.83, "cifar10": 0.47},
)
