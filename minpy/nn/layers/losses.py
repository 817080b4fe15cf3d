"""Losses: one number that says how wrong the predictions for a batch are.

All are averages over the examples of a batch.  Labels are the numbers of classes, of shape (N,), or
one-hot codes, of shape (N, C).
"""

from __future__ import annotations

from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.nn import functional as F
from minpy.nn.layers.shapes import class_numbers, fitting, whole_numbers
from minpy.numpy import ndarray


def softmax_loss(x: Any, label: Any, *, label_smoothing: float = 0.0) -> ndarray:
    """Return the cross-entropy of the softmax of scores, averaged over the examples.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Scores of the classes.
    label : array_like, shape (N,) or (N, C)
        Numbers of classes, or probabilities of all classes, such as one-hot codes.
    label_smoothing : float
        Between 0 and 1: how much of each label is shared out among all classes alike.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    IndexError
        If a label is not in 0 to C - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> scores = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> softmax_loss(scores, [0, 2]), softmax_loss(scores, [[1, 0, 0], [0, 0, 1]])
    (0.7531..., 0.7531...)
    """
    (x,) = fitting("softmax_loss", "x (N, C)", x)
    label = label if isinstance(label, ndarray | onp.ndarray) else np.asarray(label)
    if label.shape != x.shape[:1] or label.dtype.kind not in "iu":  # else the kernel checks them
        label = _numbers_or_shares("softmax_loss", label, x)
    return F.cross_entropy(x, label, label_smoothing=label_smoothing)


def _numbers_or_shares(layer: str, label: Any, x: ndarray) -> Any:
    """Return labels as integers of shape (N,); or, if they have the shape of `x`, its dtype."""
    label = np.asarray(label)
    return _like(x, label) if label.shape == x.shape else class_numbers(layer, label, x)


def softmax_cross_entropy(prob: Any, label: Any) -> ndarray:
    """Return the cross-entropy of probabilities, averaged over the examples.

    From scores, `softmax_loss` is quicker, and right also where a probability is too small for a
    float.

    Parameters
    ----------
    prob : array_like, shape (N, C)
        Probabilities of the classes, such as a softmax.
    label : array_like, shape (N,) or (N, C)
        Numbers of classes, or probabilities of all classes, such as one-hot codes.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    IndexError
        If a label is not in 0 to C - 1.

    Examples
    --------
    >>> softmax_cross_entropy([[0.5, 0.5], [0.25, 0.75]], [0, 0]).round(4)
    1.0397
    """
    (prob,) = fitting("softmax_cross_entropy", "prob (N, C)", prob)
    label = _numbers_or_shares("softmax_cross_entropy", label, prob)
    if label.shape != prob.shape:
        return -np.mean(np.log(prob[onp.arange(len(label)), label]))
    certain = np.where(label != 0, prob, onp.ones((), prob.dtype))  # 0 * log(0) counts nothing
    return -np.mean(np.sum(label * np.log(certain), axis=1))


def svm_loss(x: Any, y: Any, *, margin: float = 1.0) -> ndarray:
    """Return the multiclass hinge loss, averaged over the examples.

    A wrong class costs what its score lacks to be a `margin` below that of the right class.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Scores of the classes.
    y : array_like, shape (N,) or (N, C)
        Numbers of classes, or one-hot codes.
    margin : float
        Above zero.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    IndexError
        If a label is not in 0 to C - 1.

    References
    ----------
    J. Weston and C. Watkins, "Support vector machines for multi-class pattern recognition" (1999).

    Examples
    --------
    >>> svm_loss([[3.0, 1.0, 2.5], [0.0, 0.0, 0.0]], [0, 2])
    1.25
    """
    (x,) = fitting("svm_loss", "x (N, C)", x)
    y = class_numbers("svm_loss", y, x)
    rows = onp.arange(x.shape[0])
    wrong = onp.ones(x.shape, dtype=bool)
    wrong[rows, y] = False
    margins = F.relu(x - x[rows, y][:, None] + margin)
    return np.mean(np.sum(np.where(wrong, margins, onp.zeros((), margins.dtype)), axis=1))


