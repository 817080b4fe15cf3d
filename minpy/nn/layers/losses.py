"""Losses: one number that says how wrong the predictions for a batch are.

All are averages over the examples of a batch, unless ``reduction`` asks for their sum, or for the
loss of each one.  ``weights``, of shape (N,), say how much each example counts: the average is then
``sum(weights * losses) / sum(weights)``, as with `numpy.average`, and the weights of classes are
those of examples, ``of_classes[labels]``.  Labels are the numbers of classes, of shape (N,), or
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


def reduced(layer: str, losses: Any, weights: Any, reduction: str) -> ndarray:
    """Return losses of examples as their mean or sum, or as they are.

    Parameters
    ----------
    layer : str
        What messages call the layer.
    losses : ndarray, shape (N, ...)
    weights : array_like, shape (N,) or (N, ...), optional
        How much each example, or each element, counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'`` of the shape of `losses`

    Raises
    ------
    ValueError
        If the weights have another shape, or there is no such reduction.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> reduced("a loss", np.array([1.0, 4.0]), [3.0, 1.0], "mean")
    1.75
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{layer}: reduction is 'mean', 'sum' or 'none', but is {reduction!r}")
    total: Any = None
    if weights is not None:
        weights = np.asarray(weights)
        if weights.shape not in (losses.shape[:1], losses.shape):
            of_each = f" or {losses.shape}" if losses.ndim > 1 else ""
            raise ValueError(
                f"{layer}: weights has shape {weights.shape}, but must be {losses.shape[:1]}"
                f"{of_each}: one weight for each of the losses"
            )
        weights = weights.astype(losses.dtype).reshape(
            weights.shape + (1,) * (losses.ndim - weights.ndim)
        )
        losses = losses * weights
        total = np.sum(np.broadcast_to(weights, losses.shape))
    if reduction == "none":
        return losses
    if reduction == "sum":
        return np.sum(losses)
    return np.mean(losses) if total is None else np.sum(losses) / total


def softmax_loss(
    x: Any,
    label: Any,
    *,
    label_smoothing: float = 0.0,
    weights: Any = None,
    reduction: str = "mean",
) -> ndarray:
    """Return the cross-entropy of the softmax of scores, averaged over the examples.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Scores of the classes.
    label : array_like, shape (N,) or (N, C)
        Numbers of classes, or probabilities of all classes, such as one-hot codes.
    label_smoothing : float
        Between 0 and 1: how much of each label is shared out among all classes alike.
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there is no such reduction.
    IndexError
        If a label is not in 0 to C - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> scores = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> softmax_loss(scores, [0, 2]), softmax_loss(scores, [[1, 0, 0], [0, 0, 1]])
    (0.7531..., 0.7531...)
    """
    (x,) = _scores("softmax_loss", x)
    label = label if isinstance(label, ndarray | onp.ndarray) else np.asarray(label)
    if label.shape != x.shape[:1] or label.dtype.kind not in "iu":  # else the kernel checks them
        label = _numbers_or_shares("softmax_loss", label, x)
    if weights is None:
        return F.cross_entropy(x, label, label_smoothing=label_smoothing, reduction=reduction)
    losses = F.cross_entropy(x, label, label_smoothing=label_smoothing, reduction="none")
    return reduced("softmax_loss", losses, weights, reduction)


def _scores(layer: str, x: Any) -> list[Any]:
    """Return scores of shape (N, C) as an array; what has more axes has a loss of its own."""
    ndim = getattr(x, "ndim", 2)
    if ndim == 3:
        raise ValueError(
            f"{layer}: x has shape {tuple(x.shape)}, but must be (N, C); for scores (N, T, V) at "
            "each step of sequences, and labels (N, T), use temporal_softmax_loss(x, y, mask)"
        )
    if ndim > 3:
        raise ValueError(
            f"{layer}: x has shape {tuple(x.shape)}, but must be (N, C); for scores (N, C, H, W) "
            "of each pixel, and labels (N, H, W), use functional.cross_entropy(x, y, axis=1)"
        )
    return fitting(layer, "x (N, C)", x)


def _numbers_or_shares(layer: str, label: Any, x: ndarray) -> Any:
    """Return labels as integers of shape (N,); or, if they have the shape of `x`, its dtype."""
    label = np.asarray(label)
    return _like(x, label) if label.shape == x.shape else class_numbers(layer, label, x)


