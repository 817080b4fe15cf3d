"""Normalizations: against PyTorch and the definitions."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

from .agreement import close, differentiable_twice, drawn, same_as_torch


def standardized(x, axes, eps=1e-5):
    """Return the definition."""
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / onp.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + eps)


def along_channels(v, x):
    return v.reshape((1, -1) + (1,) * (x.ndim - 2))


# name -> (ours, the definition of what is scaled and shifted, PyTorch's, shapes of x)
NORMALIZATIONS = {
    "batch": (
        lambda x, *affine, **kw: F.batch_norm(x, *affine, **kw)[0],
        lambda x: standardized(x, (0, *range(2, x.ndim))),
        lambda f, x, *affine, **kw: f.batch_norm(x, None, None, *affine, training=True, **kw),
        [(5, 4), (2, 4, 3), (3, 4, 5, 2), (2, 4, 2, 1, 3), (0, 4), (2, 4, 0)],
    ),
    "group": (
        lambda x, *affine, **kw: F.group_norm(x, 2, *affine, **kw),
        lambda x: standardized(x.reshape(len(x), 2, -1), 2).reshape(x.shape),
        lambda f, x, *affine, **kw: f.group_norm(x, 2, *affine, **kw),
        # (not two numbers in a group, whose gradient is all rounding; PyTorch fails on N = 0)
        [(2, 4, 3), (1, 4, 5, 2), (3, 4, 1, 7)],
    ),
    "instance": (
        F.instance_norm,
        lambda x: standardized(x, tuple(range(2, x.ndim))),
        lambda f, x, gamma=None, beta=None, **kw: f.instance_norm(x, weight=gamma, bias=beta, **kw),
        [(2, 4, 3), (1, 4, 5, 2), (3, 4, 2, 1, 3)],
    ),
    "layer": (
        F.layer_norm,
        lambda x: standardized(x, -1),
        lambda f, x, *affine, **kw: f.layer_norm(x, x.shape[-1:], *affine, **kw),
        [(5, 4), (2, 3, 4), (4,), (0, 4)],
    ),
}
named = pytest.mark.parametrize("name", NORMALIZATIONS)


def arguments(shape, dtype="float64"):
    x = 2 * drawn(*shape, dtype=dtype) + 3
    return x.astype(dtype), 1 + drawn(4, dtype=dtype, seed=2), drawn(4, dtype=dtype, seed=3)


@named
def test_definition(name):
    ours, definition, _, shapes = NORMALIZATIONS[name]
    for shape in shapes:
        if 0 in shape:
            continue
        x, gamma, beta = arguments(shape)
        close(ours(x), definition(x), "float64")
        if name != "layer":
            gamma, beta = along_channels(gamma, x), along_channels(beta, x)
        close(
            ours(x, gamma.reshape(-1), beta.reshape(-1)),
            definition(x) * gamma + beta,
            "float64",
        )


@named
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(name, dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    ours, _, theirs, shapes = NORMALIZATIONS[name]
    f = torch.nn.functional
    for shape in shapes:
        x, gamma, beta = arguments(shape, dtype)
        same_as_torch(torch, ours, lambda *xs: theirs(f, *xs), x, gamma, beta)
        same_as_torch(torch, ours, lambda *xs: theirs(f, *xs), x)
        same_as_torch(
            torch, lambda x, g: ours(x, g, eps=0.1), lambda x, g: theirs(f, x, g, eps=0.1), x, gamma
        )
        same_as_torch(
            torch, lambda x, b: ours(x, None, b), lambda x, b: theirs(f, x, 0 * b + 1, b), x, beta
        )


@named
def test_other_layouts(name):
    ours = NORMALIZATIONS[name][0]
    x, gamma, beta = arguments((4, 4, 4))
    for view in (x.T.swapaxes(1, 2), x[::-2, ::-1], x.swapaxes(1, 2)):
        copy = onp.array(view, order="C")
        close(ours(view, gamma, beta), ours(copy, gamma, beta), "float64")


def ours_in(name):
    return NORMALIZATIONS[name][0]


@named
def test_second_order(name):
    x, gamma, beta = arguments((3, 4, 4))
    differentiable_twice(ours_in(name), x, gamma, beta)
    differentiable_twice(ours_in(name), x)


@pytest.mark.parametrize("axis", [-1, 0, (0, 2), (0, 1, 2)])
def test_standardize_is_right_in_all_its_results(axis):
    x = drawn(2, 3, 4)
    out, mean, var = F.standardize(x, axis)
    close(out, standardized(x, axis), "float64")
    close(mean, x.mean(axis, keepdims=True), "float64")
    close(var, x.var(axis, keepdims=True), "float64")
    differentiable_twice(lambda x: F.standardize(x, axis), x)
    differentiable_twice(lambda x: F.standardize(x, axis)[0], x)
    differentiable_twice(lambda x: F.standardize(x, axis)[1] ** 2, x)
    differentiable_twice(lambda x: F.standardize(x, axis)[2], x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layer_norm_over_two_axes(dtype):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    x, gamma, beta = (drawn(*shape, dtype=dtype) for shape in [(5, 3, 4), (3, 4), (3, 4)])
    same_as_torch(
        torch,
        lambda x, g, b: F.layer_norm(x, g, b, axis=(-1, 1)),
        lambda x, g, b: torch.nn.functional.layer_norm(x, (3, 4), g, b),
        x,
        gamma,
        beta,
    )


def test_layer_norm_over_an_axis_in_the_middle():
    x, gamma, beta = arguments((3, 4, 2))
    expected = standardized(x, 1) * gamma[:, None] + beta[:, None]
    close(F.layer_norm(x, gamma, beta, axis=1), expected, "float64")


def test_a_large_mean_does_no_harm():
    x = drawn(64, 4, dtype="float32") + onp.float32(1e3)
    expected = standardized(x.astype(float), 0)
    onp.testing.assert_allclose(F.batch_norm(x)[0].asnumpy(), expected, atol=1e-3)


def test_group_norm_of_no_examples():
    x, gamma, beta = arguments((0, 4, 3))
    gradients = minpy.grad(lambda *xs: np.sum(F.group_norm(xs[0], 2, *xs[1:])), (0, 1, 2))(
        x, gamma, beta
    )
    for g, v in zip(gradients, (x, gamma, beta), strict=True):
        close(g, onp.zeros_like(v), "float64")


def test_constants_become_zero():
    close(F.layer_norm(onp.full((2, 5), 7.0)), onp.zeros((2, 5)), "float64")


# ---------------------------------------------------------------------------- running averages


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("momentum", [0.1, 0.25])
def test_running_averages_and_their_use(dtype, momentum):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    x, gamma, beta = arguments((5, 4, 3), dtype)
    mean, var = drawn(4, dtype=dtype, seed=4), 1 + drawn(4, dtype=dtype, seed=5) ** 2
    theirs = [torch.tensor(v) for v in (mean, var)]
    torch.nn.functional.batch_norm(torch.tensor(x), *theirs, training=True, momentum=momentum)
    before = mean.copy(), var.copy()
    _, *ours = F.batch_norm(x, gamma, beta, mean, var, momentum=momentum)
    onp.testing.assert_array_equal((mean, var), before)
    for found, expected in zip(ours, theirs, strict=True):
        close(found, expected, dtype)

    same_as_torch(
        torch,
        lambda *xs: F.batch_norm(*xs, *ours, training=False)[0],
        lambda x, g, b: torch.nn.functional.batch_norm(x, *theirs, g, b, training=False),
        x,
        gamma,
        beta,
    )
    same_as_torch(
        torch,
        lambda x: F.batch_norm(x, None, None, *ours, training=False)[0],
        lambda x: torch.nn.functional.batch_norm(x, *theirs, training=False),
        x,
    )


def test_the_first_running_averages_are_those_of_the_batch():
    x = drawn(6, 3)
    _, mean, var = F.batch_norm(x)
    close(mean, x.mean(0), "float64")
    close(var, x.var(0, ddof=1), "float64")
    close(F.batch_norm(x, ddof=0)[2], x.var(0), "float64")


def test_running_averages_carry_no_gradient_and_return_unchanged():
    x, old = drawn(6, 3), np.ones(3)

    def loss(x):
        out, mean, var = F.batch_norm(x, running_mean=old, running_var=old)
        assert not minpy.is_recorded(mean)
        assert not minpy.is_recorded(var)
        return np.sum(out**3)

    assert minpy.gradcheck(loss, x)
    assert F.batch_norm(x, running_mean=old, running_var=old, training=False)[1] is old
    assert F.batch_norm(x[:0], running_mean=old, running_var=old)[2] is old
    assert F.batch_norm(x[:0])[1:] == (None, None)


# ---------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x: F.batch_norm(x[0, 0, 0]), r"shape \(N, C, ...\), but got \(5,\)"),
        (lambda x: F.batch_norm(x[:1, :, 0, 0]), r"\(1, 4\) has one value for each channel"),
        (lambda x: F.batch_norm(x, training=False), "needs running_mean and running_var"),
        (
            lambda x: F.batch_norm(x, onp.ones(3)),
            r"batch_norm: gamma has shape \(3,\).*\(2, 4, 3, 5\) it must have \(4,\)",
        ),
        (lambda x: F.batch_norm(x, None, None, onp.ones(3), onp.ones(4)), "running_mean has shape"),
        (
            lambda x: F.batch_norm(x, onp.ones(3), None, onp.ones(4), onp.ones(4), training=False),
            r"gamma has shape \(3,\)",
        ),
        (lambda x: F.layer_norm(x, None, onp.ones(4)), r"layer_norm: beta .* must have \(5,\)"),
        (lambda x: F.layer_norm(x, axis=4), "axis 4 is out of bounds"),
        (lambda x: F.group_norm(x, 3), r"divisible by groups, but got \(2, 4, 3, 5\) and groups=3"),
        (lambda x: F.group_norm(x, 0), "groups=0"),
        (lambda x: F.instance_norm(x[:, :, :1, :1]), r"got \(2, 4, 1, 1\)"),
        (lambda x: F.instance_norm(x[:, :, 0, 0]), r"got \(2, 4\)"),
    ],
)
def test_mistakes_are_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call(drawn(2, 4, 3, 5))
