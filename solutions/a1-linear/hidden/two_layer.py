"""What the grader adds to the checks of `two_layer.ipynb`: references, and inputs nobody has seen.

A reference is a forward function, written with minpy.numpy; the gradients come from the engine.
"""

import minpy.numpy as np
from grading.spec import HiddenCheck, HiddenTrained, Trial, checks_beside
from minpy.checking.spec import Draw, away_from_zero, normal

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
# passes as there are weights, minutes. The matrix of all derivatives of the output would still fit.
MANY = {"N": 1, "P": 20, "Q": 30, "M": 300, "H": 300, "C": 10}

# What the data have, and one row for each example.
IMAGES = [normal("N P*Q"), normal("N 1 P Q")]


def of_many(check):
    """Return those sizes in `MANY` that a check has."""
    return {name: size for name, size in MANY.items() if name in check.sizes}


hidden = [
    HiddenCheck(
        checks.affine_forward,
        affine,
        axes={"x": IMAGES},
        large={"N": 200, "P": 1, "M": 100},
    ),
    HiddenCheck(
        checks.affine_backward,
        affine,
        axes={"x": IMAGES},
        large=of_many(checks.affine_backward),
    ),
    HiddenCheck(
        checks.relu,
        rectified,
        cases=[
            Trial("zeros among them", checks.relu.sizes, inputs={"x": Draw("N 5", signs)}),
            *(
                Trial(title, checks.relu.sizes, inputs={"x": away_from_zero(s), "dout": normal(s)})
                for title, s in (("one axis", "9"), ("four axes", "N 2 3 2"))
            ),
        ],
        large=[{"N": 60_000}, {"N": 4_000}],
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
        large={"N": 20, "C": 2_000},
        seconds=10.0,
    ),
    HiddenCheck(
        checks.two_layer_loss,
        network_loss,
        extreme={"W2": 300.0},
        axes={"x": IMAGES},
        defaults={"reg": ("loss, grads = two_layer_loss(params, x, y)", 0.0)},
        large=of_many(checks.two_layer_loss),
    ),
    HiddenCheck(
        checks.sgd_momentum,
        momentum_step,
        defaults={
            "momentum": ("new_w, new_v = sgd_momentum(w, dw, v, learning_rate)", 0.9),
        },
        cases=[Trial("no momentum", checks.sgd_momentum.sizes, inputs={"momentum": 0.0})],
    ),
    HiddenCheck(
        checks.predict_scores,
        network_scores,
        axes={"x": IMAGES},
        large={"N": 500},
    ),
    HiddenTrained(checks.trained, network_scores),
]
