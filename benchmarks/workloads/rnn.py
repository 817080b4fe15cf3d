"""Rows `rnn_tiny` and `rnn50`: a tanh RNN over 50 steps, classified from its last state.

One training step: the softmax cross-entropy and the gradients of all five parameters, float32.
Inputs are as wide as the state and there are 10 classes. Every implementation multiplies step
by step, as the recurrence is written; none gathers the inputs' product into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.functional import (
    cross_entropy,
    cross_entropy_by_hand,
    mxnet_cross_entropy,
    torch_cross_entropy,
)
from benchmarks.steps import Arrays, timed, training_steps


def problem(
    batch: int, hidden: int, steps: int = 50, classes: int = 10, dtype: str = "float32"
) -> tuple[Arrays, Arrays]:
    """Return the parameters and the data.

    Returns
    -------
    params : tuple of ndarray
        `wx` and `wh` of shape (H, H), `b` (H,), `w_out` (H, C), `b_out` (C,).
    data : tuple of ndarray
        Inputs, time first, of shape (T, N, H); the first state (N, H); labels (N,).
    """
    rng = onp.random.default_rng(0)
    shapes = [(hidden, hidden), (hidden, hidden), (hidden,), (hidden, classes), (classes,)]
    scale = hidden**-0.5
    params = tuple((scale * rng.normal(size=shape)).astype(dtype) for shape in shapes)
    x = rng.normal(size=(steps, batch, hidden)).astype(dtype)
    h = onp.zeros((batch, hidden), dtype)
    labels = rng.integers(classes, size=batch)
    return params, (x, h, labels)


def loss(np: ModuleType, params: Any, x: Any, h: Any, labels: Any) -> Any:
    """Return the loss, in NumPy's terms."""
    wx, wh, b, w_out, b_out = params
    for t in range(len(x)):
        h = np.tanh(x[t] @ wx + h @ wh + b)
    return cross_entropy(np, h @ w_out + b_out, labels)


def by_hand(params: Arrays, x: onp.ndarray, h: onp.ndarray, labels: onp.ndarray) -> Any:
    """Return the loss and the gradients, the backward pass written out."""
    wx, wh, b, w_out, b_out = params
    steps = len(x)
    states = onp.empty((steps + 1, *h.shape), h.dtype)
    states[0] = h
    for t in range(steps):
        z = x[t] @ wx
        z += states[t] @ wh
        z += b
        onp.tanh(z, out=states[t + 1])
    scores = states[-1] @ w_out
    scores += b_out
    value, dscores = cross_entropy_by_hand(scores, labels)

    dw_out = states[-1].T @ dscores
    db_out = dscores.sum(axis=0)
    dwx = onp.zeros_like(wx)
    dwh = onp.zeros_like(wh)
    db = onp.zeros_like(b)
    dh = dscores @ w_out.T
    for t in reversed(range(steps)):
        dz = states[t + 1] * states[t + 1]
        onp.subtract(1, dz, out=dz)
        dz *= dh
        dwx += x[t].T @ dz
        dwh += states[t].T @ dz
        db += dz.sum(axis=0)
        if t > 0:
            dh = dz @ wh.T
    return value, (dwx, dwh, db, dw_out, db_out)


def torch_loss(params: Any, x: Any, h: Any, labels: Any) -> Any:
    """Return the loss, in PyTorch's terms."""
    import torch

    wx, wh, b, w_out, b_out = params
    for x_t in x:
        h = torch.tanh(torch.addmm(b, x_t, wx) + h @ wh)
    return torch_cross_entropy(torch.addmm(b_out, h, w_out), labels)


def mxnet_loss(params: Any, x: Any, h: Any, labels: Any) -> Any:
    """Return the loss, in MXNet's terms."""
    from mxnet import nd

    wx, wh, b, w_out, b_out = params
    for t in range(len(x)):
        h = nd.tanh(nd.broadcast_add(nd.dot(x[t], wx) + nd.dot(h, wh), b))
    return mxnet_cross_entropy(nd.broadcast_add(nd.dot(h, w_out), b_out), labels)


def cases(
    name: str, batch: int, hidden: int, subjects: Sequence[str] = ("minpy",)
) -> list[Benchmark]:
    """Return the table of one size."""
    make = partial(problem, batch, hidden)
    steps = training_steps(make, loss, by_hand, torch_loss, mxnet_loss, subjects=subjects)
    return [
        Benchmark(
            name=name,
            title=f"training step of a tanh RNN: 50 steps, batch {batch}, hidden {hidden}",
            unit="ms",
            builders=timed(steps),
        )
    ]
