"""Activations, and the softmax and its relatives.

Most rules read only the result, so that the argument can be let go during the forward pass.  They
write in place into what they have just made: these arrays are large, and each new one costs as
much as the arithmetic.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of
from minpy.inplace import zeros_for
from minpy.ops.elementwise import absolute, exp, expm1, may_hold
from minpy.ops.indexing import values_of, where
from minpy.ops.nn.arguments import floating
from minpy.ops.reduction import Axis, unreduced
from minpy.ops.reduction import sum as sum_
from minpy.tape import op, unary

# ----- elementwise: how NumPy runs them, with as few new arrays as it takes


def _leaky_relu_on_numpy(x, negative_slope):
    out = onp.asarray(x * negative_slope)
    onp.copyto(out, x, where=x > 0)
    return out


def _sigmoid_on_numpy(x):
    out = onp.asarray(-x)
    with onp.errstate(over="ignore"):  # far out on the left, 1 / (1 + inf) is right
        onp.exp(out, out=out)
    out += 1
    return onp.reciprocal(out, out=out)


def _softplus_on_numpy(x):
    out = onp.asarray(abs(x))  # log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))
    onp.negative(out, out=out)
    onp.exp(out, out=out)
    onp.log1p(out, out=out)
    out += onp.maximum(x, 0)
    return out


# ----- elementwise


def _leaky_relu_rule(g, ans, x, negative_slope):
    return g * (x > 0) + g * (x <= 0) * negative_slope


_gate = op(  # an op, because PyTorch has it as one pass over the data
    "nn.gate",
    lambda h, ans, g, y: _gate(h, y),
    lambda h, ans, g, y: 0 * h,
    reads=("y", ""),
    raw=lambda g, y: g * ~(y <= 0),  # of NaN, too
)
_relu = unary("nn.relu", lambda g, ans, x: _gate(g, ans), "ans", lambda x: onp.maximum(x, 0))
_leaky_relu = op("nn.leaky_relu", _leaky_relu_rule, reads="x", raw=_leaky_relu_on_numpy)
_sigmoid = unary("nn.sigmoid", lambda g, ans, x: g * ans * (1 - ans), "ans", _sigmoid_on_numpy)
_softplus = unary("nn.softplus", lambda g, ans, x: g * _sigmoid(x), "x", _softplus_on_numpy)


def relu(x: Any) -> Array:
    """Return ``max(x, 0)``, the rectified linear unit; its gradient is zero at zero.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    """
    return _relu(floating(x))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Array:
    """Return `x` where it is positive, and ``negative_slope * x`` elsewhere.

    Parameters
    ----------
    x : array_like
    negative_slope : float

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.leaky_relu([-1.0, 0.0, 2.0])
    array([-0.01,  0.  ,  2.  ])
    """
    return _leaky_relu(floating(x), negative_slope=negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Array:
    """Return `x` where it is positive, and ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    x : array_like
    alpha : float

    Returns
    -------
    Array, of the shape of `x`

    References
    ----------
    D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", ICLR (2016).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.elu([-1.0, 0.0, 2.0]).round(3)
    array([-0.632,  0.   ,  2.   ])
    """
    x = floating(x)
    positive = values_of(x) > 0
    return where(positive, x, alpha * expm1(where(positive, zeros_for(x), x)))


def sigmoid(x: Any) -> Array:
    """Return ``1 / (1 + exp(-x))``, the logistic function, without overflow.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return _sigmoid(floating(x))


def softplus(x: Any) -> Array:
    """Return ``log(1 + exp(x))``, a smooth `relu`, without overflow.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.softplus([-1000.0, 0.0, 1000.0])
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return _softplus(floating(x))


# ----- along an axis


def _softmax_on_numpy(x, axis):
    out = onp.asarray(x - x.max(axis=axis, keepdims=True, initial=-onp.inf))
    onp.exp(out, out=out)
    out /= out.sum(axis=axis, keepdims=True)
    return out


def _log_softmax_on_numpy(x, axis):
    out = onp.asarray(x - x.max(axis=axis, keepdims=True, initial=-onp.inf))
    with onp.errstate(divide="ignore"):  # log(0) of no classes
        out -= onp.log(onp.exp(out).sum(axis=axis, keepdims=True))
    return out


def _logsumexp_on_numpy(x, axis, keepdims):
    x = onp.asarray(x)
    largest = x.max(axis=axis, keepdims=True, initial=-onp.inf)
    largest = onp.where(onp.isfinite(largest), largest, onp.zeros((), x.dtype))  # inf - inf is NaN
    out = onp.asarray(x - largest)
    onp.exp(out, out=out)
    with onp.errstate(divide="ignore"):  # log(0) is right where all are -inf
        ans = onp.log(out.sum(axis=axis, keepdims=True)) + largest
    return ans if keepdims else ans.squeeze(axis)


def _softmax_rule(g, ans, x, axis):
    share = g * ans
    share -= ans * sum_(share, axis=axis, keepdims=True)
    return share


def _log_softmax_rule(g, ans, x, axis):
    share = exp(ans)
    share *= -sum_(g, axis=axis, keepdims=True)
    share += g
    return share


def _logsumexp_rule(g, ans, x, axis, keepdims):
    g, top = unreduced(g, x, axis), unreduced(ans, x, axis)
    infinite = absolute(top) == math.inf
    if not may_hold(infinite):
        return g * exp(x - top)
    tied = x == top  # of infinite ones, the largest share the gradient
    shares = tied / tied.sum(axis=axis, keepdims=True).clip(1)
    zero = onp.zeros((), dtype_of(x))
    finite = exp(where(infinite, zero, x) - where(infinite, zero, top))
    return g * where(infinite, shares.astype(dtype_of(x)), finite)


_softmax = op("nn.softmax", _softmax_rule, reads="ans", raw=_softmax_on_numpy)
_log_softmax = op("nn.log_softmax", _log_softmax_rule, reads="ans", raw=_log_softmax_on_numpy)
_logsumexp = op("nn.logsumexp", _logsumexp_rule, reads="ans x", raw=_logsumexp_on_numpy)


def softmax(x: Any, axis: int = -1) -> Array:
    """Return ``exp(x) / sum(exp(x))`` along an axis, without overflow.

    Parameters
    ----------
    x : array_like
        Scores; ``-inf`` gets the probability zero.  Where all are ``-inf``, the result is NaN, with
        NumPy's warning.
    axis : int

    Returns
    -------
    Array, of the shape of `x`
        Probabilities: positive, and with sum 1.

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.softmax([1000.0, 1000.0, -1000.0])
    array([0.5, 0.5, 0. ])
    """
    return _softmax(floating(x), axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Array:
    """Return the logarithm of the `softmax`, also where that is too small for a float.

    Parameters
    ----------
    x : array_like
    axis : int

    Returns
    -------
    Array, of the shape of `x`

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    return _log_softmax(floating(x), axis=axis)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return ``log(sum(exp(x)))`` over some axes, without overflow.

    Parameters
    ----------
    x : array_like
        Where all are ``-inf``, so is the result, and they share the gradient equally.
    axis : int or sequence of int, optional
        All axes by default.
    keepdims : bool

    Returns
    -------
    Array, of the shape of ``numpy.sum(x, axis, keepdims=keepdims)``

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.logsumexp([[1000.0, 1000.0], [0.0, 0.0]], axis=1)
    array([1.00069315e+03, 6.93147181e-01])
    """
    axis = axis if axis is None or isinstance(axis, int) else tuple(axis)
    return _logsumexp(floating(x), axis=axis, keepdims=keepdims)
