"""Losses of rare classes, distributions and embeddings: against PyTorch and the definitions."""

import math

import numpy as onp
import pytest

import minpy
from minpy.nn import functional as F
from minpy.nn import layers

from ..agreement import close, differentiable_twice, drawn, same_as_torch

N, C = 5, 4
LABELS = onp.array([0, 3, 1, 1, 2])
REDUCTIONS = ["mean", "sum", "none"]


def probabilities(*shape, dtype="float64"):
    p = onp.exp(drawn(*shape, dtype=dtype, seed=2))
    return p / p.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_as_in_torch(torch, reduction):
    f = torch.nn.functional
    how = {"reduction": reduction}
    p = probabilities(N, C)
    p[0] = [0, 0, 1, 0]
    xs, var = [drawn(N, C, seed=i) for i in range(3)], onp.abs(drawn(N, C, seed=4))
    var[1, 1] = 1e-9  # smaller than eps
    pairs = [
        (  # theirs is a mean over all elements, or one over examples by another name
            lambda x: layers.kl_div_loss(x, p, **how),
            lambda x: (
                {"mean": 1 / N, "sum": 1, "none": 1}[reduction]
                * (lambda y: y.sum(1) if reduction == "none" else y.sum())(
                    f.kl_div(x, torch.from_numpy(p), reduction="none")
                )
            ),
            onp.log(probabilities(N, C)),
        ),
        *[
            (
                lambda x, y, v, full=full: layers.gaussian_nll_loss(x, y, v, full=full, **how),
                lambda x, y, v, full=full: f.gaussian_nll_loss(x, y, v, full=full, **how),
                *xs[:2],
                var,
            )
            for full in (False, True)
        ],
        (
            lambda a, b, c: layers.triplet_loss(a, b, c, margin=0.7, **how),
            lambda a, b, c: f.triplet_margin_loss(a, b, c, margin=0.7, **how),
            *xs,
        ),
    ]
    for ours, theirs, *arguments in pairs:
        same_as_torch(torch, ours, theirs, *arguments)


def focal_of_torch(torch, x, gamma):
    """By definition: PyTorch has none."""
    losses = torch.nn.functional.cross_entropy(x, torch.from_numpy(LABELS), reduction="none")
    return ((1 - torch.exp(-losses)) ** gamma * losses).mean()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_by_definition(torch, gamma):
    same_as_torch(
        torch,
        lambda x: layers.focal_loss(x, LABELS, gamma=gamma),
        lambda x: focal_of_torch(torch, x, gamma),
        drawn(N, C),
    )
    assert layers.focal_loss(drawn(N, C), onp.eye(C)[LABELS], gamma=gamma) == layers.focal_loss(
        drawn(N, C), LABELS, gamma=gamma
    )


def test_focal_loss_of_certain_predictions():
    x = onp.array([[800.0, 0.0, 0.0], [0.0, 800.0, 0.0]])
    close(layers.focal_loss(x, [0, 0], reduction="none"), [0.0, 800.0], "float64")
    assert onp.isfinite(minpy.grad(layers.focal_loss)(x, [0, 0]).asnumpy()).all()
    with pytest.raises(ValueError, match="gamma must be at least 0, but is -1"):
        layers.focal_loss(x, [0, 0], gamma=-1)


def test_nt_xent_by_definition():
    x, y, temperature = drawn(N, 3), drawn(N, 3, seed=1), 0.3
    views = [v / onp.sqrt(v @ v) for v in (*x, *y)]
    losses = []
    for i, view in enumerate(views):
        scores = [view @ other / temperature for other in views]
        total = sum(math.exp(s) for j, s in enumerate(scores) if j != i)
        losses.append(math.log(total) - scores[(i + N) % (2 * N)])
    close(layers.nt_xent_loss(x, y, temperature=temperature), onp.mean(losses), "float64")
    each = layers.nt_xent_loss(x, y, temperature=temperature, reduction="none")
    close(each, onp.reshape(losses, (2, N)).mean(axis=0), "float64")
    differentiable_twice(layers.nt_xent_loss, x[:3], y[:3])
    with pytest.raises(ValueError, match="temperature must be positive, but is 0"):
        layers.nt_xent_loss(x, y, temperature=0)


def test_second_derivatives():
    x = drawn(N, C)
    differentiable_twice(lambda x: layers.focal_loss(x, LABELS), x)
    differentiable_twice(layers.kl_div_loss, x, probabilities(N, C))
    differentiable_twice(layers.gaussian_nll_loss, x, drawn(N, C, seed=1), probabilities(N, C))
    differentiable_twice(lambda *xs: layers.triplet_loss(*xs, margin=9.0), x, 2 * x, x - 1)


def test_a_negative_variance_is_explained():
    with pytest.raises(ValueError, match=r"var has negative elements.*var=np\.exp\(\.\.\.\)"):
        layers.gaussian_nll_loss([0.0], [0.0], [-1.0])
    with pytest.raises(ValueError, match=r"target has shape \(2,\), but x has shape \(1,\)"):
        layers.gaussian_nll_loss([0.0], [0.0], [1.0, 1.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_normalize_as_in_torch(torch, dtype, axis):
    x = drawn(3, 4, 2, dtype=dtype)
    x[1] = 0
    x[2, 1] *= 1e-3
    for eps in (1e-12, 1e-2):
        same_as_torch(
            torch,
            lambda x, eps=eps: F.normalize(x, axis, eps),
            lambda x, eps=eps: torch.nn.functional.normalize(x, dim=axis, eps=eps),
            x,
        )
    differentiable_twice(lambda x: F.normalize(x, axis), drawn(2, 3))
