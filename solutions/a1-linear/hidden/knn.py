"""What the grader adds to the checks of `knn.ipynb`: references, and inputs nobody has seen."""

import numpy as np

from grading.spec import HiddenCheck, Trial, checks_beside
from minpy.checking.spec import Draw, labels

checks = checks_beside(__file__)

# ------------------------------------------------------------------------------------ references


def distances(X, X_train):
    """Return the Euclidean distance of each pair, in blocks that fit into the cache."""
    found = np.empty((len(X), len(X_train)))
    products = X @ X_train.T
    squares = np.einsum("md,md->m", X_train, X_train)
    for i, x in enumerate(X):
        found[i] = np.vdot(x, x) - 2 * products[i] + squares
    return np.sqrt(found.clip(0))


def voted(dists, y_train, k):
    """Return the class that most of the k nearest have; of several, the smallest."""
    nearest = y_train[np.argsort(dists, axis=1, kind="stable")[:, :k]]
    classes = np.arange(y_train.max() + 1)
    return (nearest[:, :, None] == classes).sum(axis=1).argmax(axis=1)


def accuracies(X, y, folds):
    """Return the accuracies on all folds, for the k that the check tries."""
    found = {1: [], 2: [], 5: []}
    for held_out in np.array_split(np.arange(len(X)), folds):
        rest = np.setdiff1d(np.arange(len(X)), held_out)
        dists = distances(X[held_out], X[rest])
        for k, of_folds in found.items():
            of_folds.append(np.mean(voted(dists, y[rest], k) == y[held_out]))
    return {f"accuracies[{k}]": of_folds for k, of_folds in found.items()}


# ---------------------------------------------------------------------------------- hidden checks


def repeated(rng, shape):
    """Return rows that are drawn from twenty: images occur in both sets, and more than once."""
    images = np.random.default_rng(shape[1]).uniform(-1, 1, (20, shape[1]))
    return images[rng.integers(20, size=shape[0])]


# Rounding leaves 1e-15 of the square of a distance that is 0, and its root is 3e-8.
TOLERANCE = {"float64": 1e-6, "float32": 1e-2}
SAME_IMAGES = Trial(
    "images that are in both sets",
    {"N": 50, "M": 60, "D": 50},
    inputs={"X": Draw("N D", repeated), "X_train": Draw("M D", repeated)},
)


# Differences of all pairs are 18 GB, more than a submission may have.
MANY_IMAGES = Trial(
    "so many images that loops take too long and (N, M, D) does not fit into memory",
    {"N": 1500, "M": 1500, "D": 1000},
    seconds=1.0,
    times=25.0,  # products by einsum take 13 times as long as the reference, one loop 50 times
)


def of_distances(check, *more):
    """Return the hidden part of a check of distances."""
    return HiddenCheck(check, distances, cases=[SAME_IMAGES, *more], tolerance=TOLERANCE)


hidden = [
    of_distances(checks.distances_two_loops),
    of_distances(checks.distances_one_loop),
    of_distances(checks.distances_no_loops, MANY_IMAGES),
    HiddenCheck(
        checks.predict_labels,
        voted,
        other={"N": 8, "M": 30, "C": 3},
        defaults={"k": ("y_pred = predict_labels(dists, y_train)", 1)},
        cases=[
            Trial("one neighbour", {"N": 9, "M": 7, "C": 5}, inputs={"k": 1}),
            Trial("many ties", {"N": 40, "M": 9, "C": 6}, inputs={"k": 2}),
            Trial("all vote", {"N": 6, "M": 8, "C": 3}, inputs={"k": 8}),
            Trial(
                "a class that does not vote",
                {"N": 12, "M": 15, "C": 4},
                inputs={"k": 5, "y_train": labels("M", below="C")},
            ),
            Trial("twelve classes", {"N": 30, "M": 50, "C": 12}, inputs={"k": 7}),
        ],
    ),
    HiddenCheck(
        checks.cross_validate,
        accuracies,
        batch="",
        other={"N": 31, "D": 2, "C": 2, "F": 5},
        defaults={"folds": ("accuracies = cross_validate(X, y, ks)", 5)},
        cases=[
            Trial("two folds", {"N": 40, "D": 4, "C": 3, "F": 2}),
            Trial("a fold for each image", {"N": 12, "D": 3, "C": 3, "F": 12}),
            Trial(
                "images in order of their classes",
                {"N": 30, "D": 3, "C": 3, "F": 4},
                inputs={"y": lambda rng, sizes: np.sort(rng.integers(sizes["C"], size=sizes["N"]))},
            ),
        ],
    ),
]
