"""What the grader adds to the checks of `features.ipynb`: references, and inputs nobody has seen."""

import numpy as np

from grading.spec import HiddenCheck, HiddenTrained, Trial, checks_beside
from minpy.checking.spec import Draw

checks = checks_beside(__file__)

# ------------------------------------------------------------------------------------ references


def histograms(images, bins):
    """Return the histogram of each channel of each image, one after the other."""
    edges = np.linspace(0, 1, bins + 1)
    rows = images.reshape(-1, images.shape[2] * images.shape[3])
    counts = [np.histogram(row, edges)[0] / row.size for row in rows]
    return np.array(counts).reshape(len(images), -1)


def standardized(train, first, second):
    """Return features as they are after a shift and a scaling that follow from `train` alone."""
    center = np.sum(train, axis=0) / len(train)
    spread = np.sqrt(np.sum((train - center) ** 2, axis=0) / len(train))
    spread[np.ptp(train, axis=0) == 0] = 1
    return {
        f"new_{name}": (features - center) / spread
        for name, features in (("train", train), ("first", first), ("second", second))
    }


def features(x, scale, shift):
    """Return the scaled features of images."""
    shape = x.shape[2:]
    of_data = {(8, 8): "digits", (28, 28): "fashion-mnist", (32, 32): "cifar10"}
    found = [checks.hog_features(x, of_data[shape]), histograms(x, checks.BINS)]
    width = sum(part.shape[1] for part in found)
    if np.shape(scale) != (width,) or np.shape(shift) != (width,):
        raise ValueError(f"scale and shift must have shape ({width},)")
    return np.hstack(found) * scale + shift


def linear(scale, shift, W, b, x):
    """Return the scores of a linear classifier on features."""
    return features(x, scale, shift) @ W + b


def network(scale, shift, W1, b1, W2, b2, x):
    """Return the scores of a network on features."""
    hidden_units = features(x, scale, shift) @ W1 + b1
    return np.where(hidden_units > 0, hidden_units, 0) @ W2 + b2


# ---------------------------------------------------------------------------------- hidden checks


def in_quarters(rng, shape):
    """Return 0, 0.25, 0.5, 0.75 and 1, at random: all of them on edges of four bins."""
    return rng.integers(0, 5, shape) / 4


def with_constants(rng, shape):
    """Return features of which every other one is constant."""
    found = rng.normal(3, 2, shape)
    found[:, ::2] = np.arange(found[:, ::2].shape[1]) - 0.5
    return found


hidden = [
    HiddenCheck(
        checks.color_histogram,
        histograms,
        cases=[
            Trial(
                "values on the edges of bins",
                {"N": 4, "C": 2, "H": 5, "W": 7},
                inputs={"images": Draw("N C H W", in_quarters), "bins": 4},
            ),
            Trial("one bin", {"N": 2, "C": 3, "H": 3, "W": 3}, inputs={"bins": 1}),
        ],
        large={"N": 3000, "C": 3, "H": 16, "W": 16},
    ),
    HiddenCheck(
        checks.standardize,
        standardized,
        cases=[
            Trial(
                "features that are constant",
                {"N": 9, "M": 4, "K": 2, "F": 6},
                inputs={"train": Draw("N F", with_constants)},
            ),
            Trial(
                "other images that are very different",
                {"N": 6, "M": 5, "K": 3, "F": 4},
                factors={"first": 1e4, "second": -1e3},
            ),
        ],
        large={"N": 20_000, "M": 10, "K": 10, "F": 50},
    ),
    HiddenTrained(checks.trained_linear, linear),
    HiddenTrained(checks.trained_network, network),
]
