"""The functions that networks are made of, for each kind of library.

Those that take the NumPy of a library, `np`, call what it has of its own for networks, as its users
would, and say it in NumPy's terms where it has nothing.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

import numpy as onp
from numpy.lib.stride_tricks import sliding_window_view

#: NumPy of a library -> its functions for networks.
NETWORK_FUNCTIONS = {"minpy.numpy": "minpy.nn.functional", "jax.numpy": "jax.nn"}


@cache
def network_functions(np: ModuleType) -> ModuleType | None:
    """Return the module of functions for networks that goes with a NumPy, None if there is none.

    Parameters
    ----------
    np : module
        `minpy.numpy`, `autograd.numpy`, `jax.numpy` or NumPy; here and below.
    """
    name = NETWORK_FUNCTIONS.get(np.__name__)
    return importlib.import_module(name) if name else None


# ----- activations


def relu(np: ModuleType, x: Any) -> Any:
    """Return the rectified linear unit."""
    own = network_functions(np)
    return own.relu(x) if own else np.maximum(x, 0)


def sigmoid(np: ModuleType, x: Any) -> Any:
    """Return the logistic function, which is a tanh and cannot overflow in this form."""
    own = network_functions(np)
    return own.sigmoid(x) if own else 0.5 * np.tanh(0.5 * x) + 0.5


# ----- softmax cross-entropy, the loss of all training workloads


def cross_entropy(np: ModuleType, scores: Any, labels: Any) -> Any:
    """Return the mean cross-entropy.

    Parameters
    ----------
    np : module
    scores : array, shape (N, C)
    labels : array of int, shape (N,)
    """
    own = network_functions(np)
    if hasattr(own, "cross_entropy"):  # JAX has none
        return own.cross_entropy(scores, labels)
    scores = scores - np.max(constant(np, scores), axis=1, keepdims=True)
    picked = scores[np.arange(len(labels)), labels]
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - picked)


def constant(np: ModuleType, x: Any) -> Any:
    """Return `x` cut off from its gradient, as each library does it.

    The largest score is subtracted against overflow and cancels: it has no gradient to compute.
    """
    if np.__name__ == "autograd.numpy":
        from autograd.tracer import getval

        return getval(x)
    if np.__name__ == "jax.numpy":
        from jax.lax import stop_gradient

        return stop_gradient(x)
    return x


def cross_entropy_by_hand(
    scores: onp.ndarray, labels: onp.ndarray
) -> tuple[onp.floating, onp.ndarray]:
    """Return the mean cross-entropy and its gradient, which takes the place of `scores`.

    Parameters
    ----------
    scores : ndarray, shape (N, C)
        Overwritten.
    labels : ndarray of int, shape (N,)
    """
    rows = onp.arange(len(labels))
    scores -= scores.max(axis=1, keepdims=True)
    picked = scores[rows, labels]
    onp.exp(scores, out=scores)
    totals = scores.sum(axis=1, keepdims=True)
    loss = onp.mean(onp.log(totals[:, 0]) - picked)
    scores /= totals
    scores[rows, labels] -= 1
    scores /= len(labels)
    return loss, scores


def torch_cross_entropy(scores: Any, labels: Any) -> Any:
    """Return PyTorch's own mean cross-entropy."""
    import torch

    return torch.nn.functional.cross_entropy(scores, labels)


def mxnet_cross_entropy(scores: Any, labels: Any) -> Any:
    """Return MXNet's own cross-entropy, which is a sum, divided into a mean."""
    import mxnet

    return mxnet.nd.softmax_cross_entropy(scores, labels) / len(labels)


# ----- convolution, at stride 1


def conv2d(np: ModuleType, x: Any, w: Any, b: Any, padding: int) -> Any:
    """Return the images `x` correlated with filters; HIPS autograd has nothing for it.

    Parameters
    ----------
    np : module
    x : array, shape (N, C, H, W)
    w : array, shape (F, C, K, K)
    b : array, shape (F,)
    padding : int
        Zeros on each side.

    Returns
    -------
    array, shape (N, F, H + 2 padding - K + 1, W + 2 padding - K + 1)
    """
    if np.__name__ == "jax.numpy":
        from jax.lax import conv_general_dilated

        return conv_general_dilated(x, w, (1, 1), [(padding, padding)] * 2) + b[:, None, None]
    if np.__name__ == "numpy":
        return conv2d_by_hand(x, w, b, padding)
    return network_functions(np).conv2d(x, w, b, padding=padding)


def conv2d_by_hand(x: onp.ndarray, w: onp.ndarray, b: onp.ndarray, padding: int) -> onp.ndarray:
    """Return what `conv2d` does: of each image in turn, a product of matrices (im2col)."""
    size = w.shape[-1]
    height, width = (n + 2 * padding - size + 1 for n in x.shape[2:])
    out = onp.empty((len(x), len(w), height * width), x.dtype)
    for image, result in zip(x, out):
        onp.matmul(w.reshape(len(w), -1), windows(image, size, padding), out=result)
    out += b[:, None]
    return out.reshape(len(x), len(w), height, width)


def conv2d_parameters_by_hand(
    dy: onp.ndarray, x: onp.ndarray, w: onp.ndarray, padding: int
) -> tuple[onp.ndarray, onp.ndarray]:
    """Return the gradients of the filters and of the bias, given that of the result."""
    dw = onp.zeros((len(w), w[0].size), w.dtype)
    for dresult, image in zip(dy, x):
        dw += dresult.reshape(len(w), -1) @ windows(image, w.shape[-1], padding).T
    return dw.reshape(w.shape), dy.sum(axis=(0, 2, 3))


def conv2d_images_by_hand(dy: onp.ndarray, w: onp.ndarray, padding: int) -> onp.ndarray:
    """Return the gradient of the images, a convolution too: with filters that are turned round."""
    turned = w.swapaxes(0, 1)[:, :, ::-1, ::-1]
    return conv2d_by_hand(dy, turned, onp.zeros(len(turned), w.dtype), w.shape[-1] - 1 - padding)


def windows(image: onp.ndarray, size: int, padding: int) -> onp.ndarray:
    """Return the windows of an image of shape (C, H, W) as the columns of a matrix."""
    image = onp.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    found = sliding_window_view(image, (size, size), axis=(1, 2))
    return found.transpose(0, 3, 4, 1, 2).reshape(len(image) * size * size, -1)


# ----- pooling


def max_pool2d(np: ModuleType, x: Any) -> Any:
    """Return the largest of each 2 x 2 pixels; of an array of shape (N, C, H, W), both even."""
    if np.__name__ == "jax.numpy":
        from jax.lax import max as larger
        from jax.lax import reduce_window

        return reduce_window(x, -np.inf, larger, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    if np.__name__ == "numpy":
        rows = onp.maximum(x[:, :, ::2], x[:, :, 1::2])
        return onp.maximum(rows[..., ::2], rows[..., 1::2])
    return network_functions(np).max_pool2d(x, 2)


def max_pool2d_by_hand(dy: onp.ndarray, y: onp.ndarray, x: onp.ndarray) -> onp.ndarray:
    """Return the gradient of what was pooled, `x`, given the result and its gradient."""
    n, c, height, width = x.shape
    pixels = x.reshape(n, c, height // 2, 2, width // 2, 2)
    largest = pixels == y[:, :, :, None, :, None]
    return (largest * dy[:, :, :, None, :, None]).reshape(x.shape)
