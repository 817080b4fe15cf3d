"""The cross-entropy: how far predicted class probabilities are from labels."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of
from minpy.ops.creation import as_array, astype
from minpy.ops.indexing import where
from minpy.ops.nn.activation import _log_softmax, _softmax, _softmax_rule
from minpy.ops.nn.arguments import floating, indices_below
from minpy.ops.reduction import mean
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import expand_dims, moveaxis, normal_axis, reshape
from minpy.tape import op

# ----- of logits of shape (N, C) and labels of shape (N,)


def _cross_entropy_on_numpy(x, labels):
    shifted = x - x.max(axis=-1, keepdims=True)
    here = shifted[onp.arange(len(labels)), labels]
    onp.exp(shifted, out=shifted)
    return onp.log(shifted.sum(axis=-1)) - here


def _cross_entropy_rule(g, ans, x, labels):
    share = _softmax_residual(x, labels)
    share *= expand_dims(g, -1)
    return share


def _softmax_residual_on_numpy(x, labels):
    out = _softmax(x, axis=-1)
    out[onp.arange(len(labels)), labels] -= 1
    return out


def _softmax_residual_rule(g, ans, x, labels):
    return _softmax_rule(g, _softmax(x, axis=-1), x, axis=-1)


_cross_entropy = op(
    "nn.cross_entropy", _cross_entropy_rule, None, reads="x", raw=_cross_entropy_on_numpy
)
_softmax_residual = op(  # the softmax, less one at the label
    "nn.softmax_residual", _softmax_residual_rule, None, reads="x", raw=_softmax_residual_on_numpy
)

# ----- of all others


def cross_entropy(
    logits: Any,
    labels: Any,
    *,
    axis: int = 1,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
    """Return ``-log(softmax(logits))`` at the labels, averaged over the examples.

    Parameters
    ----------
    logits : array_like, shape (N, C, ...)
        Scores of the classes, not normalized.
    labels : array_like of int, shape (N, ...); or array_like, shape (N, C, ...)
        Numbers of classes; or the probability of each class, such as a one-hot code.
    axis : int
        Which axis of `logits` is that of the classes.
    label_smoothing : float
        Between 0 and 1: how much of each label is shared out among all classes alike.
    ignore_index : int, optional
        A label that says that an example does not count, such as -1 for padding.
    reduction : {'mean', 'sum', 'none'}
        The mean is that of the examples that count; of none, it is NaN.

    Returns
    -------
    Array, a number; or with ``reduction='none'``, shape (N, ...)

    Raises
    ------
    IndexError
        If a label is not in 0 to C - 1.
    TypeError
        If labels of shape (N, ...) are not integers.
    ValueError
        If the shapes do not match, or there are no classes.

    References
    ----------
    C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR (2016), for
    label smoothing.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> logits = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> F.cross_entropy(logits, [0, 2], reduction="none")
    array([0.40760596, 1.09861229])
    >>> F.cross_entropy(logits, [[1, 0, 0], [0, 0, 1]])
    0.7531...
    """
    logits, labels = floating(logits), as_array(labels)
    axis = normal_axis(axis, logits.ndim)
    classes = logits.shape[axis]
    shape = _without(axis, logits)
    if classes == 0 or labels.shape not in (shape, logits.shape):
        fitting = [i for i in range(logits.ndim) if _without(i, logits) == labels.shape]
        hint = ""
        if fitting and classes:
            hint = f"; if axis {fitting[0]} is that of the classes, write axis={fitting[0]}"
        raise ValueError(
            f"cross_entropy: for logits of shape {logits.shape}, with {classes} classes along axis "
            f"{axis}, labels have shape {shape}, or that of the logits, but got "
            f"{labels.shape}{hint}"
        )
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction is mean, sum or none, but got {reduction!r}")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing {label_smoothing} is not in [0, 1]")
    valid = None
    rows = _rows(logits, axis)
    if labels.shape != shape:
        target = astype(_rows(labels, axis), dtype_of(logits))
        losses = -sum_(target * _log_softmax(rows, axis=-1), axis=-1)
    else:
        numbers = labels.asnumpy()
        if ignore_index is not None:
            valid = (numbers != ignore_index).reshape(-1)
            numbers = numbers * (numbers != ignore_index)
        numbers = indices_below(classes, numbers, "cross_entropy: labels", "classes")
        losses = _cross_entropy(rows, numbers.reshape(-1))
    if label_smoothing:
        for_all = -mean(_log_softmax(rows, axis=-1), axis=-1)
        losses = losses * (1 - label_smoothing) + for_all * label_smoothing
    if valid is not None:
        losses = where(valid, losses, onp.zeros((), dtype_of(losses)))
    if reduction == "none":
        return reshape(losses, shape)
    if reduction == "sum":
        return sum_(losses)
    return mean(losses) if valid is None else sum_(losses / int(valid.sum()))


def _without(axis: int, x: Array) -> tuple[int, ...]:
    return x.shape[:axis] + x.shape[axis + 1 :]


def _rows(x: Array, axis: int) -> Array:
    """Return the vectors along an axis as rows of a matrix."""
    if axis != x.ndim - 1:
        x = moveaxis(x, axis, -1)
    return x if x.ndim == 2 else reshape(x, (-1, x.shape[-1]))
