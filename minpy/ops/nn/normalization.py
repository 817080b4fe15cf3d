"""Normalizations: zero mean and unit variance, over some of the axes.

They differ in these axes alone, and so there is one op under all of them.  For ``x`` of shape
(N, C, H, W)::

    batch_norm      over N, H, W      a mean for each channel
    layer_norm      over the last axes, as asked for
    group_norm      over H, W and the channels of a group
    instance_norm   over H, W
"""

from __future__ import annotations

import math
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of, is_recorded
from minpy.backends.kernels import kernel
from minpy.ops.creation import as_array
from minpy.ops.indexing import where
from minpy.ops.nn.arguments import floating
from minpy.ops.reduction import Axis, axes_of, count
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import expand_dims, reshape
from minpy.tape import op

BLOCK = 1 << 15  # elements: what is made of them on the way stays in the processor's cache

# ----- standardizing


def _standardize_on_numpy(x, axes, eps):
    size = max(1, count(x.shape, axes))  # of nothing, the mean is zero
    mean = x.sum(axis=axes, keepdims=True) / size
    out = x - mean
    places = range(x.ndim)
    rest = [i for i in places if i not in axes]
    squares = onp.einsum(out, places, out, places, rest)  # without an array of squares
    var = squares.reshape(mean.shape) / size
    out *= (var + eps) ** -0.5
    return out, mean, var


def _standardize_rule(g, ans, x, axes, eps):
    g, g_mean, g_var = g
    out, _, var = ans
    size = max(1, count(x, axes))
    scale = (var + eps) ** -0.5
    slope = 2 * g_var / scale - scale * sum_(g * out, axis=axes, keepdims=True)
    shift = g_mean - scale * sum_(g, axis=axes, keepdims=True)
    share = g * scale
    share += out * (slope / size)
    share += shift / size
    return share


_standardize = op("nn.standardize", _standardize_rule, reads="ans", raw=_standardize_on_numpy)


