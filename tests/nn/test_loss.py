"""The cross-entropy: against PyTorch and its definition."""

import numpy as onp
import pytest

import minpy
from minpy.nn import functional as F

from .agreement import close, differentiable_twice, drawn, same_as_torch

REDUCTIONS = ["mean", "sum", "none"]


def labels_for(*shape, classes=5, dtype=onp.int64):
    return onp.random.default_rng(3).integers(0, classes, shape).astype(dtype)


def probabilities_for(*shape):
    p = onp.random.default_rng(4).random(shape)
    return p / p.sum(1, keepdims=True)


def by_definition(logits, labels):
    p = onp.exp(logits) / onp.exp(logits).sum(1, keepdims=True)
    return onp.array([-onp.log(p[i, label]) for i, label in enumerate(labels)])


def test_definition():
    x, y = drawn(7, 5), labels_for(7)
    expected = by_definition(x, y)
    close(F.cross_entropy(x, y, reduction="none"), expected, "float64")
    close(F.cross_entropy(x, y), expected.mean(), "float64")
    close(F.cross_entropy(x, y, reduction="sum"), expected.sum(), "float64")
    close(F.cross_entropy(x, onp.eye(5)[y]), expected.mean(), "float64")
    close(F.cross_entropy(x, onp.eye(5, dtype=bool)[y]), expected.mean(), "float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("rest", [(), (3,), (2, 1, 3)])
def test_torch(rest, reduction, smoothing, dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    theirs = torch.nn.functional.cross_entropy
    x = drawn(7, 5, *rest, dtype=dtype)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    indices = labels_for(7, *rest)
    ignored = indices.copy()
    ignored[:2] = -7
    for labels, more in [
        (indices, {}),
        (ignored, {"ignore_index": -7}),
        (probabilities_for(7, 5, *rest).astype(dtype), {}),
    ]:
        same_as_torch(
            torch,
            lambda x, y=labels, o=options | more: F.cross_entropy(x, y, **o),
            lambda x, y=labels, o=options | more: theirs(x, torch.from_numpy(y), **o),
            x,
        )


def test_gradient_for_the_probabilities():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    same_as_torch(
        torch,
        lambda x, p: F.cross_entropy(x, p, label_smoothing=0.2),
        lambda x, p: torch.nn.functional.cross_entropy(x, p, label_smoothing=0.2),
        drawn(3, 5),
        probabilities_for(3, 5),
    )


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"ignore_index": 2}], ids=str)
def test_second_order(options):
    x, y = drawn(4, 5), onp.array([0, 2, 4, 2])
    differentiable_twice(lambda x: F.cross_entropy(x, y, **options), x)
    differentiable_twice(lambda x: F.cross_entropy(x, y, reduction="none", **options), x)


def test_second_order_of_probabilities():
    differentiable_twice(F.cross_entropy, drawn(3, 5), probabilities_for(3, 5))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "uint64", "int64"])
def test_any_integers_are_labels(kind):
    x, y = drawn(7, 5), labels_for(7)
    close(F.cross_entropy(x, y.astype(kind)), by_definition(x, y).mean(), "float64")


def test_classes_along_another_axis():
    x, y = drawn(2, 3, 5), labels_for(2, 3)
    expected = by_definition(x.reshape(6, 5), y.reshape(6)).reshape(2, 3)
    close(F.cross_entropy(x, y, axis=-1, reduction="none"), expected, "float64")
    close(F.cross_entropy(x.transpose(2, 0, 1), y, axis=0, reduction="none"), expected, "float64")
    close(F.cross_entropy(x[0, 0], y[0, 0], axis=0), expected[0, 0], "float64")


