"""Row `cnn`: a small convolutional network.

One training step: the softmax cross-entropy and the gradients of all six parameters, float32.
32 filters of 7x7 over images of 3x32x32, relu, the largest of each 2x2 pixels, an affine layer onto
100, relu, and an affine layer onto 10 classes. The images have no gradient.

minpy is run three times: as it comes (NumPy's arrays, the convolution and its like on the fastest
library installed), on NumPy alone, and on PyTorch's arrays. HIPS autograd has no such convolution.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.functional import (
    conv2d,
    conv2d_by_hand,
    conv2d_parameters_by_hand,
    cross_entropy,
    cross_entropy_by_hand,
    max_pool2d,
    max_pool2d_by_hand,
    mxnet_cross_entropy,
    relu,
    torch_cross_entropy,
)
from benchmarks.steps import POLICIES, Arrays, timed, training_steps


def problem(
    batch: int,
    size: int = 32,
    filters: int = 32,
    kernel: int = 7,
    hidden: int = 100,
    dtype: str = "float32",
) -> tuple[Arrays, Arrays]:
    """Return the parameters and the data.

    Returns
    -------
    params : tuple of ndarray
        Filters (F, 3, K, K) and their bias (F,), and a weight of shape (D, H) and a bias (H,) for
        each affine layer.
    data : tuple of ndarray
        Images of shape (N, 3, H, W) and labels (N,) out of 10 classes.
    """
    rng = onp.random.default_rng(0)
    pooled = filters * (size // 2) ** 2
    shapes = [(filters, 3, kernel, kernel), (pooled, hidden), (hidden, 10)]
    fan_ins = [3 * kernel**2, pooled, hidden]
    biases = [filters, hidden, 10]
    params = []
    for shape, fan_in, bias in zip(shapes, fan_ins, biases):
        params.append((rng.normal(size=shape) * (2 / fan_in) ** 0.5).astype(dtype))
        params.append((rng.normal(size=bias) * 0.1).astype(dtype))
    x = rng.normal(size=(batch, 3, size, size)).astype(dtype)
    return tuple(params), (x, rng.integers(10, size=batch))


def loss(np: ModuleType, params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in NumPy's terms."""
    filters, b_filters, w, b, w_out, b_out = params
    x = relu(np, conv2d(np, x, filters, b_filters, filters.shape[-1] // 2))
    x = np.reshape(max_pool2d(np, x), (len(x), -1))
    x = relu(np, x @ w + b)
    return cross_entropy(np, x @ w_out + b_out, labels)


def by_hand(params: Arrays, x: onp.ndarray, labels: onp.ndarray) -> Any:
    """Return the loss and the gradients, the backward pass written out."""
    filters, b_filters, w, b, w_out, b_out = params
    padding = filters.shape[-1] // 2
    y = conv2d_by_hand(x, filters, b_filters, padding)
    onp.maximum(y, 0, out=y)
    pooled = max_pool2d(onp, y)
    flat = pooled.reshape(len(x), -1)
    h = flat @ w
    h += b
    onp.maximum(h, 0, out=h)
    scores = h @ w_out
    scores += b_out
    value, dscores = cross_entropy_by_hand(scores, labels)

    dw_out = h.T @ dscores
    db_out = dscores.sum(axis=0)
    dh = dscores @ w_out.T
    dh *= h > 0
    dw = flat.T @ dh
    db = dh.sum(axis=0)
    dpooled = (dh @ w.T).reshape(pooled.shape)
    # The relu's rule, after the pooling: a quarter of the pixels, and where all four are zero, as
    # they often are, none of them gets a gradient.
    dpooled *= pooled > 0
    dy = max_pool2d_by_hand(dpooled, pooled, y)
    dfilters, db_filters = conv2d_parameters_by_hand(dy, x, filters, padding)
    return value, (dfilters, db_filters, dw, db, dw_out, db_out)


def torch_loss(params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in PyTorch's terms."""
    import torch
    from torch.nn import functional as F

    filters, b_filters, w, b, w_out, b_out = params
    x = torch.relu(F.conv2d(x, filters, b_filters, padding=filters.shape[-1] // 2))
    x = F.max_pool2d(x, 2).flatten(1)
    x = torch.relu(torch.addmm(b, x, w))
    return torch_cross_entropy(torch.addmm(b_out, x, w_out), labels)


def mxnet_loss(params: Any, x: Any, labels: Any) -> Any:
    """Return the loss, in MXNet's terms."""
    from mxnet import nd

    filters, b_filters, w, b, w_out, b_out = params
    size = filters.shape[-1]
    x = nd.Convolution(
        x,
        filters,
        b_filters,
        kernel=(size, size),
        pad=(size // 2, size // 2),
        num_filter=len(filters),
    )
    x = nd.Pooling(nd.relu(x), kernel=(2, 2), stride=(2, 2), pool_type="max")
    x = nd.relu(nd.broadcast_add(nd.dot(nd.flatten(x), w), b))
    return mxnet_cross_entropy(nd.broadcast_add(nd.dot(x, w_out), b_out), labels)


def cases() -> list[Benchmark]:
    """Return the table of row `cnn`."""
    steps = training_steps(
        partial(problem, batch=64),
        loss,
        by_hand,
        torch_loss,
        mxnet_loss,
        numpy_like=["JAX"],
        subjects=POLICIES,
    )
    return [
        Benchmark(
            name="cnn",
            title="training step of a CNN: batch 64, 3x32x32, 32 filters 7x7, affine 100 and 10",
            unit="ms",
            builders=timed(steps),
        )
    ]
