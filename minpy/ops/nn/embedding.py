"""Rows of a table, looked up by number."""

from __future__ import annotations

from typing import Any

from minpy.array import Array
from minpy.inplace import getitem
from minpy.ops.indexing import where
from minpy.ops.nn.arguments import floating, indices_below


def embedding(indices: Any, weight: Any, *, padding_idx: int | None = None) -> Array:
    """Return ``weight[indices]``; a row that is looked up often gets the sum of the gradients.

    Parameters
    ----------
    indices : array_like of int, any shape
    weight : array_like, shape (V, D)
        A row for each word of the vocabulary.
    padding_idx : int, optional
        The number of a row to which no gradient flows; negative ones count from the end.

    Returns
    -------
    Array, shape (*indices.shape, D)

    Raises
    ------
    IndexError
        If an index is not in 0 to V - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.embedding([[2, 0]], np.array([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]))
    array([[[2. , 2.1],
            [0. , 0.1]]])
    """
    weight = floating(weight)
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight has shape {weight.shape}, but must have two axes")
    size = weight.shape[0]
    indices = indices_below(size, indices, "embedding: indices", "rows")
    rows = getitem(weight, indices)
    if padding_idx is None:
        return rows
    if not -size <= padding_idx < size:
        raise IndexError(f"embedding: padding_idx is {padding_idx}, but weight has {size} rows")
    return where((indices != padding_idx % size)[..., None], rows, rows.detach())
