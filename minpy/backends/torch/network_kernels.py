"""Network functions other than convolutions, on tensors: PyTorch's own, in the ops' signatures."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

aten = torch.ops.aten

# ----- activations

nn_relu = torch.relu
nn_sigmoid = torch.sigmoid


def nn_gate(g: Tensor, y: Tensor) -> Tensor:
    return aten.threshold_backward(g, y, 0)


def nn_leaky_relu(x: Tensor, negative_slope: float) -> Tensor:
    return F.leaky_relu(x, negative_slope)


def nn_gated(x: Tensor, kind: str) -> Tensor:
    if kind == "silu":
        return F.silu(x)
    return F.gelu(x, approximate="none" if kind == "gelu" else "tanh")


def nn_gated_slope(g: Tensor, x: Tensor, kind: str) -> Tensor:
    g = g.to(x.dtype)
    if kind == "silu":
        return aten.silu_backward(g, x)
    how = "none" if kind == "gelu" else "tanh"
    return aten.gelu_backward(g, x, approximate=how)


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


def nn_affine_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> tuple[Tensor, ...]:
    x, gamma, beta = x.contiguous(), gamma.to(x.dtype), beta.to(x.dtype)
    if x.shape[1] == x.shape[3] == 1:
        size = [x.shape[2]]
        flat = x.view(-1, *size)
        out, mean, scale = aten.native_layer_norm(flat, size, gamma.view(-1), beta.view(-1), eps)
    else:
        n, groups, c, pixels = x.shape
        weights = gamma.reshape(-1), beta.reshape(-1)
        flat = x.view(n, groups * c, pixels)
        sizes = n, groups * c, pixels, groups
        out, mean, scale = aten.native_group_norm(flat, *weights, *sizes, eps)
    shape = (*x.shape[:2], 1, 1)
    return out.view(x.shape), mean.reshape(shape), scale.reshape(shape)


def nn_affine_norm_input(
    g: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, scale: Tensor
) -> Tensor:
    return _norm_backward(g, x, gamma, mean, scale, [True, False, False])[0].view(x.shape)


def nn_affine_norm_gamma(g: Tensor, x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    gamma = g.new_ones(x.shape[1:3], dtype=x.dtype)
    return _norm_backward(g, x, gamma, mean, scale, [False, True, False])[1].view(gamma.shape)


def _norm_backward(g, x, gamma, mean, scale, mask):
    g, x, gamma = g.to(x.dtype).contiguous(), x.contiguous(), gamma.to(x.dtype).reshape(-1)
    n, groups, c, pixels = x.shape
    if groups == pixels == 1:
        stats = mean.view(n, 1), scale.view(n, 1)
        g, x = g.view(n, c), x.view(n, c)
        return aten.native_layer_norm_backward(g, x, [c], *stats, gamma, gamma, mask)
    stats = mean.view(n, groups), scale.view(n, groups)
    g, x = (y.view(n, groups * c, pixels) for y in (g, x))
    sizes = n, groups * c, pixels, groups
    return aten.native_group_norm_backward(g, x, *stats, gamma, *sizes, mask)


# ----- the rest


def nn_cross_entropy(x: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(x, labels, reduction="none")


def nn_softmax_residual(x: Tensor, labels: Tensor) -> Tensor:
    out = torch.softmax(x, -1)
    out[torch.arange(len(out), device=x.device), labels] -= 1
    return out


def nn_dropout(x: Tensor, mask: Tensor, scale: float) -> Tensor:
    return (x * mask).mul_(scale)
