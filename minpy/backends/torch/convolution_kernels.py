"""Convolution, pooling and resampling on PyTorch's tensors; what is what, `minpy.ops.nn` says.

Gradients are PyTorch's own kernels, called for the one that is asked for.  Of some tensors these
kernels only look at the shape: new memory, which nobody fills, stands for them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

aten = torch.ops.aten

# ----- convolution


def nn_conv2d(x, w, b=None, *, stride, padding, dilation, groups):
    x, w = _of_one_dtype(x, w)
    return F.conv2d(x, w, b if b is None else b.to(x.dtype), stride, padding, dilation, groups)


def nn_conv2d_input(g, w, *, size, **window):
    g, w = _of_one_dtype(g, w)
    x = g.new_empty((g.shape[0], w.shape[1] * window["groups"], *size))
    return _convolution_backward(g, x, w, 0, **window)


def nn_conv2d_weight(x, g, *, kernel, groups, **window):
    x, g = _of_one_dtype(x, g)
    w = g.new_empty((g.shape[1], x.shape[1] // groups, *kernel))
    return _convolution_backward(g, x, w, 1, groups=groups, **window)


def _convolution_backward(g, x, w, which, *, stride, padding, dilation, groups):
    mask = [which == 0, which == 1, False]
    return aten.convolution_backward(
        g, x, w, None, stride, padding, dilation, False, [0, 0], groups, mask
    )[which]


def _of_one_dtype(x, y):
    dtype = torch.promote_types(x.dtype, y.dtype)
    return x.to(dtype), y.to(dtype)


# ----- the largest values, and positions


def nn_max_pool2d(x, *, kernel, stride, padding, dilation, ceil_mode):
    return tuple(aten.max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil_mode))


def nn_adaptive_max_pool2d(x, *, size):
    return tuple(aten.adaptive_max_pool2d(x, size))


def nn_unpool(x, indices, *, size):
    out = x.new_zeros((*x.shape[:2], size[0] * size[1]))
    return out.scatter_add_(2, indices.flatten(2), x.flatten(2)).view(*x.shape[:2], *size)


def nn_pick(x, indices):
    return x.flatten(2).gather(2, indices.flatten(2)).view(indices.shape)


# ----- means and interpolation


def nn_resample2d(x, *, size, how):
    kind, *options = how
    if kind == "windows":
        return F.avg_pool2d(x, *options)
    if kind == "shares":
        return F.adaptive_avg_pool2d(x, size)
    if kind == "nearest":
        return aten.upsample_nearest2d(x, size, *_scales(*options))
    scales, align_corners = options
    return aten.upsample_bilinear2d(x, size, align_corners, *_scales(scales))


def nn_resample2d_input(g, *, size, how):
    kind, *options = how
    shape = (*g.shape[:2], *size)
    if kind == "windows":
        return aten.avg_pool2d_backward(g, g.new_empty(shape), *options, None)
    if kind == "shares":
        return aten._adaptive_avg_pool2d_backward(g, g.new_empty(shape))
    if kind == "nearest":
        return aten.upsample_nearest2d_backward(g, g.shape[2:], shape, *_scales(*options))
    scales, align_corners = options
    return aten.upsample_bilinear2d_backward(g, g.shape[2:], shape, align_corners, *_scales(scales))


def _scales(scales):
    return scales or (None, None)