def softmax_cross_entropy(
    prob: Any, label: Any, *, weights: Any = None, reduction: str = "mean"
) -> ndarray:
    """Return the cross-entropy of probabilities, averaged over the examples.

    From scores, `softmax_loss` is quicker, and right also where a probability is too small for a
    float.

    Parameters
    ----------
    prob : array_like, shape (N, C)
        Probabilities of the classes, such as a softmax.
    label : array_like, shape (N,) or (N, C)
        Numbers of classes, or probabilities of all classes, such as one-hot codes.
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there is no such reduction.
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
        losses = -np.log(prob[onp.arange(len(label)), label])
        return reduced("softmax_cross_entropy", losses, weights, reduction)
    certain = np.where(label != 0, prob, onp.ones((), prob.dtype))  # 0 * log(0) counts nothing
    losses = -np.sum(label * np.log(certain), axis=1)
    return reduced("softmax_cross_entropy", losses, weights, reduction)


def svm_loss(
    x: Any, y: Any, *, margin: float = 1.0, weights: Any = None, reduction: str = "mean"
) -> ndarray:
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
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there is no such reduction.
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
    losses = np.sum(np.where(wrong, margins, onp.zeros((), margins.dtype)), axis=1)
    return reduced("svm_loss", losses, weights, reduction)


def l2_loss(x: Any, label: Any, *, weights: Any = None, reduction: str = "mean") -> ndarray:
    """Return the squared distance between predictions and targets, averaged over the examples.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Predictions.
    label : array_like, shape (N, C) or (N,)
        What they should be; numbers of classes stand for one-hot codes.
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)
        Summed over C.  `mse_loss` is the mean over C, too.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there is no such reduction.
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
    return reduced("l2_loss", np.sum(np.square(x - label), axis=1), weights, reduction)


def mse_loss(x: Any, target: Any, *, weights: Any = None, reduction: str = "mean") -> ndarray:
    """Return the mean squared error.

    Parameters
    ----------
    x, target : array_like, of the same shape
    weights : array_like, of the shape of `x` or (N,), optional
        How much each element counts, or each example.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, of the shape of `x`

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting (N, 1) and (N,) to (N, N) is never meant.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    x, target = alike("mse_loss", x, target)
    return reduced("mse_loss", np.square(x - target), weights, reduction)


def huber_loss(
    x: Any,
    target: Any,
    delta: float = 1.0,
    *,
    weights: Any = None,
    reduction: str = "mean",
) -> ndarray:
    """Return the mean of errors that count squared where small, and linearly beyond `delta`.

    Parameters
    ----------
    x, target : array_like, of the same shape
    delta : float
        An error `e` costs ``e**2 / 2`` up to here, and ``delta * (abs(e) - delta / 2)`` beyond.
    weights : array_like, of the shape of `x` or (N,), optional
        How much each element counts, or each example.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, of the shape of `x`

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
    x, target = alike("huber_loss", x, target)
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be positive, but is {delta}")
    error = x - target
    inside = np.clip(error, -delta, delta)
    return reduced("huber_loss", inside * (error - inside / 2), weights, reduction)


def bce_with_logits(
    x: Any, target: Any, *, weights: Any = None, reduction: str = "mean"
) -> ndarray:
    """Return the binary cross-entropy of ``sigmoid(x)``, averaged over all elements.

    It is computed from the scores and never overflows.

    Parameters
    ----------
    x : array_like
        Scores: the logarithm of the odds.
    target : array_like, of the shape of `x`
        0 or 1, or a probability.
    weights : array_like, of the shape of `x` or (N,), optional
        How much each element counts, or each example.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, of the shape of `x`

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> bce_with_logits([0.0, 1000.0, -1000.0], [1.0, 1.0, 0.0]).round(4)
    0.231
    """
    x, target = alike("bce_with_logits", x, target)
    return reduced("bce_with_logits", F.softplus(x) - x * target, weights, reduction)


def alike(layer: str, x: Any, target: Any) -> tuple[ndarray, ndarray]:
    """Return predictions and targets as arrays of one shape and dtype.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
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


def temporal_softmax_loss(
    x: Any, y: Any, mask: Any = None, *, weights: Any = None, reduction: str = "mean"
) -> ndarray:
    """Return the cross-entropy at all time steps, summed over these and averaged over examples.

    Parameters
    ----------
    x : array_like, shape (N, T, V)
        Scores of all words at each time step.
    y : array_like of int, shape (N, T)
        The right words; what they are where the mask is zero does not matter.
    mask : array_like, shape (N, T), optional
        Which time steps count, as booleans or as weights; all by default.
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

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
        steps = onp.ones(y.shape, bool)
    else:
        x, y, mask = fitting(layer, "x (N, T, V), y (N, T), mask (N, T)", x, y, mask)
        steps = mask.asnumpy()
    words = x.shape[2]
    counts = steps != 0
    numbers = whole_numbers(layer, onp.where(counts, y.asnumpy(), 0), words)
    numbers = onp.where(counts, numbers, -1)
    losses = F.cross_entropy(x, numbers, axis=2, ignore_index=-1, reduction="none")
    if steps.dtype.kind != "b":
        losses = losses * steps.astype(x.dtype)
    return reduced(layer, np.sum(losses, axis=1), weights, reduction)
