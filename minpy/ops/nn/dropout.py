"""Dropout: leaving out units at random."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array, wrap
from minpy.ops.nn.arguments import floating
from minpy.tape import op

Seed = int | onp.random.Generator | None


def _dropout_on_numpy(x, mask, scale):
    out = x * mask
    out *= scale
    return out


def _dropout_rule(g, ans, x, mask, scale):
    return _dropout(g, mask, scale=scale)


_dropout = op("nn.dropout", _dropout_rule, None, raw=_dropout_on_numpy)


def dropout(x: Any, prob: float = 0.5, *, training: bool = True, seed: Seed = None) -> Array:
    """Set elements to zero at random, and divide the others by ``1 - prob``.

    The expected value of each element stays what it is, so that nothing is left to do when the
    network is used.  A seed gives the same zeros wherever the array lives.

    Parameters
    ----------
    x : array_like
    prob : float
        The probability to drop an element, at least 0 and below 1.
    training : bool
        If false, `x` is returned as it is.
    seed : int or Generator, optional
        Where the random numbers come from: by default the stream of `minpy.numpy.random`, which
        ``minpy.numpy.random.seed`` seeds.

    Returns
    -------
    Array, of the shape of `x`

    Raises
    ------
    ValueError
        If `prob` is no such probability.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 15 (2014).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.dropout(np.ones((2, 4)), 0.5, seed=0)
    array([[2., 2., 2., 0.],
           [0., 0., 0., 0.]])
    """
    x = floating(x)
    if not 0 <= prob < 1:
        raise ValueError(f"dropout: prob must be at least 0 and below 1, but is {prob}")
    if not training or prob == 0:
        return x
    if seed is None:
        bits = onp.random.get_bit_generator()
    else:
        bits = onp.random.default_rng(seed).bit_generator
    mask = onp.random.Generator(bits).random(x.shape, dtype=onp.float32) >= prob
    return _dropout(x, wrap(onp.asarray(mask)), scale=1 / (1 - prob))