def standardize(x: Any, axis: Axis = -1, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """Return `x` with mean 0 and variance 1 over some axes, and the mean and variance it had.

    Parameters
    ----------
    x : array_like
    axis : int or sequence of int
    eps : float
        Added to the variance, so that it is not zero where it divides.

    Returns
    -------
    out : Array, of the shape of `x`
        ``(x - mean) / sqrt(var + eps)``
    mean, var : Array
        With the axes left in, of length 1, as with ``keepdims=True``.

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> out, mean, var = F.standardize([[1.0, 3.0], [5.0, 5.0]])
    >>> out.round(3), mean, var
    (array([[-1.,  1.],
           [ 0.,  0.]]), array([[2.],
           [5.]]), array([[1.],
           [0.]]))
    """
    x = floating(x)
    return _standardize(x, axes=axes_of(axis, x.ndim), eps=eps)


def normalize(x: Any, axis: Axis = -1, eps: float = 1e-12) -> Array:
    """Return `x` divided by its length along some axes: vectors of length 1.

    Parameters
    ----------
    x : array_like
    axis : int or sequence of int
    eps : float
        Shorter vectors are divided by this, so that a zero one stays zero.

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    x = floating(x)
    squares = sum_(x * x, axis=axes_of(axis, x.ndim), keepdims=True)
    long = squares.asnumpy() >= eps * eps
    length = where(long, squares, onp.asarray(eps * eps, squares.dtype)) ** 0.5
    return x / length


# ----- standardizing, a scale and a shift in one


def _blocks(shape):
    """Return parts of (N, P, K, S), whole in the last two axes, that fit the processor's cache."""
    examples, groups, *sizes = shape
    size = max(1, sizes[0] * sizes[1])
    if size * groups > BLOCK:
        step = max(1, BLOCK // size)
        return [
            (slice(n, n + 1), slice(p, p + step))
            for n in range(examples)
            for p in range(0, groups, step)
        ]
    step = BLOCK // max(1, size * groups)
    return [(slice(n, n + step), slice(None)) for n in range(0, examples, step)]


def _sums(x, *others):
    """Return the sum over the last two axes of a product, with the axes left in."""
    flat = [
        y.reshape(*y.shape[:2], -1) for y in (x, *others)
    ]  # einsum is slow for axes of length 1
    sums = onp.einsum("npk,npk->np", *flat) if others else flat[0].sum(axis=2)
    return sums[..., None, None]


def _affine_norm_on_numpy(x, gamma, beta, eps):
    x = onp.ascontiguousarray(x)
    out = onp.empty_like(x)
    mean = onp.empty((*x.shape[:2], 1, 1), x.dtype)
    scale = onp.empty_like(mean)
    size = x.shape[2] * x.shape[3]
    for part in _blocks(x.shape):
        rows, weights = out[part], gamma[part[1], :, None]
        mean[part] = _sums(x[part]) / size
        onp.subtract(x[part], mean[part], out=rows)
        scale[part] = (_sums(rows, rows) / size + eps) ** -0.5
        if x.shape[3] > 1:
            rows *= scale[part] * weights
        else:  # a table of both would be as large as the rows
            rows *= scale[part]
            rows *= weights
        rows += beta[part[1], :, None]
    return out, mean, scale


def _affine_norm_input_on_numpy(g, x, gamma, mean, scale):
    x = onp.ascontiguousarray(x)
    out = onp.empty_like(x)
    size = x.shape[2] * x.shape[3]
    for part in _blocks(x.shape):
        rows = out[part]
        centered = x[part] - mean[part]
        onp.multiply(g[part], gamma[part[1], :, None], out=rows)
        shift = _sums(rows) / size
        centered *= _sums(rows, centered) / size * scale[part] ** 2
        rows -= centered
        rows -= shift
        rows *= scale[part]
    return out


def _affine_norm_gamma_on_numpy(g, x, mean, scale):
    out = onp.zeros(x.shape[1:3], x.dtype)
    for part in _blocks(x.shape):
        centered = x[part] - mean[part]
        if x.shape[3] == 1:
            centered *= scale[part]
            out[part[1]] += onp.einsum("npk,npk->pk", centered[..., 0], g[part][..., 0])
        else:
            of_each = onp.einsum("npks,npks->npk", centered, g[part])
            out[part[1]] += onp.einsum("npk,np->pk", of_each, scale[part][..., 0, 0])
    return out


def _affine_norm_rule(g, ans, x, gamma, beta, eps):
    g, (_, mean, scale) = g[0], ans
    if any(map(is_recorded, (g, x, gamma))):
        out, _, var = _standardize(x, axes=(2, 3), eps=eps)
        g_out = g * expand_dims(gamma, -1)
        return _standardize_rule((g_out, 0.0, 0.0), (out, None, var), x.shape, (2, 3), eps)
    return _affine_norm_input(g, x, gamma, mean, scale)


def _gamma_rule(g, ans, x, gamma, beta, eps):
    g, (_, mean, scale) = g[0], ans
    if any(map(is_recorded, (g, x))):
        return sum_(g * _standardize(x, axes=(2, 3), eps=eps)[0], axis=(0, 3))
    return _affine_norm_gamma(g, x, mean, scale)


_affine_norm = op(
    "nn.affine_norm",
    _affine_norm_rule,
    _gamma_rule,
    lambda g, ans, x, gamma, beta, eps: sum_(g[0], axis=(0, 3)),
    reads=("ans x y", "ans x", "ans"),
    raw=kernel("nn.affine_norm", _affine_norm_on_numpy),
)
# These two are only called where nothing is recorded, and so need no rules.
_affine_norm_input = op(
    "nn.affine_norm_input", raw=kernel("nn.affine_norm_input", _affine_norm_input_on_numpy)
)
_affine_norm_gamma = op(
    "nn.affine_norm_gamma", raw=kernel("nn.affine_norm_gamma", _affine_norm_gamma_on_numpy)
)


def _normed(x: Array, parts: tuple[int, ...], gamma: Any, beta: Any, eps: float) -> Array | None:
    """Return `x` standardized in parts of shape (N, P, K, S), scaled and shifted by (P, K).

    None if one of the two is missing, or of another dtype: then there are ordinary operations.
    """
    if gamma is None or beta is None or not math.prod(parts):
        return None
    gamma, beta = as_array(gamma), as_array(beta)
    if gamma.size != parts[1] * parts[2] or beta.shape != gamma.shape:
        return None  # what is wrong is explained there
    if not dtype_of(gamma) == dtype_of(beta) == dtype_of(x):
        return None
    gamma, beta = reshape(gamma, parts[1:3]), reshape(beta, parts[1:3])
    return reshape(_affine_norm(reshape(x, parts), gamma, beta, eps=eps)[0], x.shape)


# ----- a scale and a shift to be learned


def _affine(name: str, x: Array, gamma: Any, beta: Any, axes: tuple[int, ...]) -> Array:
    """Return ``gamma * x + beta``, where the two go along `axes`; either may be None."""
    gamma = _along(axes, x, f"{name}: gamma", gamma)
    beta = _along(axes, x, f"{name}: beta", beta)
    if gamma is not None:
        x = x * gamma
    return x if beta is None else x + beta


def _has_shape(shape: tuple[int, ...], value: Any) -> bool:
    return value is not None and onp.shape(value) == shape


def _along(axes: tuple[int, ...], x: Array, what: str, value: Any) -> Any:
    """Return `value`, which goes along some axes of `x`, in a shape to be broadcast; or None."""
    if value is None:
        return None
    value = as_array(value)
    shape = tuple(x.shape[i] for i in axes)
    if value.shape != shape:
        raise ValueError(
            f"{what} has shape {value.shape}, but for x of shape {x.shape} it must have {shape}"
        )
    return reshape(value, tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))


# ----- the normalizations


def batch_norm(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    running_mean: Any = None,
    running_var: Any = None,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    ddof: int = 1,
) -> tuple[Array, Any, Any]:
    """Standardize each channel over the batch, then scale and shift it.

    The running mean and variance are not changed in place: the new ones are returned.

    Parameters
    ----------
    x : array_like, shape (N, C, ...)
    gamma, beta : array_like, shape (C,), optional
        Scale and shift.
    running_mean, running_var : array_like, shape (C,), optional
        Averages over earlier batches.  Without any, those of this batch are returned.
    training : bool
        Whether to standardize with the mean and variance of this batch; otherwise it is done with
        the running ones.
    momentum : float
        The weight of this batch in the running averages, as in PyTorch; in papers it is often one
        minus this.
    eps : float
        Added to the variance, so that it is not zero where it divides.
    ddof : int
        The running variance averages sums of squares divided by their number minus `ddof`: 1 in
        the paper and in PyTorch, 0 in CS231n.

    Returns
    -------
    out : Array, of the shape of `x`
    running_mean, running_var : Array, shape (C,)
        The new ones, through which no gradient flows; the given ones, if `training` is false.

    Raises
    ------
    ValueError
        If a shape is wrong; if, in training, there is one value for each channel; or if there are
        no running averages to use.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML (2015).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> out, mean, var = F.batch_norm(x, running_mean=np.zeros(2), running_var=np.ones(2))
    >>> out.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> mean, var
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    >>> F.batch_norm(x, None, None, mean, var, training=False)[0].round(3)
    array([[0.763, 1.75 ],
           [2.67 , 6.125]])
    """
    x = floating(x)
    if x.ndim < 2:
        raise ValueError(f"batch_norm takes x of shape (N, C, ...), but got {x.shape}")
    mean = _along((1,), x, "batch_norm: running_mean", running_mean)
    var = _along((1,), x, "batch_norm: running_var", running_var)
    axes = (0, *range(2, x.ndim))
    size = count(x.shape, axes)
    if not training:
        if mean is None or var is None:
            raise ValueError("batch_norm with training=False needs running_mean and running_var")
        out = (x - mean) * (var + eps) ** -0.5
    elif size == 1:
        raise ValueError(
            f"batch_norm in training: x of shape {x.shape} has one value for each channel, which "
            "has no variance; give it a larger batch, or write training=False"
        )
    else:
        out, batch_mean, batch_var = _standardize(x, axes=axes, eps=eps)
        if size:
            running_mean = _average(mean, batch_mean, momentum)
            running_var = _average(var, batch_var * (size / (size - ddof)), momentum)
    return _affine("batch_norm", out, gamma, beta, (1,)), running_mean, running_var


def _average(old: Array | None, new: Array, momentum: float) -> Array:
    """Return the running average, of which `new` becomes a part."""
    new = new.detach()
    return reshape(new if old is None else old.detach() * (1 - momentum) + new * momentum, -1)


def layer_norm(
    x: Any, gamma: Any = None, beta: Any = None, *, axis: Axis = -1, eps: float = 1e-5
) -> Array:
    """Standardize over some axes, by default the last, then scale and shift.

    Parameters
    ----------
    x : array_like
    gamma, beta : array_like, optional
        Scale and shift, of the lengths of `x` along these axes.
    axis : int or sequence of int
    eps : float
        Added to the variance, so that it is not zero where it divides.

    Returns
    -------
    Array, of the shape of `x`

    Raises
    ------
    ValueError
        If `gamma` or `beta` has another shape.

    References
    ----------
    J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.layer_norm([[1.0, 3.0], [10.0, 30.0]], gamma=[1.0, 2.0]).round(3)
    array([[-1.,  2.],
           [-1.,  2.]])
    """
    x = floating(x)
    axes = tuple(sorted(axes_of(axis, x.ndim)))
    shape = tuple(x.shape[i] for i in axes)
    if axes == tuple(range(x.ndim - len(axes), x.ndim)) and _has_shape(shape, gamma):
        size = math.prod(shape)
        parts = (math.prod(x.shape) // max(1, size), 1, size, 1)
        out = _normed(x, parts, gamma, beta, eps)
        if out is not None:
            return out
    return _affine("layer_norm", _standardize(x, axes=axes, eps=eps)[0], gamma, beta, axes)


def group_norm(
    x: Any, groups: int, gamma: Any = None, beta: Any = None, *, eps: float = 1e-5
) -> Array:
    """Standardize over groups of channels of each example, then scale and shift each channel.

    Parameters
    ----------
    x : array_like, shape (N, C, ...)
    groups : int
        How many; it divides C.
    gamma, beta : array_like, shape (C,), optional
        Scale and shift.
    eps : float
        Added to the variance, so that it is not zero where it divides.

    Returns
    -------
    Array, of the shape of `x`

    Raises
    ------
    ValueError
        If a shape is wrong, or `groups` does not divide C.

    References
    ----------
    Y. Wu and K. He, "Group normalization", ECCV (2018).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.group_norm([[1.0, 3.0, 10.0, 30.0]], groups=2).round(3)
    array([[-1.,  1., -1.,  1.]])
    """
    x = floating(x)
    shape = x.shape
    if x.ndim < 2 or groups < 1 or shape[1] % groups:
        raise ValueError(
            f"group_norm takes x of shape (N, C, ...) with C divisible by groups, but got {shape} "
            f"and groups={groups}"
        )
    if _has_shape(shape[1:2], gamma):
        channels = shape[1] // groups
        whole = _normed(x, (shape[0], groups, channels, math.prod(shape[2:])), gamma, beta, eps)
        if whole is not None:
            return whole
    parts = reshape(x, (shape[0], groups, shape[1] // groups, *shape[2:]))
    out = _standardize(parts, axes=tuple(range(2, parts.ndim)), eps=eps)[0]
    return _affine("group_norm", reshape(out, shape), gamma, beta, (1,))


def instance_norm(x: Any, gamma: Any = None, beta: Any = None, *, eps: float = 1e-5) -> Array:
    """Standardize each channel of each example, then scale and shift it.

    Parameters
    ----------
    x : array_like, shape (N, C, ...)
        With one axis more at least: of each channel an example has several values.
    gamma, beta : array_like, shape (C,), optional
        Scale and shift.
    eps : float
        Added to the variance, so that it is not zero where it divides.

    Returns
    -------
    Array, of the shape of `x`

    Raises
    ------
    ValueError
        If a shape is wrong, or if there is one value for each channel and example.

    References
    ----------
    D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance normalization: the missing ingredient for
    fast stylization" (2016).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.instance_norm([[[1.0, 3.0], [10.0, 30.0]]]).round(3)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    x = floating(x)
    axes = tuple(range(2, x.ndim))
    if count(x.shape, axes) == 1 or x.ndim < 3:
        raise ValueError(
            "instance_norm takes x of shape (N, C, ...) with several values for each channel, but "
            f"got {x.shape}"
        )
    if _has_shape(x.shape[1:2], gamma):
        whole = _normed(x, (*x.shape[:2], 1, count(x.shape, axes)), gamma, beta, eps)
        if whole is not None:
            return whole
    out = _standardize(x, axes=axes, eps=eps)[0]
    return _affine("instance_norm", out, gamma, beta, (1,))
