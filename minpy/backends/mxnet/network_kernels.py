"""Network functions other than convolutions, on arrays of ``mx.np``, in the ops' signatures.

Some are MXNet's own.  The others are written with its elementwise functions, of which each is one
pass over the data, so that a network can be trained under ``only_mxnet`` too.
"""

from __future__ import annotations

from typing import Any

from minpy.backends.mxnet.conversion import mx

np = mx.np
npx = mx.npx

# ----- activations

SLOPE = 2 * (2 / np.pi) ** 0.5  # of gelu's tanh, as a sigmoid
CUBE = 0.044715

nn_relu = npx.relu
nn_sigmoid = npx.sigmoid


def nn_gate(g: Any, y: Any) -> Any:
    return g * (1 - (y <= 0).astype(y.dtype))  # of NaN, too


def nn_leaky_relu(x: Any, negative_slope: float) -> Any:
    return np.where(x > 0, x, x * negative_slope)


def nn_gated(x: Any, kind: str) -> Any:
    return x * _gate(x, kind)


def nn_gated_slope(g: Any, x: Any, kind: str) -> Any:
    gate = _gate(x, kind)
    if kind == "gelu":
        return g * (gate + x * np.exp(x * x * -0.5) * (2 * np.pi) ** -0.5)
    rise = 1 if kind == "silu" else SLOPE * (1 + 3 * CUBE * x * x)
    return g * (gate + x * gate * (1 - gate) * rise)


def _gate(x: Any, kind: str) -> Any:
    if kind == "gelu":
        return (npx.erf(x * 0.5**0.5) + 1) * 0.5
    return npx.sigmoid(x if kind == "silu" else SLOPE * (x + CUBE * x * x * x))


def nn_softplus(x: Any) -> Any:
    return np.log1p(np.exp(-np.abs(x))) + npx.relu(x)


def nn_softmax(x: Any, axis: int) -> Any:
    return npx.softmax(x, axis=axis)


def nn_log_softmax(x: Any, axis: int) -> Any:
    return npx.log_softmax(x, axis=axis)


def nn_logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    _not_nothing(x)
    largest = x.max(axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, np.zeros_like(largest))
    ans = np.log(np.exp(x - largest).sum(axis=axis, keepdims=True)) + largest
    return ans if keepdims else np.squeeze(ans, axis)


# ----- normalization


def nn_standardize(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, ...]:
    _not_nothing(x)
    mean = x.mean(axis=axes, keepdims=True)
    out = x - mean
    var = np.square(out).mean(axis=axes, keepdims=True)
    return out * (var + eps) ** -0.5, mean, var


def nn_affine_norm(x: Any, gamma: Any, beta: Any, eps: float) -> tuple[Any, ...]:
    out, mean, var = nn_standardize(x, (2, 3), eps)
    return out * np.expand_dims(gamma, -1) + np.expand_dims(beta, -1), mean, (var + eps) ** -0.5


def nn_affine_norm_input(g: Any, x: Any, gamma: Any, mean: Any, scale: Any) -> Any:
    g = g * np.expand_dims(gamma, -1)
    out = (x - mean) * scale
    shift = g.mean(axis=(2, 3), keepdims=True)
    return scale * (g - shift - out * (g * out).mean(axis=(2, 3), keepdims=True))


def nn_affine_norm_gamma(g: Any, x: Any, mean: Any, scale: Any) -> Any:
    return (g * (x - mean) * scale).sum(axis=(0, 3))


# ----- the rest


def nn_cross_entropy(x: Any, labels: Any) -> Any:
    return -npx.pick(npx.log_softmax(x, axis=-1), labels, axis=-1)


def nn_softmax_residual(x: Any, labels: Any) -> Any:
    return npx.softmax(x, axis=-1) - npx.one_hot(labels, x.shape[-1], dtype=x.dtype)


def nn_dropout(x: Any, mask: Any, scale: float) -> Any:
    return x * mask.astype(x.dtype) * scale


def _not_nothing(x: Any) -> None:
    if x.size == 0:  # MXNet sums nothing to a mistake
        raise NotImplementedError
