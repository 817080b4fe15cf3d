"""What the grader adds to the checks of `softmax.ipynb`: references, and inputs nobody has seen."""

import numpy as onp

import minpy.numpy as np
from grading.spec import HiddenCheck, HiddenTrained, Trial, checks_beside
from minpy.checking.spec import Draw

checks = checks_beside(__file__)

# ------------------------------------------------------------------------------------ references


def log_softmax(scores):
    """Return the logarithms of the probabilities of each row."""
    top = np.max(scores, axis=1, keepdims=True)
    return scores - top - np.log(np.sum(np.exp(scores - top), axis=1, keepdims=True))


def tempered(scores, temperature):
    """Return the softmax of scores that are divided by the temperature."""
    return np.exp(log_softmax(np.array(scores) / temperature))


def cross_entropy(W, X, y, reg):
    """Return the mean surprise at the true classes, plus the regularisation."""
    surprise = -np.take_along_axis(log_softmax(np.matmul(X, W)), y[:, None], axis=1)
    return np.mean(surprise) + reg / 2 * np.sum(W * W)


def smoothed_cross_entropy(W, X, y, reg, smoothing):
    """Return the same for labels that give a share of their probability to all classes."""
    surprise = -log_softmax(np.matmul(X, W))
    of_label = np.mean(np.take_along_axis(surprise, y[:, None], axis=1))
    mixed = (1 - smoothing) * of_label + smoothing * np.mean(surprise)
    return mixed + reg / 2 * np.sum(W * W)


def best_temperature(scores, y, temperatures):
    """Return the temperature of the smallest mean surprise, and the means of all."""
    losses = []
    for temperature in temperatures:
        scaled = scores / temperature
        total = onp.logaddexp.reduce(scaled, axis=1)
        losses.append(onp.mean(total - scaled[onp.arange(len(y)), y]))
    return {"best": temperatures[onp.argmin(losses)], "losses": onp.array(losses)}


def linear_scores(W, x):
    """Return the scores of images, with a 1 at the end of each."""
    rows = onp.reshape(x, (len(x), -1))
    return rows @ W[:-1] + W[-1]


# ---------------------------------------------------------------------------------- hidden checks


def from_1_to_6(rng, shape):
    """Return temperatures."""
    return rng.uniform(1, 6, shape)


NO_REGULARISATION = Trial("no regularisation", {"N": 6, "D": 5, "C": 4}, inputs={"reg": 0.0})
TWO_CLASSES = Trial(
    "two classes, strong regularisation", {"N": 8, "D": 3, "C": 2}, inputs={"reg": 7.0}
)


def of_loss(check, reference, *more, defaults=None):
    """Return the hidden part of a check of the loss."""
    return HiddenCheck(
        check,
        reference,
        extreme={"W": 3e3},
        cases=[NO_REGULARISATION, TWO_CLASSES, *more],
        defaults=defaults or {},
        large={"N": 4, "D": 4000, "C": 10},  # differences take 80,000 losses
    )


hidden = [
    HiddenCheck(
        checks.softmax_probabilities,
        tempered,
        extreme={"scores": 5e3},
        defaults={"temperature": ("p = softmax_probabilities(scores)", 1.0)},
        cases=[
            Trial("a low temperature", {"N": 6, "C": 3}, inputs={"temperature": 0.2}),
            Trial("a high temperature", {"N": 3, "C": 7}, inputs={"temperature": 40.0}),
            Trial("large values in float32", {"N": 6, "C": 5}, "float32", factors={"scores": 5e3}),
            Trial(
                "a class that is certain",
                {"N": 4, "C": 3},
                factors={"scores": 400.0},
                inputs={"temperature": 1.0},
            ),
        ],
        large={"N": 3000, "C": 50},
    ),
    of_loss(checks.softmax_loss_naive, cross_entropy),
    of_loss(
        checks.softmax_loss_vectorized,
        smoothed_cross_entropy,
        Trial("no smoothing", {"N": 7, "D": 4, "C": 5}, inputs={"smoothing": 0.0}),
        Trial("nothing but smoothing", {"N": 7, "D": 4, "C": 5}, inputs={"smoothing": 1.0}),
        Trial(
            "so many images that a loop over them takes too long",
            {"N": 400_000, "D": 4, "C": 3},
            seconds=4.0,
            times=20.0,
        ),
        defaults={"smoothing": ("loss, dW = softmax_loss_vectorized(W, X, y, reg)", 0.0)},
    ),
    HiddenCheck(
        checks.fit_temperature,
        best_temperature,
        extreme={"scores": 1e3},
        cases=[
            Trial(
                "other temperatures, in no order",
                {"N": 20, "C": 3, "K": 7},
                inputs={"temperatures": Draw("K", from_1_to_6)},
            ),
        ],
    ),
    HiddenTrained(checks.trained, linear_scores),
]
