"""Fully connected layers."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers

from ..agreement import close, differentiable_twice, drawn, same_as_torch


def affine_by_loops(x, w, b):
    out = onp.zeros((x.shape[0], w.shape[1]), x.dtype)
    for n in range(x.shape[0]):
        numbers = list(x[n].flat)
        for m in range(w.shape[1]):
            out[n, m] = b[m] + sum(numbers[d] * w[d, m] for d in range(len(numbers)))
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 12), (2, 3, 4), (2, 3, 2, 2), (1, 12), (0, 12), (0, 3, 4)])
def test_affine_by_definition(shape, dtype):
    """Each example becomes a vector, whatever shape it has."""
    x, w, b = drawn(*shape, dtype=dtype), drawn(12, 5, dtype=dtype), drawn(5, dtype=dtype)
    close(layers.affine(x, w, b), affine_by_loops(x, w, b), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 12), (2, 3, 2, 2)])
def test_affine_as_in_torch(torch, shape, dtype):
    same_as_torch(
        torch,
        layers.affine,
        lambda x, w, b: torch.nn.functional.linear(x.reshape(len(x), -1), w.T, b),
        drawn(*shape, dtype=dtype),
        drawn(12, 5, dtype=dtype),
        drawn(5, dtype=dtype),
    )


@pytest.mark.parametrize("shape", [(2, 4), (2, 2, 2)])
def test_gradients_of_affine(shape):
    differentiable_twice(
        lambda x, w, b: layers.affine(x, w, b) ** 2, drawn(*shape), drawn(4, 3), drawn(3)
    )


def test_examples_that_are_numbers():
    """Of shape (N,), each has D = 1."""
    found = layers.affine(onp.array([1.0, 2.0]), onp.array([[3.0, 4.0]]), onp.zeros(2))
    close(found, [[3, 4], [6, 8]], "float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_temporal_affine_by_definition(dtype):
    x, w, b = drawn(2, 3, 4, dtype=dtype), drawn(4, 5, dtype=dtype), drawn(5, dtype=dtype)
    steps = [affine_by_loops(x[:, t], w, b) for t in range(3)]
    close(layers.temporal_affine(x, w, b), onp.stack(steps, 1), dtype)


def test_gradients_of_temporal_affine(torch):
    xs = drawn(2, 3, 4), drawn(4, 5), drawn(5)
    differentiable_twice(lambda *xs: layers.temporal_affine(*xs) ** 2, *xs)
    same_as_torch(torch, layers.temporal_affine, lambda x, w, b: x @ w + b, *xs)


@pytest.mark.parametrize(
    "x, w, b, message",
    [
        (
            (2, 3),
            (4, 5),
            (5,),
            r"affine: w has shape (4, 5), but must be (D, M) = (3, M): x (N, D)",
        ),
        (
            (2, 3),
            (3, 5),
            (4,),
            r"b has shape (4,), but must be (M,) = (5,): w (D, M) has shape (3, 5)",
        ),
        ((2, 3), (3,), (5,), r"w has shape (3,), but must be (D, M) = (3, M)"),
        ((2, 3, 4), (4, 5), (5,), r"w has shape (4, 5), but must be (D, M) = (12, M)"),
        ((2, 3, 4), (4, 5), (5,), r"at all time steps of x (N, T, D) there is temporal_affine"),
        ((3,), (3, 5), (5,), r"a batch of one example is x[None]"),
        ((), (3, 5), (5,), r"x is a number"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(x, w, b, message):
    with pytest.raises(ValueError) as error:
        layers.affine(onp.ones(x), onp.ones(w), onp.ones(b))
    assert message in str(error.value)


def test_lists_and_plain_arrays_are_taken():
    assert type(layers.affine([[1.0]], [[2.0]], [3.0])) is np.ndarray
    gradient = minpy.grad(lambda w: layers.affine(onp.ones((2, 1)), w, [0.0]))(onp.ones((1, 1)))
    close(gradient, [[2.0]], "float64")
