"""Attention: averages weighted by how well queries and keys match."""

from __future__ import annotations

import math
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of
from minpy.ops.creation import as_array, astype
from minpy.ops.indexing import values_of, where
from minpy.ops.nn.activation import softmax
from minpy.ops.nn.arguments import floating
from minpy.ops.nn.dropout import Seed, dropout
from minpy.ops.shape import swapaxes


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    *,
    mask: Any = None,
    is_causal: bool = False,
    dropout_p: float = 0.0,
    scale: float | None = None,
    seed: Seed = None,
) -> Array:
    """Return ``softmax(scale * query @ key.T + mask) @ value``.

    Axes before the last two (batch, heads) are broadcast.

    Parameters
    ----------
    query : array_like, shape (..., L, D)
    key : array_like, shape (..., S, D)
    value : array_like, shape (..., S, M)
    mask : array_like, broadcast to shape (..., L, S), optional
        Booleans say which keys a query may look at; numbers are added to the scores.  A query that
        may look at none, by ``False`` or ``-inf``, gets zeros.
    is_causal : bool
        Whether query `i` may look at keys 0 to `i` alone; together with `mask`, both must allow it.
    dropout_p : float
        The probability to drop a weight; see `dropout`.
    scale : float, optional
        By default ``1 / sqrt(D)``.
    seed : int or Generator, optional
        For `dropout`.

    Returns
    -------
    Array, shape (..., L, M)

    Raises
    ------
    ValueError
        If the shapes do not match.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS (2017).

    Examples
    --------
    The second query sees both values, the first one, by causality, only the first.

    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> q = np.zeros((2, 3))
    >>> F.scaled_dot_product_attention(q, q, np.array([[0.0], [1.0]]), is_causal=True)
    array([[0. ],
           [0.5]])
    """
    query, key, value = floating(query), floating(key), floating(value)
    _check_shapes(query.shape, key.shape, value.shape)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    scores = (query * scale) @ swapaxes(key, -1, -2)
    bias, attending = _bias(mask, is_causal, scores)
    if bias is not None:
        scores = scores + bias
    weights = softmax(scores)
    if attending is not None:
        weights = weights * attending
    return dropout(weights, dropout_p, seed=seed) @ value


def _bias(mask: Any, is_causal: bool, scores: Array) -> tuple[Any, Any]:
    """Return what to add to the scores; and, if some queries see no key, which of them see one.

    The softmax of a row of ``-inf`` would be NaN, so the bias of queries that see no key is zero.
    """
    dtype = dtype_of(scores)
    bias: Any = onp.zeros((), dtype)
    allowed: Any = True
    if mask is not None:
        mask = as_array(mask)
        kind = dtype_of(mask).kind
        if kind == "b":
            allowed = values_of(mask)
        elif kind == "f":
            bias = astype(mask, dtype)
            allowed = values_of(mask) > -onp.inf
        else:
            raise TypeError(
                "scaled_dot_product_attention: mask holds booleans, or floating numbers to add to "
                f"the scores, but has dtype {mask.dtype}; write mask.astype(bool) if 1 is for True"
            )
    if is_causal:
        allowed = allowed & onp.tri(*scores.shape[-2:], dtype=bool)
    if onp.all(allowed):
        return None if mask is None else bias, None
    attending = allowed.any(axis=-1, keepdims=True)
    blocked = onp.where(attending, -onp.inf, 0).astype(dtype)
    return where(allowed, bias, blocked), None if attending.all() else attending


def _check_shapes(query: tuple, key: tuple, value: tuple) -> None:
    if min(map(len, (query, key, value))) < 2 or query[-1] != key[-1] or key[-2] != value[-2]:
        raise ValueError(
            "scaled_dot_product_attention takes query (..., L, D), key (..., S, D) and value "
            f"(..., S, M), but got shapes {query}, {key} and {value}"
        )