@pytest.mark.parametrize("view", [lambda x: x[::-1], lambda x: x[:, ::-1], lambda x: x.T])
def test_other_layouts(view):
    x = view(drawn(5, 5))
    close(F.cross_entropy(x, labels_for(5)), by_definition(x, labels_for(5)).mean(), "float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_out(dtype):
    x = onp.array([[1e4, -1e4], [1e4, -1e4], [0, -onp.inf]], dtype)
    close(F.cross_entropy(x, [0, 1, 0], reduction="none"), [0, 2e4, 0], dtype)
    gradient = minpy.grad(lambda x: F.cross_entropy(x, [0, 1, 0], reduction="sum"))(x)
    close(gradient, [[0, 0], [1, -1], [0, 0]], dtype)


def test_small_losses_are_kept_beside_large_logits():
    x = onp.array([[1010.0, 1000.0]], onp.float32)
    assert F.cross_entropy(x, [0]).item() == pytest.approx(onp.log1p(onp.exp(-10)), rel=0.01)
    gradient = minpy.grad(lambda x: F.cross_entropy(x, [0]))(x)
    assert gradient[0, 1].item() == pytest.approx(onp.exp(-10), rel=0.01)


def test_ignored_examples_have_no_gradient():
    x = drawn(3, 5)
    gradient = minpy.grad(lambda x: F.cross_entropy(x, [1, -1, 2], ignore_index=-1))(x)
    onp.testing.assert_array_equal((gradient.asnumpy() == 0).all(1), [False, True, False])


def test_no_examples():
    assert F.cross_entropy(onp.ones((0, 5)), [], reduction="none").shape == (0,)
    assert F.cross_entropy(onp.ones((0, 5)), [], reduction="sum").item() == 0
    with pytest.warns(RuntimeWarning):
        assert onp.isnan(F.cross_entropy(onp.ones((0, 5)), []).item())
    with pytest.warns(RuntimeWarning):
        assert onp.isnan(F.cross_entropy(onp.ones((1, 5)), [-1], ignore_index=-1).item())


def test_the_labels_may_change_before_the_backward_pass():
    labels = onp.array([0, 1])

    def loss(x):
        result = F.cross_entropy(x, labels)
        labels[:] = 4
        return result

    gradient = minpy.grad(loss)(onp.zeros((2, 5))).asnumpy()
    onp.testing.assert_array_equal(gradient.argmin(1), [0, 1])


@pytest.mark.parametrize(
    "labels, options, error, message",
    [
        ([0, 5, 9], {}, IndexError, r"labels\[1\] is 5, but there are 5 classes, numbered from 0"),
        ([0, 1, -1], {}, IndexError, r"labels\[2\] is -1, but there are 5 classes"),
        ([0, 1, -2], {"ignore_index": -1}, IndexError, r"labels\[2\] is -2"),
        ([0.0, 1.0, 2.0], {}, TypeError, r"float64; write .astype\(int\)"),
        (
            [0, 1],
            {},
            ValueError,
            r"labels have shape \(3,\), or that of the logits, but got \(2,\)",
        ),
        ([[0, 1, 2]], {}, ValueError, r"but got \(1, 3\)"),
        ([0, 1, 2], {"reduction": "avg"}, ValueError, "mean, sum or none, but got 'avg'"),
        ([0, 1, 2], {"axis": 2}, ValueError, "axis 2 is out of bounds"),
        ([0, 1, 2], {"label_smoothing": 1.5}, ValueError, r"label_smoothing 1.5 is not in"),
    ],
)
def test_mistakes_are_explained(labels, options, error, message):
    with pytest.raises(error, match=message):
        F.cross_entropy(drawn(3, 5), labels, **options)


def test_the_place_of_a_wrong_label_among_many():
    labels = onp.zeros((2, 3), int)
    labels[1, 2] = 7
    with pytest.raises(IndexError, match=r"labels\[1, 2\] is 7"):
        F.cross_entropy(drawn(2, 5, 3), labels)


def test_no_classes():
    with pytest.raises(ValueError, match=r"\(3, 0\), with 0 classes along axis 1"):
        F.cross_entropy(onp.ones((3, 0)), [0, 0, 0])
