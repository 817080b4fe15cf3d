"""Embeddings and dropout."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

from .agreement import close, differentiable_twice, drawn, same_as_torch

# ---------------------------------------------------------------------------- embedding

INDICES = onp.array([[0, 3, 3], [1, 3, 0]])


@pytest.mark.parametrize("indices", [INDICES, INDICES.astype("uint8"), onp.array(2), INDICES[:0]])
@pytest.mark.parametrize("padding_idx", [None, 3, -5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_embedding_as_in_torch(indices, padding_idx, dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    theirs = torch.nn.functional.embedding
    same_as_torch(
        torch,
        lambda w: F.embedding(indices, w, padding_idx=padding_idx),
        lambda w: theirs(torch.tensor(indices.astype(int)), w, padding_idx=padding_idx),
        drawn(5, 4, dtype=dtype),
    )


def test_embedding_is_a_lookup():
    weight = drawn(5, 4)
    close(F.embedding(INDICES, weight), [[weight[i] for i in row] for row in INDICES], "float64")
    assert F.embedding([], weight).shape == (0, 4)


def test_embedding_to_second_order():
    differentiable_twice(lambda w: F.embedding(INDICES, w) ** 3, drawn(5, 4))
    padding = np.ones((1, 4))  # no argument, or central differences would see what it does

    def padded(w):
        return F.embedding(INDICES, np.concatenate([w, padding]), padding_idx=3) ** 3

    differentiable_twice(padded, drawn(3, 4))


@pytest.mark.parametrize(
    "indices, options, error, message",
    [
        ([[0, 1], [5, 0]], {}, IndexError, r"indices\[1, 0\] is 5, but there are 5 rows"),
        ([-1], {}, IndexError, r"indices\[0\] is -1"),
        ([0.5], {}, TypeError, r"indices are integers, but have dtype float64"),
        ([True], {}, TypeError, r"indices are integers, but have dtype bool"),
        ([0], {"padding_idx": 5}, IndexError, "padding_idx is 5, but weight has 5 rows"),
    ],
)
def test_wrong_indices_are_explained(indices, options, error, message):
    with pytest.raises(error, match=message):
        F.embedding(indices, drawn(5, 4), **options)


def test_a_wrong_table_is_explained():
    with pytest.raises(ValueError, match=r"weight has shape \(5,\), but must have two axes"):
        F.embedding([0], drawn(5))


# ---------------------------------------------------------------------------- dropout


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("prob", [0.2, 0.5, 0.9])
def test_dropout_keeps_the_mean(prob, dtype):
    out = F.dropout(onp.ones((100, 1000), dtype), prob, seed=0).asnumpy()
    assert out.dtype == dtype
    onp.testing.assert_allclose(onp.unique(out), [0, 1 / (1 - prob)], rtol=1e-6)
    deviation = (prob / (1 - prob) / out.size) ** 0.5  # of the mean
    assert abs(out.mean(dtype=float) - 1) < 4 * deviation


def test_the_gradient_has_the_same_mask():
    x = drawn(20, 30)

    def loss(x):
        return np.sum(F.dropout(x, 0.3, seed=1))

    mask = F.dropout(onp.ones_like(x), 0.3, seed=1)
    close(minpy.grad(loss)(x), mask, "float64")


def test_dropout_to_second_order():
    differentiable_twice(lambda x: F.dropout(x, 0.5, seed=3) ** 3, drawn(4, 5))


def test_outside_of_training_nothing_is_dropped():
    x = np.ones(5)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x


def masks(**options):
    return F.dropout(onp.ones(40), 0.5, **options).asnumpy() > 0


def test_seeds():
    onp.testing.assert_array_equal(masks(seed=5), masks(seed=5))
    assert (masks(seed=5) != masks(seed=6)).any()
    double = F.dropout(onp.ones(40), 0.5, seed=5).asnumpy()
    single = F.dropout(onp.ones(40, onp.float32), 0.5, seed=5).asnumpy()
    onp.testing.assert_array_equal(double, single)


def test_the_stream_is_that_of_numpy_random():
    def two():
        np.random.seed(3)
        return masks(), masks()

    first, second = two()
    onp.testing.assert_array_equal((first, second), two())
    assert (first != second).any()


@pytest.mark.parametrize("default_rng", [onp.random.default_rng, np.random.default_rng])
def test_a_generator_goes_on(default_rng):
    rng = default_rng(7)
    first, second = masks(seed=rng), masks(seed=rng)
    onp.testing.assert_array_equal(first, masks(seed=7))
    assert (first != second).any()


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_shapes(shape):
    assert F.dropout(onp.ones(shape), 0.5, seed=0).shape == shape


@pytest.mark.parametrize("prob", [-0.1, 1, 1.5, float("nan")])
def test_a_wrong_probability_is_explained(prob):
    with pytest.raises(ValueError, match="prob must be at least 0 and below 1, but is"):
        F.dropout(onp.ones(3), prob)
