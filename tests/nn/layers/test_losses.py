"""Losses: against loops, and against PyTorch."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn import layers

from ..agreement import close, differentiable_twice, drawn, same_as_torch

N, C = 6, 4
NUMBERS = onp.array([0, 3, 1, 1, 2, 0])
ONE_HOT = onp.eye(C)[NUMBERS]
OF_CLASSES = ["softmax_loss", "softmax_cross_entropy", "svm_loss", "l2_loss"]


def scores(name, dtype="float64"):
    x = drawn(N, C, dtype=dtype)
    if name == "softmax_cross_entropy":
        x = onp.exp(x)
        x /= x.sum(1, keepdims=True)
    return x


def by_loops(name, x):
    total = 0.0
    for n, right in enumerate(NUMBERS):
        if name == "softmax_loss":
            total += math.log(sum(math.exp(x[n, c]) for c in range(C))) - x[n, right]
        elif name == "softmax_cross_entropy":
            total -= math.log(x[n, right])
        elif name == "svm_loss":
            total += sum(max(0.0, x[n, c] - x[n, right] + 1) for c in range(C) if c != right)
        else:
            total += sum((x[n, c] - (c == right)) ** 2 for c in range(C))
    return total / N


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "labels",
    [NUMBERS, NUMBERS.astype("uint8"), NUMBERS.astype("float32"), list(NUMBERS), ONE_HOT,
     ONE_HOT.astype(int), ONE_HOT.astype("float32"), ONE_HOT.astype(bool), np.array(NUMBERS)],
    ids=["ints", "bytes", "floats", "list", "one-hot", "of ints", "of float32", "of bools", "ours"],
)  # fmt: skip
def test_definitions(name, dtype, labels):
    x = scores(name, dtype)
    close(getattr(layers, name)(x, labels), by_loops(name, x.astype(float)), dtype)


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("labels", [NUMBERS, ONE_HOT], ids=["numbers", "one-hot"])
def test_gradients(name, labels):
    differentiable_twice(lambda x: getattr(layers, name)(x, labels) ** 2, scores(name))


@pytest.mark.parametrize("name", OF_CLASSES)
def test_gradients_keep_their_dtype(name):
    x = scores(name, "float32")
    for labels in (NUMBERS, ONE_HOT):
        assert minpy.grad(getattr(layers, name))(x, labels).dtype == "float32"


def test_svm_loss_compares_with_the_right_column():
    """With another class count than examples, and scores for which the column matters."""
    x = onp.array([[3.0, 1.0, 2.5], [0.0, 5.0, 4.5]])
    close(layers.svm_loss(x, [0, 1]), (0.5 + 0.5) / 2, "float64")
    assert layers.svm_loss(x, [0, 1], margin=0.25) == 0.0
    close(minpy.grad(layers.svm_loss)(x, [0, 1]), [[-0.5, 0, 0.5], [0, -0.5, 0.5]], "float64")


def test_svm_loss_as_in_torch(torch):
    for margin in (1.0, 0.3):
        same_as_torch(
            torch,
            lambda x, m=margin: layers.svm_loss(x, NUMBERS, margin=m) / C,
            lambda x, m=margin: torch.nn.functional.multi_margin_loss(
                x, torch.from_numpy(NUMBERS), margin=m
            ),
            drawn(N, C),
        )


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_softmax_loss_as_in_torch(torch, smoothing):
    for labels in (NUMBERS, onp.abs(scores("softmax_cross_entropy"))):
        same_as_torch(
            torch,
            lambda x, y=labels: layers.softmax_loss(x, y, label_smoothing=smoothing),
            lambda x, y=labels: torch.nn.functional.cross_entropy(
                x, torch.from_numpy(y), label_smoothing=smoothing
            ),
            drawn(N, C),
        )


def test_softmax_loss_of_large_scores():
    assert layers.softmax_loss([[1e4, 0.0]], [0]) == 0
    assert layers.softmax_loss([[1e4, 0.0]], [1]) == 1e4


def test_the_cross_entropy_of_impossible_classes():
    prob = onp.array([[1.0, 0.0], [0.0, 1.0]])
    for labels in ([0, 1], onp.eye(2)):
        assert layers.softmax_cross_entropy(prob, labels) == 0
    gradient = minpy.grad(layers.softmax_cross_entropy)(prob, onp.eye(2))
    close(gradient, [[-0.5, 0], [0, -0.5]], "float64")


@pytest.mark.parametrize("name", OF_CLASSES)
def test_wrong_labels_are_explained(name):
    f, x = getattr(layers, name), scores(name)
    with pytest.raises(ValueError, match=rf"{name}: x has|{name}: prob has shape \(6,\), but must"):
        f(x[:, 0], NUMBERS)
    message = rf"{name}: labels have shape \(5,\), but for scores of shape \(6, 4\) they are"
    with pytest.raises(ValueError, match=message):
        f(x, NUMBERS[:5])
    with pytest.raises(ValueError, match=rf"{name}: labels have shape \(6, 1\)"):
        f(x, NUMBERS[:, None])
    for wrong in (4, -1, 4.0):
        labels = NUMBERS.astype(type(wrong))
        labels[2] = wrong
        with pytest.raises(IndexError, match=rf"labels\[2\] is {wrong}, but there are 4 classes"):
            f(x, labels)
    for wrong in (0.5, onp.nan):
        with pytest.raises(IndexError, match=rf"{name}: labels\[0\] is {wrong}, but"):
            f(x, onp.full(6, wrong))


def test_one_hot_codes_that_are_none_are_explained():
    for wrong in (ONE_HOT * 0.5, ONE_HOT * 0, onp.ones((N, C))):
        with pytest.raises(ValueError, match=r"one-hot codes, .*, but a row is none"):
            layers.svm_loss(scores("svm_loss"), wrong)


# ---------------------------------------------------------------------------- of numbers

OF_NUMBERS = {
    "mse_loss": lambda x, y: (x - y) ** 2,
    "huber_loss": lambda x, y: (x - y) ** 2 / 2 if abs(x - y) < 1 else abs(x - y) - 0.5,
    "bce_with_logits": lambda x, p: (
        p * math.log1p(math.exp(-x)) + (1 - p) * math.log1p(math.exp(x))
    ),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 2)], ids=str)
def test_definitions_of_numbers(name, dtype, shape):
    x, y = 2 * drawn(*shape, dtype=dtype), onp.abs(drawn(*shape, dtype=dtype, seed=1)) % 1
    expected = onp.mean([OF_NUMBERS[name](a, b) for a, b in zip(x.flat, y.flat, strict=True)])
    close(getattr(layers, name)(x, y), expected, dtype)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_gradients_of_numbers(name):
    x, y = 2 * drawn(3, 4), onp.abs(drawn(3, 4, seed=1)) % 1
    differentiable_twice(lambda x, y: getattr(layers, name)(x, y) ** 2, x, y)


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_as_in_torch(torch, name, dtype):
    theirs = {"bce_with_logits": "binary_cross_entropy_with_logits"}.get(name, name)
    x, y = 2 * drawn(3, 4, dtype=dtype), onp.abs(drawn(3, 4, dtype=dtype, seed=1)) % 1
    same_as_torch(torch, getattr(layers, name), getattr(torch.nn.functional, theirs), x, y)


def test_huber_loss_with_another_delta(torch):
    same_as_torch(
        torch,
        lambda x, y: layers.huber_loss(x, y, 0.3),
        lambda x, y: torch.nn.functional.huber_loss(x, y, delta=0.3),
        drawn(3, 4),
        drawn(3, 4, seed=1),
    )
    with pytest.raises(ValueError, match="delta must be positive, but is 0"):
        layers.huber_loss([1.0], [1.0], 0)


def test_binary_cross_entropy_is_stable():
    x = onp.array([1000.0, -1000.0, 1000.0, -1000.0])
    close(layers.bce_with_logits(x, [1, 0, 0, 1]), 500.0, "float64")
    close(minpy.grad(layers.bce_with_logits)(x, [1, 0, 0, 1]), [0, 0, 0.25, -0.25], "float64")


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_nothing_is_broadcast(name):
    with pytest.raises(
        ValueError, match=rf"{name}: target has shape \(3,\), but x has .* \(3, 1\)"
    ):
        getattr(layers, name)(onp.ones((3, 1)), onp.ones(3))


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("dtype", ["int64", "float64", "bool"])
def test_the_predictions_decide_the_dtype(name, dtype):
    x = drawn(3, dtype="float32")
    assert getattr(layers, name)(x, onp.array([0, 1, 1], dtype)).dtype == "float32"


# ---------------------------------------------------------------------------- over time

T, V = 5, 7
WORDS = onp.random.default_rng(0).integers(0, V, (3, T))
MASK = onp.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 1, 0, 1]], bool)


def temporal_by_loops(x, words, weights):
    total = 0.0
    for n in range(x.shape[0]):
        for t in range(T):
            normalizer = math.log(sum(math.exp(x[n, t, v]) for v in range(V)))
            total += weights[n, t] * (normalizer - x[n, t, words[n, t]])
    return total / x.shape[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "mask",
    [MASK, MASK.astype(int), MASK.astype("float32"), MASK * 0.5, MASK.tolist(), onp.zeros((3, T))],
    ids=["bools", "ints", "floats", "weights", "lists", "nothing"],
)
def test_temporal_softmax_loss(mask, dtype):
    x = drawn(3, T, V, dtype=dtype)
    expected = temporal_by_loops(x.astype(float), WORDS, onp.asarray(mask, float))
    close(layers.temporal_softmax_loss(x, WORDS, mask), expected, dtype)


def test_without_a_mask_all_steps_count():
    x = drawn(3, T, V)
    expected = temporal_by_loops(x, WORDS, onp.ones((3, T)))
    close(layers.temporal_softmax_loss(x, WORDS), expected, "float64")


def test_the_loss_at_the_start_as_in_the_course():
    """Of T steps with V words and no idea, it is T log V; of those that count, in proportion."""
    x = 0.001 * drawn(100, 10, 10)
    words = onp.random.default_rng(1).integers(0, 10, (100, 10))
    some = onp.random.default_rng(2).random((100, 10)) < 0.3
    assert layers.temporal_softmax_loss(x, words, some * 0 == 0) == pytest.approx(23.03, abs=0.01)
    loss = layers.temporal_softmax_loss(x, words, some)
    assert loss.item() == pytest.approx(some.mean() * 23.03, rel=0.01)


def test_gradients_over_time():
    differentiable_twice(
        lambda x: layers.temporal_softmax_loss(x, WORDS, MASK) ** 2, drawn(3, T, V)
    )


def test_what_the_mask_hides_does_not_matter():
    x = drawn(3, T, V)
    gradient = minpy.grad(layers.temporal_softmax_loss)(x, WORDS, MASK).asnumpy()
    assert (gradient[~MASK] == 0).all() and (gradient[MASK] != 0).all()
    expected = layers.temporal_softmax_loss(x, WORDS, MASK)
    x[~MASK] = onp.nan
    words = onp.where(MASK, WORDS, -100)
    for mask in (MASK, MASK.astype(int)):
        close(layers.temporal_softmax_loss(x, words, mask), expected, "float64")


def test_what_is_wrong_over_time_is_explained():
    x = drawn(3, T, V)
    message = r"y has shape \(3, 4\), but must be \(N, T\) = \(3, 5\): x \(N, T, V\) has shape"
    with pytest.raises(ValueError, match=message):
        layers.temporal_softmax_loss(x, WORDS[:, :4], MASK)
    with pytest.raises(ValueError, match=r"mask has shape \(2, 5\), but must be \(N, T\)"):
        layers.temporal_softmax_loss(x, WORDS, MASK[:2])
    with pytest.raises(IndexError, match=r"labels\[0, 0\] is 9, but there are 7 classes"):
        layers.temporal_softmax_loss(x, onp.full((3, T), 9), MASK)


# ---------------------------------------------------------------------------- weights, reductions

WEIGHTS = onp.array([1.0, 0.0, 2.0, 0.5, 3.0, 1.0])


def all_losses():
    for name in OF_CLASSES:
        yield name, (scores(name), NUMBERS)
        yield name, (scores(name), ONE_HOT)
    for name in OF_NUMBERS:
        yield name, (2 * drawn(N, C), onp.abs(drawn(N, C, seed=1)) % 1)
    words = onp.random.default_rng(1).integers(0, V, (N, T))
    yield "temporal_softmax_loss", (drawn(N, T, V), words)


@pytest.mark.parametrize(("name", "arguments"), list(all_losses()))
def test_weights_and_reductions(name, arguments):
    f = getattr(layers, name)
    single = onp.array([f(*(x[n : n + 1] for x in arguments)).item() for n in range(N)])
    each = f(*arguments, reduction="none").asnumpy()
    elements = each.reshape(N, -1)
    close(elements.mean(axis=1), single, "float64")
    close(f(*arguments, reduction="sum"), each.sum(), "float64")
    close(f(*arguments, weights=WEIGHTS), onp.average(single, weights=WEIGHTS), "float64")
    weighted = WEIGHTS.reshape((N,) + (1,) * (each.ndim - 1)) * each
    close(f(*arguments, weights=WEIGHTS, reduction="none"), weighted, "float64")
    close(f(*arguments, weights=WEIGHTS.tolist(), reduction="sum"), weighted.sum(), "float64")
    gradient = minpy.grad(lambda x: f(x, arguments[1], weights=WEIGHTS))(arguments[0])
    assert not gradient[1].asnumpy().any()
    with pytest.raises(ValueError, match=rf"{name}: weights has shape \(5,\), but must be \(6,\)"):
        f(*arguments, weights=WEIGHTS[:5])
    with pytest.raises(ValueError, match=r"reduction (is 'mean', 'sum' or 'none'|is mean, sum or)"):
        f(*arguments, reduction="max")


def test_weights_of_elements(torch):
    weights = onp.abs(drawn(N, C, seed=3))
    same_as_torch(
        torch,
        lambda x, y: layers.bce_with_logits(x, y, weights=weights, reduction="sum"),
        lambda x, y: torch.nn.functional.binary_cross_entropy_with_logits(
            x, y, torch.from_numpy(weights), reduction="sum"
        ),
        drawn(N, C),
        onp.abs(drawn(N, C, seed=1)) % 1,
    )


def test_weights_of_classes_as_in_torch(torch):
    of_classes = onp.array([1.0, 2.0, 0.0, 0.5])
    same_as_torch(
        torch,
        lambda x: layers.softmax_loss(x, NUMBERS, weights=of_classes[NUMBERS]),
        lambda x: torch.nn.functional.cross_entropy(
            x, torch.from_numpy(NUMBERS), torch.from_numpy(of_classes)
        ),
        drawn(N, C),
    )


def test_the_neighbour_is_named_for_scores_with_more_axes():
    with pytest.raises(ValueError, match=r"\(N, T\), use temporal_softmax_loss\(x, y, mask\)"):
        layers.softmax_loss(drawn(2, 3, 4), onp.zeros((2, 3), int))
    with pytest.raises(ValueError, match=r"use functional\.cross_entropy\(x, y, axis=1\)"):
        layers.softmax_loss(drawn(2, 3, 4, 4), onp.zeros((2, 4, 4), int))
    with pytest.raises(ValueError, match="if axis 2 is that of the classes, write axis=2"):
        F.cross_entropy(drawn(2, 3, 4), onp.zeros((2, 3), int))
