"""Fully connected layers: a matrix product and a bias."""

from __future__ import annotations

import math
from typing import Any

import minpy.numpy as np
from minpy.nn.layers.shapes import fitting
from minpy.numpy import ndarray


def affine(x: Any, w: Any, b: Any) -> ndarray:
    """Return ``x @ w + b``, a fully connected layer; each example becomes a vector first.

    Parameters
    ----------
    x : array_like, shape (N, d1, ..., dk)
        Examples of any shape, of ``D = d1 * ... * dk`` numbers each.
    w : array_like, shape (D, M)
    b : array_like, shape (M,)

    Returns
    -------
    ndarray, shape (N, M)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> images = np.ones((2, 3, 4, 4))
    >>> affine(images, np.ones((48, 10)), np.zeros(10)).shape
    (2, 10)
    """
    x = x if type(x) is ndarray else np.asarray(x)
    if x.ndim != 2:
        w = w if type(w) is ndarray else np.asarray(w)
        x = _vectors(x, w)
    x, w, b = fitting("affine", "x (N, D), w (D, M), b (M,)", x, w, b)
    return x @ w + b


def _vectors(x: ndarray, w: ndarray) -> ndarray:
    """Return examples of any shape as the rows of a matrix."""
    if not x.ndim:
        raise ValueError("affine: x is a number, but must be (N, d1, ..., dk), examples first")
    size = math.prod(x.shape[1:])
    rows = w.shape[0] if w.shape else 0
    if rows == size:
        return np.reshape(x, (x.shape[0], size))
    message = (
        f"affine: w has shape {w.shape}, but must be (D, M) = ({size}, M), because x has "
        f"shape {x.shape} and each of its {x.shape[0]} examples becomes a vector of length {size}"
    )
    if x.ndim == 3 and x.shape[2] == rows:
        message += "; for one layer at all time steps of x (N, T, D) there is temporal_affine"
    if x.ndim == 1:
        message += "; a batch of one example is x[None]"
    raise ValueError(message)


def temporal_affine(x: Any, w: Any, b: Any) -> ndarray:
    """Return ``x @ w + b``, the same fully connected layer at each time step.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    w : array_like, shape (D, M)
    b : array_like, shape (M,)

    Returns
    -------
    ndarray, shape (N, T, M)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> temporal_affine(np.ones((2, 5, 3)), np.ones((3, 4)), np.zeros(4)).shape
    (2, 5, 4)
    """
    x, w, b = fitting("temporal_affine", "x (N, T, D), w (D, M), b (M,)", x, w, b)
    steps = x.reshape(-1, x.shape[2])  # one product of matrices, instead of one for each example
    return (steps @ w + b).reshape(*x.shape[:2], w.shape[1])
