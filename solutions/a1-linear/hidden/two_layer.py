"""What the grader adds to the checks of `two_layer.ipynb`: references, and inputs nobody has seen.

A reference is a forward function, written with minpy.numpy; the gradients come from the engine.
"""

import minpy.numpy as np
from grading.spec import HiddenCheck, HiddenTrained, Trial, checks_beside
from minpy.checking.spec import Draw

checks = checks_beside(__file__)

# ------------------------------------------------------------------------------------ references


def affine(x, w, b):
    """Return every example as one row, times the weights, plus the bias."""
    flat = np.reshape(x, (x.shape[0], w.shape[0]))
    return np.matmul(flat, w) + b


def rectified(x):
    """Return what is positive."""
    return np.where(x > 0, x, 0 * x)


def cross_entropy(scores, y):
    """Return the mean of -log softmax at the true classes."""
    top = np.max(scores, axis=1, keepdims=True)
    total = np.log(np.sum(np.exp(scores - top), axis=1)) + top[:, 0]
    picked = np.take_along_axis(scores, y[:, None], axis=1)[:, 0]
    return np.mean(total - picked)


def network_scores(W1, b1, W2, b2, x):
    """Return the scores of a two-layer network."""
    return affine(rectified(affine(x, W1, b1)), W2, b2)


def network_loss(W1, b1, W2, b2, x, y, reg):
    """Return the loss of a two-layer network."""
    penalty = np.sum(W1 * W1) + np.sum(W2 * W2)
    return cross_entropy(network_scores(W1, b1, W2, b2, x), y) + reg / 2 * penalty


def momentum_step(w, dw, v, learning_rate, momentum):
    """Return the weights and the velocity after a step."""
    velocity = momentum * v - learning_rate * dw
    return {"new_w": w + velocity, "new_v": velocity}


# ---------------------------------------------------------------------------------- hidden checks


def signs(rng, shape):
    """Return -1, 0 and 1, at random."""
    return rng.integers(-1, 2, shape).astype(float)


# One example and many weights: loops over every product take part of a second, and as many forward
# passes as there are weights, minutes.
MANY = {"N": 1, "P": 20, "Q": 30, "M": 500, "H": 500, "C": 10}


def of_many(check):
    """Return those sizes in `MANY` that a check has."""
    return {name: size for name, size in MANY.items() if name in check.sizes}


hidden = [
    HiddenCheck(checks.affine_forward, affine, large={"N": 200, "P": 1, "M": 100}),
    HiddenCheck(checks.affine_backward, affine, large=of_many(checks.affine_backward)),
    HiddenCheck(
        checks.relu,
        rectified,
        cases=[Trial("zeros among them", checks.relu.sizes, inputs={"x": Draw("N 5", signs)})],
        large={"N": 60_000},
    ),
    HiddenCheck(
        checks.softmax_loss,
        cross_entropy,
        extreme={"scores": 5e3},
        cases=[
            Trial(
                "large values in float32",
                checks.softmax_loss.sizes,
                dtype="float32",
                factors={"scores": 5e3},
            )
        ],
        large={"N": 2, "C": 40_000},
    ),
    HiddenCheck(
        checks.two_layer_loss,
        network_loss,
        extreme={"W2": 300.0},
        cases=[Trial("no regularisation", checks.two_layer_loss.sizes, inputs={"reg": 0.0})],
        large=of_many(checks.two_layer_loss),
        regularization="reg",
    ),
    HiddenCheck(
        checks.sgd_momentum,
        momentum_step,
        cases=[Trial("no momentum", checks.sgd_momentum.sizes, inputs={"momentum": 0.0})],
    ),
    HiddenCheck(
        checks.predict_scores,
        network_scores,
        other={"N": 7, "H": 3, "C": 5},  # D stays what the images have
        large={"N": 500},
    ),
    HiddenTrained(checks.trained, network_scores),
]
