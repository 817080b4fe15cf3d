"""What the grader adds to the checks of `svm.ipynb`: references, and inputs nobody has seen."""

import numpy as onp

import minpy.numpy as np
from grading.spec import HiddenCheck, HiddenTrained, Trial, checks_beside
from minpy.checking.spec import Draw

checks = checks_beside(__file__)

# ------------------------------------------------------------------------------------ references


def hinge_loss(W, X, y, reg):
    """Return the mean over the images of how much too close the wrong classes come."""
    scores = np.matmul(X, W)
    margins = scores - np.take_along_axis(scores, y[:, None], axis=1) + 1
    too_close = (margins > 0) & (onp.arange(W.shape[1]) != y[:, None])
    return np.sum(np.where(too_close, margins, 0)) / len(y) + reg / 2 * np.sum(W * W)


def descent(W, X, y, batches, learning_rate, reg):
    """Return the weights after the steps, and the losses before each."""
    losses = []
    for batch in batches:
        x, truth = X[batch], onp.eye(W.shape[1])[y[batch]]
        errors = x @ W - truth
        losses.append(onp.mean(onp.sum(errors**2, axis=1)) / 2 + reg / 2 * onp.sum(W**2))
        W = W - learning_rate * (onp.einsum("nd,nc->dc", x, errors) / len(batch) + reg * W)
    return {"new_W": W, "losses": losses}


def largest(W, X):
    """Return the class of the largest score."""
    return onp.argmax(onp.einsum("nd,dc->nc", X, W), axis=1)


def linear_scores(W, x):
    """Return the scores of images, with a 1 at the end of each."""
    rows = onp.reshape(x, (len(x), -1))
    return rows @ W[:-1] + W[-1]


# ---------------------------------------------------------------------------------- hidden checks


def whole(rng, shape):
    """Return small integers: many margins are 0."""
    return rng.integers(-2, 3, shape).astype(float)


AT_THE_KINK = Trial(
    "margins that are 0",
    {"N": 9, "D": 3, "C": 5},
    inputs={"W": Draw("D C", whole), "X": Draw("N D", whole)},
)
NO_REGULARISATION = Trial("no regularisation", {"N": 6, "D": 5, "C": 4}, inputs={"reg": 0.0})
TWO_CLASSES = Trial(
    "two classes, strong regularisation", {"N": 8, "D": 3, "C": 2}, inputs={"reg": 7.0}
)
MANY_IMAGES = Trial(
    "so many images that a loop over them takes too long",
    {"N": 400_000, "D": 4, "C": 3},
    seconds=4.0,
    times=20.0,
)


def of_loss(check, *more):
    """Return the hidden part of a check of the loss."""
    return HiddenCheck(
        check,
        hinge_loss,
        cases=[AT_THE_KINK, NO_REGULARISATION, TWO_CLASSES, *more],
        large={"N": 4, "D": 4000, "C": 10},  # differences take 80,000 losses
    )


hidden = [
    of_loss(checks.svm_loss_naive),
    of_loss(checks.svm_loss_vectorized, MANY_IMAGES),
    HiddenCheck(
        checks.train_linear,
        descent,
        cases=[
            Trial("no step", {"N": 6, "D": 3, "C": 2, "T": 0, "B": 2}),
            Trial(
                "another learning rate, no regularisation",
                {"N": 9, "D": 3, "C": 4, "T": 3, "B": 1},
                inputs={"learning_rate": 0.03, "reg": 0.0},
            ),
        ],
    ),
    HiddenCheck(checks.predict_linear, largest, large={"N": 2000, "D": 200}),
    HiddenTrained(checks.trained, linear_scores),
]
