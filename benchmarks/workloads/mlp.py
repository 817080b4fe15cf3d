"""Row `mlp50`: a multilayer perceptron of 50 layers.

One training step: the softmax cross-entropy and the gradients of all 100 parameters, float32.
49 layers of affine and relu, and one affine layer onto 10 classes.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.functional import (
    cross_entropy,
    cross_entropy_by_hand,
    mxnet_cross_entropy,
    relu,
    torch_cross_entropy,
)
from benchmarks.steps import Arrays, timed, training_steps


def problem(
    batch: int, hidden: int, inputs: int, layers: int = 50, dtype: str = "float32"
) -> tuple[Arrays, Arrays]:
    """Return the parameters and the data.

    Returns
    -------
    params : tuple of ndarray
        A weight of shape (D, H) and a bias (H,) for each layer in turn.
    data : tuple of ndarray
        Inputs of shape (N, D) and labels (N,) out of 10 classes.
    """
    rng = onp.random.default_rng(0)
    widths = [inputs] + [hidden] * (layers - 1) + [10]
    params = []
    for fan_in, fan_out in pairwise(widths):
        # He et al. 2015: the signal keeps its size through any number of relu layers.
        weight = rng.normal(size=(fan_in, fan_out)) * (2 / fan_in) ** 0.5
        bias = rng.normal(size=fan_out) * 0.1
        params += [weight.astype(dtype), bias.astype(dtype)]
    x = rng.normal(size=(batch, inputs)).astype(dtype)
    return tuple(params), (x, rng.integers(10, size=batch))


def loss(np: ModuleType, params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in NumPy's terms."""
    *hidden, w_out, b_out = params
    for w, b in zip(hidden[::2], hidden[1::2]):
        x = relu(np, x @ w + b)
    return cross_entropy(np, x @ w_out + b_out, labels)


def by_hand(params: Arrays, x: onp.ndarray, labels: onp.ndarray) -> Any:
    """Return the loss and the gradients, the backward pass written out."""
    weights = params[::2]
    biases = params[1::2]
    states = [x]
    for w, b in zip(weights, biases):
        z = states[-1] @ w
        z += b
        if w is not weights[-1]:
            onp.maximum(z, 0, out=z)
        states.append(z)
    value, dz = cross_entropy_by_hand(states.pop(), labels)

    gradients: list[onp.ndarray] = []
    for w in reversed(weights):
        h = states.pop()
        gradients += [dz.sum(axis=0), h.T @ dz]
        if states:
            dz = dz @ w.T
            dz *= h > 0
    return value, gradients[::-1]


def torch_loss(params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in PyTorch's terms."""
    import torch

    *hidden, w_out, b_out = params
    for w, b in zip(hidden[::2], hidden[1::2]):
        x = torch.relu(torch.addmm(b, x, w))
    return torch_cross_entropy(torch.addmm(b_out, x, w_out), labels)


def mxnet_loss(params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in MXNet's terms."""
    from mxnet import nd

    *hidden, w_out, b_out = params
    for w, b in zip(hidden[::2], hidden[1::2]):
        x = nd.relu(nd.broadcast_add(nd.dot(x, w), b))
    return mxnet_cross_entropy(nd.broadcast_add(nd.dot(x, w_out), b_out), labels)


def cases() -> list[Benchmark]:
    """Return the table of row `mlp50`."""
    make = partial(problem, batch=256, hidden=256, inputs=784)
    subjects = ["minpy", "minpy (PyTorch)"]
    steps = training_steps(make, loss, by_hand, torch_loss, mxnet_loss, subjects=subjects)
    return [
        Benchmark(
            name="mlp50",
            title="training step of an MLP: 50 layers, batch 256, hidden 256, input 784",
            unit="ms",
            builders=timed(steps),
        )
    ]
