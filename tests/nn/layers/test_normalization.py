"""Batch normalization and dropout with CS231n's conventions."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers

from ..agreement import close, differentiable_twice, drawn, same_as_torch

# ---------------------------------------------------------------------------- batch norm


def batchnorm_by_loops(x, gamma, beta, eps):
    out = onp.zeros_like(x)
    means, variances = onp.zeros(x.shape[1]), onp.zeros(x.shape[1])
    for d in range(x.shape[1]):
        values = x[:, d]
        means[d] = sum(values) / len(values)
        variances[d] = sum((v - means[d]) ** 2 for v in values) / len(values)
        out[:, d] = gamma[d] * (values - means[d]) / (variances[d] + eps) ** 0.5 + beta[d]
    return out, means, variances


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_by_definition(dtype):
    x, gamma, beta = drawn(7, 3, dtype=dtype), drawn(3, dtype=dtype), drawn(3, dtype=dtype, seed=1)
    mean, var = drawn(3, dtype=dtype, seed=2), drawn(3, dtype=dtype, seed=3) ** 2
    expected, batch_mean, batch_var = batchnorm_by_loops(x, gamma, beta, 1e-3)
    out, new_mean, new_var = layers.batchnorm(
        x, gamma, beta, "train", 1e-3, 0.8, running_mean=mean, running_var=var
    )
    close(out, expected, dtype)
    close(new_mean, 0.8 * mean + 0.2 * batch_mean, dtype)
    close(new_var, 0.8 * var + 0.2 * batch_var, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_running_averages_start_at_zero(dtype):
    x, gamma, beta = drawn(7, 3, dtype=dtype), drawn(3, dtype=dtype), drawn(3, dtype=dtype, seed=1)
    _, batch_mean, batch_var = batchnorm_by_loops(x, gamma, beta, 1e-5)
    _, mean, var = layers.batchnorm(x, gamma, beta)
    close(mean, 0.1 * batch_mean, dtype)
    close(var, 0.1 * batch_var, dtype)


def test_averages_approach_those_of_the_data():
    """As CS231n checks it: after many batches, test mode gives zero mean and unit variance."""
    rng = onp.random.default_rng(0)
    mean = var = None
    for _ in range(100):
        x = 3 + 2 * rng.standard_normal((200, 4))
        _, mean, var = layers.batchnorm(
            x, np.ones(4), np.zeros(4), running_mean=mean, running_var=var
        )
    out, same_mean, same_var = layers.batchnorm(
        x, np.ones(4), np.zeros(4), mode="test", running_mean=mean, running_var=var
    )
    assert same_mean is mean and same_var is var
    onp.testing.assert_allclose(out.asnumpy().mean(0), 0, atol=0.2)
    onp.testing.assert_allclose(out.asnumpy().std(0), 1, atol=0.2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(7, 3), (4, 3, 2, 5)])
@pytest.mark.parametrize("mode", ["train", "test"])
def test_torch(torch, shape, mode, dtype):
    mean, var = drawn(3, dtype=dtype, seed=2), drawn(3, dtype=dtype, seed=3) ** 2 + 1
    arrays = [torch.from_numpy(x.copy()) for x in (mean, var)]
    same_as_torch(
        torch,
        lambda *xs: layers.batchnorm(*xs, mode, running_mean=mean, running_var=var)[0],
        lambda x, *xs: torch.nn.functional.batch_norm(x, *arrays, *xs, training=mode == "train"),
        drawn(*shape, dtype=dtype),
        drawn(3, dtype=dtype),
        drawn(3, dtype=dtype, seed=1),
    )


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 2)])
def test_gradients_of_batchnorm(shape):
    xs = drawn(*shape), drawn(3), drawn(3, seed=1)
    differentiable_twice(lambda *xs: layers.batchnorm(*xs)[0] ** 2, *xs)
    fixed = {"running_mean": drawn(3, seed=2), "running_var": drawn(3, seed=3) ** 2}
    differentiable_twice(lambda *xs: layers.batchnorm(*xs, mode="test", **fixed)[0] ** 2, *xs)


def test_no_gradient_flows_through_running_averages():
    seen = []

    def loss(x):
        out, mean, var = layers.batchnorm(x, np.ones(3), np.zeros(3))
        seen.extend([mean, var])
        return np.sum(out**3)

    minpy.grad(loss)(drawn(5, 3))
    assert not any(map(minpy.is_recorded, seen))


def test_what_is_wrong_with_batchnorm_is_explained():
    x, one, zero = onp.ones((4, 3)), onp.ones(3), onp.zeros(3)
    with pytest.raises(ValueError, match="batchnorm: mode is 'train' or 'test', but is 'eval'"):
        layers.batchnorm(x, one, zero, "eval")
    with pytest.raises(ValueError, match="'test' needs running_mean and running_var"):
        layers.batchnorm(x, one, zero, "test", running_mean=zero)
    with pytest.raises(ValueError, match=r"gamma has shape \(2,\), but .* it must have \(3,\)"):
        layers.batchnorm(x, one[:2], zero)
    with pytest.raises(ValueError, match=r"one value for each feature, .* or write mode='test'"):
        layers.batchnorm(x[:1], one, zero)
    with pytest.raises(ValueError, match=r"takes x of shape \(N, C, ...\), but got \(4,\)"):
        layers.batchnorm(x[:, 0], one, zero)


# ---------------------------------------------------------------------------- dropout


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("prob", [0.2, 0.8])
def test_dropout_is_inverted(prob, dtype):
    """`prob` is the probability to drop, and what stays is scaled in training."""
    out = layers.dropout(onp.ones((200, 500), dtype), prob, seed=0).asnumpy()
    assert out.dtype == dtype
    assert (out == 0).mean() == pytest.approx(prob, abs=0.01)
    onp.testing.assert_allclose(out[out > 0], 1 / (1 - prob), rtol=1e-6)
    assert out.mean(dtype=float) == pytest.approx(1, abs=0.02)


def test_dropout_does_nothing_in_test_mode():
    x = np.array(drawn(4, 5))
    assert layers.dropout(x, 0.5, mode="test") is x


def test_seeds_of_dropout():
    x = drawn(10, 10)
    first = layers.dropout(x, 0.5, seed=3).asnumpy()
    onp.testing.assert_array_equal(layers.dropout(x, 0.5, "train", 3).asnumpy(), first)
    np.random.seed(5)
    drawn_once = layers.dropout(x, 0.5).asnumpy()
    np.random.seed(5)
    onp.testing.assert_array_equal(layers.dropout(x, 0.5).asnumpy(), drawn_once)


def test_gradients_of_dropout():
    differentiable_twice(lambda x: layers.dropout(x, 0.4, seed=1) ** 3, drawn(4, 5))


def test_what_is_wrong_with_dropout_is_explained():
    with pytest.raises(ValueError, match="dropout: mode is 'train' or 'test', but is 'predict'"):
        layers.dropout(onp.ones(3), 0.5, "predict")
    with pytest.raises(ValueError, match="prob must be at least 0 and below 1, but is 1"):
        layers.dropout(onp.ones(3), 1)


# ---------------------------------------------------------------------------- as in the course


def test_dropout_takes_a_dropout_param_of_the_course():
    x = onp.ones((50, 40))
    dropout_param = {"mode": "train", "p": 0.8, "seed": 123}  # the probability to keep
    out = layers.dropout(x, **dropout_param)
    close(out, layers.dropout(x, 0.2, seed=123).asnumpy(), "float64")
    assert abs((out.asnumpy() != 0).mean() - 0.8) < 0.05
    assert layers.dropout(x, mode="test", p=0.8).tolist() == x.tolist()
    for wrong in ({}, {"prob": 0.5, "p": 0.5}):
        with pytest.raises(TypeError, match="prob, the probability to drop, or p, that to keep"):
            layers.dropout(x, **wrong)
    for p in (0, 1.5):
        with pytest.raises(ValueError, match=rf"the probability to keep, .* but {p}"):
            layers.dropout(x, p=p)


def test_running_variances_of_the_course_and_of_torch(torch):
    x, ones, zeros = drawn(6, 3), onp.ones(3), onp.zeros(3)
    mean, var = torch.zeros(3).double(), torch.ones(3).double()
    torch.nn.functional.batch_norm(torch.from_numpy(x), mean, var, training=True)
    for ddof in (0, 1):
        _, found_mean, found = layers.batchnorm(
            x, ones, zeros, running_mean=zeros, running_var=ones, ddof=ddof
        )
        close(found_mean, mean, "float64")
        close(found, 0.9 + 0.1 * x.var(axis=0, ddof=ddof), "float64")
    close(found, var, "float64")
