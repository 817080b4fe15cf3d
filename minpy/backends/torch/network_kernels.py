"""Network functions other than convolutions, on tensors: PyTorch's own, in the ops' signatures."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

# ----- activations

nn_relu = torch.relu
nn_sigmoid = torch.sigmoid


def nn_gate(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward(g, y, 0)


def nn_leaky_relu(x: Tensor, negative_slope: float) -> Tensor:
    return F.leaky_relu(x, negative_slope)


def nn_normal_cdf(x: Tensor) -> Tensor:
    return torch.special.ndtr(x)


def nn_softplus(x: Tensor) -> Tensor:
    return torch.logaddexp(x, x.new_zeros(()))  # F.softplus leaves out exp(-x) from 20 on


def nn_softmax(x: Tensor, axis: int) -> Tensor:
    return torch.softmax(x, axis)


def nn_log_softmax(x: Tensor, axis: int) -> Tensor:
    return torch.log_softmax(x, axis)


def nn_logsumexp(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    return torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)


# ----- normalization


def nn_standardize(x: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, ...]:
    var, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(var + eps), mean, var


# ----- the rest


def nn_cross_entropy(x: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(x, labels, reduction="none")


def nn_softmax_residual(x: Tensor, labels: Tensor) -> Tensor:
    out = torch.softmax(x, -1)
    out[torch.arange(len(out), device=x.device), labels] -= 1
    return out


def nn_dropout(x: Tensor, mask: Tensor, scale: float) -> Tensor:
    return (x * mask).mul_(scale)
