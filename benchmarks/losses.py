"""Softmax cross-entropy, the loss of all training workloads, for each kind of library."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as onp


def cross_entropy(np: ModuleType, scores: Any, labels: Any) -> Any:
    """Return the mean cross-entropy, in the functions of any NumPy.

    Parameters
    ----------
    np : module
        `minpy.numpy`, `autograd.numpy`, `jax.numpy` or NumPy.
    scores : array, shape (N, C)
    labels : array of int, shape (N,)
    """
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
    return x.detach() if hasattr(x, "detach") else x


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
