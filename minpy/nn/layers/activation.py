"""Activations under the names of the course; the kernels are those of `minpy.nn.functional`."""

from __future__ import annotations

from typing import Any

import minpy.numpy as np
from minpy.nn.functional import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus
from minpy.numpy import ndarray

__all__ = ["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]


def tanh(x: Any) -> ndarray:
    """Return the hyperbolic tangent.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    ndarray, of the shape of `x`

    Examples
    --------
    >>> tanh([-100.0, 0.0, 100.0])
    array([-1.,  0.,  1.])
    """
    return np.tanh(x)