def l2_loss(x: Any, label: Any) -> ndarray:
    """Return the squared distance between predictions and targets, averaged over the examples.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Predictions.
    label : array_like, shape (N, C) or (N,)
        What they should be; numbers of classes stand for one-hot codes.

    Returns
    -------
    ndarray, a number
        Summed over C.  `mse_loss` is the mean over C, too.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    IndexError
        If a label is not in 0 to C - 1.

    Examples
    --------
    >>> l2_loss([[1.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 1.0]])
    2.5
    """
    (x,) = fitting("l2_loss", "x (N, C)", x)
    label = np.asarray(label)
    if x.shape[1] == 1 and label.ndim == 1:
        raise ValueError(
            f"l2_loss: label has shape {label.shape}, but x has shape {x.shape}: one number for "
            "each example, and no classes; write label[:, None]"
        )
    label = _numbers_or_shares("l2_loss", label, x)
    if label.shape != x.shape:
        label = onp.eye(x.shape[1], dtype=x.dtype)[label]
    return np.mean(np.sum(np.square(x - label), axis=1))


def mse_loss(x: Any, target: Any) -> ndarray:
    """Return the mean squared error.

    Parameters
    ----------
    x, target : array_like, of the same shape

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting (N, 1) and (N,) to (N, N) is never meant.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    x, target = _alike("mse_loss", x, target)
    return np.mean(np.square(x - target))


def huber_loss(x: Any, target: Any, delta: float = 1.0) -> ndarray:
    """Return the mean of errors that count squared where small, and linearly beyond `delta`.

    Parameters
    ----------
    x, target : array_like, of the same shape
    delta : float
        An error `e` costs ``e**2 / 2`` up to here, and ``delta * (abs(e) - delta / 2)`` beyond.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes differ, or `delta` is not positive.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> huber_loss([0.0, 0.0], [1.0, 10.0])
    5.0
    """
    x, target = _alike("huber_loss", x, target)
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be positive, but is {delta}")
    error = x - target
    inside = np.clip(error, -delta, delta)
    return np.mean(inside * (error - inside / 2))


def bce_with_logits(x: Any, target: Any) -> ndarray:
    """Return the binary cross-entropy of ``sigmoid(x)``, averaged over all elements.

    It is computed from the scores and never overflows.

    Parameters
    ----------
    x : array_like
        Scores: the logarithm of the odds.
    target : array_like, of the shape of `x`
        0 or 1, or a probability.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> bce_with_logits([0.0, 1000.0, -1000.0], [1.0, 1.0, 0.0]).round(4)
    0.231
    """
    x, target = _alike("bce_with_logits", x, target)
    return np.mean(F.softplus(x) - x * target)


def _alike(layer: str, x: Any, target: Any) -> tuple[ndarray, ndarray]:
    """Return predictions and targets as arrays of one shape and dtype."""
    as_array = np.array if is_recorded(x) or is_recorded(target) else np.asarray  # see `fitting`
    x, target = (v if type(v) is ndarray else as_array(v) for v in (x, target))
    if x.shape != target.shape:
        raise ValueError(
            f"{layer}: target has shape {target.shape}, but x has shape {x.shape}; "
            "they must be alike"
        )
    return x, _like(x, target)


def _like(x: ndarray, target: Any) -> ndarray:
    """Return targets in the dtype of predictions, which decide: labels of int64 are common."""
    return target if target.dtype == x.dtype or x.dtype.kind != "f" else target.astype(x.dtype)


def temporal_softmax_loss(x: Any, y: Any, mask: Any = None) -> ndarray:
    """Return the cross-entropy at all time steps, summed over these and averaged over examples.

    Parameters
    ----------
    x : array_like, shape (N, T, V)
        Scores of all words at each time step.
    y : array_like of int, shape (N, T)
        The right words; what they are where the mask is zero does not matter.
    mask : array_like, shape (N, T), optional
        Which time steps count, as booleans or as weights; all by default.

    Returns
    -------
    ndarray, a number

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    IndexError
        If a label that counts is not in 0 to V - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> scores = np.zeros((1, 3, 4))
    >>> temporal_softmax_loss(scores, [[0, 3, 0]], [[True, True, False]]).round(4)
    2.7726
    """
    layer = "temporal_softmax_loss"
    if mask is None:
        x, y = fitting(layer, "x (N, T, V), y (N, T)", x, y)
        weights = onp.ones(y.shape, bool)
    else:
        x, y, mask = fitting(layer, "x (N, T, V), y (N, T), mask (N, T)", x, y, mask)
        weights = mask.asnumpy()
    words = x.shape[2]
    counts = weights != 0
    numbers = whole_numbers(layer, onp.where(counts, y.asnumpy(), 0), words)
    numbers = onp.where(counts, numbers, -1)
    losses = F.cross_entropy(x, numbers, axis=2, ignore_index=-1, reduction="none")
    if weights.dtype.kind != "b":
        losses = losses * weights.astype(x.dtype)
    return np.mean(np.sum(losses, axis=1))
