"""Activations ``x * gate(x)``: silu, and gelu in both of its forms.

Each is one op, and so is its derivative.  What takes time is to go through large arrays, not the
arithmetic: NumPy works on blocks that stay in the processor's cache, and PyTorch has kernels.  The
second derivative, which few ask for, consists of ordinary operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as onp
from numpy.polynomial import chebyshev

from minpy.array import Array
from minpy.backends.kernels import kernel
from minpy.ops.elementwise import exp
from minpy.ops.nn.activation import sigmoid
from minpy.ops.nn.arguments import floating
from minpy.tape import op

FAR = 6.0  # from here on erfc(z) is below 1e-16, and only its size matters
NEAREST = 2 / (2 + FAR)
BLOCK = 1 << 13  # elements: the arrays that are made on the way stay in the processor's cache


def _scaled_erfc(s: onp.ndarray) -> onp.ndarray:
    """Return ``erfc(z) exp(z**2) / t`` for the `z` with ``t = 2 / (2 + z)``, t being s in [-1, 1].

    It is smooth: a polynomial of degree 18 is within 2e-15 of it for all `z` from 0 to `FAR`.
    """
    t = NEAREST + (s + 1) / 2 * (1 - NEAREST)
    z = (2 * (1 - t) / t).tolist()
    return onp.array([math.erfc(x) * math.exp(x * x) for x in z]) / t


POLYNOMIALS = {
    width: chebyshev.cheb2poly(chebyshev.chebinterpolate(_scaled_erfc, degree))[::-1].tolist()
    for width, degree in ((2, 8), (4, 8), (8, 18))
}
SLOPE = 2 * math.sqrt(2 / math.pi)  # of gelu's tanh: (1 + tanh(u)) / 2 is sigmoid(2 u)
CUBE = 0.044715

# ----- how NumPy runs them


def _in_blocks(write: Callable[..., None]) -> Callable[..., onp.ndarray]:
    """Return a function of arrays that writes its result block by block."""

    def run(*arrays, **static):
        arrays = [onp.asarray(x) for x in arrays]
        out = onp.empty_like(arrays[-1], order="C")
        flat, *parts = (x.reshape(-1) for x in (out, *arrays))
        for start in range(0, flat.size, BLOCK):
            block = slice(start, start + BLOCK)
            write(flat[block], *(x[block] for x in parts), **static)
        return out

    return run


def _write_sigmoid(out, x):
    onp.negative(x, out=out)
    with onp.errstate(over="ignore"):  # far out on the left, 1 / (1 + inf) is right
        onp.exp(out, out=out)
    out += 1
    onp.reciprocal(out, out=out)


def _write_normal_cdf(out, x):
    """Write ``erfc(-x / sqrt(2)) / 2``; NumPy has no error function."""
    first, *others = POLYNOMIALS.get(x.itemsize, POLYNOMIALS[8])
    z = abs(x)
    z *= math.sqrt(0.5)
    t = 2 / (z + 2)
    s = onp.maximum(t, NEAREST)
    s -= NEAREST
    s *= 2 / (1 - NEAREST)
    s -= 1
    tail = onp.full_like(s, first)
    for coefficient in others:
        tail *= s
        tail += coefficient
    tail *= t
    z *= z
    tail *= onp.exp(onp.negative(z, out=z), out=z)
    tail *= 0.5
    onp.copyto(out, onp.where(x > 0, 1 - tail, tail))


def _write_gate(out, x, kind):
    if kind == "silu":
        _write_sigmoid(out, x)
    elif kind == "gelu":
        _write_normal_cdf(out, x)
    else:
        inside = x * x
        inside *= SLOPE * CUBE
        inside += SLOPE
        inside *= x
        _write_sigmoid(out, inside)


def _write_gated(out, x, kind):
    _write_gate(out, x, kind)
    out *= x


def _write_gated_slope(out, g, x, kind):
    """Write g times the derivative: ``gate + x * gate'``."""
    _write_gate(out, x, kind)
    if kind == "gelu":
        density = x * x
        density *= -0.5
        onp.exp(density, out=density)
        density *= 1 / math.sqrt(2 * math.pi)
        density *= x
        out += density
    else:
        rise = out * out  # the sigmoid's derivative is out - out**2
        onp.subtract(out, rise, out=rise)
        rise *= x
        if kind == "gelu_tanh":
            inside = x * x
            inside *= 3 * SLOPE * CUBE
            inside += SLOPE
            rise *= inside
        out += rise
    out *= g


# ----- ops


def _slope_rule(h, ans, g, x, kind):
    """Return what comes back to x: the vector-Jacobian product of the derivative."""
    return h * g * _second_derivative(x, kind)


def _second_derivative(x: Any, kind: str) -> Any:
    if kind == "gelu":
        return exp(x * x * -0.5) * (2 - x * x) * (1 / math.sqrt(2 * math.pi))
    if kind == "silu":
        gate = sigmoid(x)
        return gate * (1 - gate) * (2 + x * (1 - 2 * gate))
    gate = sigmoid(x * (x * x * (SLOPE * CUBE) + SLOPE))
    rise = x * x * (3 * SLOPE * CUBE) + SLOPE  # of what is inside, and its own slope is 6 x
    curve = x * (6 * SLOPE * CUBE)
    return gate * (1 - gate) * (2 * rise + x * (rise * rise * (1 - 2 * gate) + curve))


_gated = op(
    "nn.gated",
    lambda g, ans, x, kind: _gated_slope(g, x, kind=kind),
    reads="x",
    raw=kernel("nn.gated", _in_blocks(_write_gated)),
)
_gated_slope = op(
    "nn.gated_slope",
    lambda h, ans, g, x, kind: _gated_slope(h, x, kind=kind),
    _slope_rule,
    reads=("y", "all"),
    raw=kernel("nn.gated_slope", _in_blocks(_write_gated_slope)),
)

# ----- functions


def silu(x: Any) -> Array:
    """Return ``x * sigmoid(x)``, the sigmoid linear unit, also called swish.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Array, of the shape of `x`

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)" (2016).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.silu([-1.0, 0.0, 2.0])
    array([-0.26894142,  0.        ,  1.76159416])
    """
    return _gated(floating(x), kind="silu")


def gelu(x: Any, approximate: str = "none") -> Array:
    """Return the Gaussian error linear unit, ``x`` times the normal distribution's ``P(Z <= x)``.

    Parameters
    ----------
    x : array_like
    approximate : {'none', 'tanh'}
        With 'tanh' the probability comes from a hyperbolic tangent, as in GPT-2; the result is at
        most 0.0005 off.

    Returns
    -------
    Array, of the shape of `x`

    Raises
    ------
    ValueError
        If `approximate` is something else.

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)" (2016).

    Examples
    --------
    >>> from minpy.nn import functional as F
    >>> F.gelu([-1.0, 0.0, 2.0])
    array([-0.15865525,  0.        ,  1.95449974])
    >>> F.gelu([-1.0, 0.0, 2.0], approximate="tanh")
    array([-0.15880801,  0.        ,  1.95459769])
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate is 'none' or 'tanh', not {approximate!r}")
    return _gated(floating(x), kind="gelu" if approximate == "none" else "gelu_tanh")
