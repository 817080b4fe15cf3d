"""Losses beside the usual ones: of rare classes, of distributions, and of embeddings.

`weights` and `reduction` are those of `minpy.nn.layers.losses`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn.layers.losses import alike, reduced
from minpy.nn.layers.shapes import class_numbers, fitting
from minpy.numpy import ndarray

# ----- classes


def focal_loss(
    x: Any, label: Any, *, gamma: float = 2.0, weights: Any = None, reduction: str = "mean"
) -> ndarray:
    """Return the cross-entropy of scores, times ``(1 - p)**gamma`` where p is the right class's.

    Examples that are already easy count little, which helps where one class is rare.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Scores of the classes.
    label : array_like, shape (N,) or (N, C)
        Numbers of classes, or one-hot codes.
    gamma : float
        From 0, where this is `softmax_loss`.
    weights : array_like, shape (N,), optional
        How much each example counts, such as the paper's alpha of its class.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or `gamma` is negative.
    IndexError
        If a label is not in 0 to C - 1.

    References
    ----------
    T.-Y. Lin et al., "Focal loss for dense object detection", ICCV (2017).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> focal_loss(np.zeros((1, 2)), [0]).round(4)  # log(2) / 4
    0.1733
    """
    (x,) = fitting("focal_loss", "x (N, C)", x)
    if not gamma >= 0:
        raise ValueError(f"focal_loss: gamma must be at least 0, but is {gamma}")
    label = class_numbers("focal_loss", label, x)
    rows = onp.arange(len(label))
    log_prob = F.log_softmax(x, axis=1)[rows, label]
    # 1 - p from the other classes: it is exact also where p is almost 1, and its power has a slope
    right = onp.arange(x.shape[1]) == label[:, None]
    others = np.where(right, onp.asarray(-onp.inf, x.dtype), x)
    rest = np.exp(F.logsumexp(others, axis=1) - F.logsumexp(x, axis=1))
    return reduced("focal_loss", -(rest**gamma) * log_prob, weights, reduction)


# ----- distributions


def kl_div_loss(log_q: Any, p: Any, *, weights: Any = None, reduction: str = "mean") -> ndarray:
    """Return the Kullback-Leibler divergence, ``sum(p * (log(p) - log_q))``, over the last axis.

    With ``log_q = log_softmax(student / T)`` and ``p = softmax(teacher / T)`` it is what
    distillation makes small.

    Parameters
    ----------
    log_q : array_like, shape (N, ..., C)
        Logarithms of the predicted probabilities.
    p : array_like, shape (N, ..., C)
        Probabilities they should have; where one is zero, it adds nothing.
    weights : array_like, shape (N,) or (N, ...), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N, ...)

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    S. Kullback and R. A. Leibler, "On information and sufficiency" (1951).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> kl_div_loss(np.log([[0.5, 0.5]]), [[1.0, 0.0]]).round(4)
    0.6931
    """
    log_q, p = alike("kl_div_loss", log_q, p)
    known = p.asnumpy() > 0
    certain = np.where(known, p, onp.ones((), p.dtype))
    return reduced(
        "kl_div_loss", np.sum(p * (np.log(certain) - log_q), axis=-1), weights, reduction
    )


def gaussian_nll_loss(
    mean: Any,
    target: Any,
    var: Any,
    *,
    full: bool = False,
    eps: float = 1e-6,
    weights: Any = None,
    reduction: str = "mean",
) -> ndarray:
    """Return how unlikely targets are under normal distributions: the negative log-likelihood.

    Parameters
    ----------
    mean, target, var : array_like, of the same shape
        The predicted means, what was found, and the predicted variances, which are positive.
    full : bool
        Whether to add the constant ``log(2 pi) / 2``.
    eps : float
        Smaller variances count as this.
    weights : array_like, of the shape of `mean` or (N,), optional
        How much each element counts, or each example.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, of the shape of `mean`

    Raises
    ------
    ValueError
        If the shapes differ, or a variance is negative.

    References
    ----------
    D. A. Nix and A. S. Weigend, "Estimating the mean and variance of the target probability
    distribution" (1994).

    Examples
    --------
    >>> gaussian_nll_loss([0.0], [2.0], [1.0])
    2.0
    """
    mean, target = alike("gaussian_nll_loss", mean, target)
    mean, var = alike("gaussian_nll_loss", mean, var)
    if (var.asnumpy() < 0).any():
        raise ValueError(
            "gaussian_nll_loss: var has negative elements, but holds variances; a network may give "
            "their logarithms, and var=np.exp(...) of these"
        )
    # as in PyTorch, small variances are raised and keep their gradient
    var = var + onp.maximum(eps - var.asnumpy(), 0)
    losses = (np.log(var) + np.square(mean - target) / var) / 2
    if full:
        losses = losses + math.log(2 * math.pi) / 2
    return reduced("gaussian_nll_loss", losses, weights, reduction)


# ----- embeddings


def triplet_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    margin: float = 1.0,
    weights: Any = None,
    reduction: str = "mean",
) -> ndarray:
    """Return by how much the like are not closer than the unlike, with a margin.

    ``max(distance(anchor, positive) - distance(anchor, negative) + margin, 0)``, where distances
    are Euclidean.

    Parameters
    ----------
    anchor, positive, negative : array_like, shape (N, D)
        Embeddings: of an example, of one like it, and of one unlike it.
    margin : float
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,)

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet: a unified embedding for face recognition
    and clustering", CVPR (2015).

    Examples
    --------
    >>> triplet_loss([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 2.0]]).round(4)
    4.0
    """
    shapes = "anchor (N, D), positive (N, D), negative (N, D)"
    anchor, positive, negative = fitting("triplet_loss", shapes, anchor, positive, negative)
    wrong = _distance(anchor, positive) - _distance(anchor, negative) + margin
    return reduced("triplet_loss", F.relu(wrong), weights, reduction)


def _distance(x: Any, y: Any) -> Any:
    """Return distances of rows; as in PyTorch with 1e-6 added, so that none has slope infinity."""
    return np.sqrt(np.sum(np.square(x - y + 1e-6), axis=1))


def nt_xent_loss(
    x: Any, y: Any, *, temperature: float = 0.5, weights: Any = None, reduction: str = "mean"
) -> ndarray:
    """Return SimCLR's loss of two views of each example: find the other view among all others.

    It is the cross-entropy of the cosines of the 2N embeddings with each other, divided by the
    temperature, where the right class is that of the other view.

    Parameters
    ----------
    x, y : array_like, shape (N, D)
        Embeddings of the two views; their lengths do not matter.
    temperature : float
        Positive; a small one makes the nearest others count most.
    weights : array_like, shape (N,), optional
        How much each example counts.
    reduction : {'mean', 'sum', 'none'}

    Returns
    -------
    ndarray, a number; with ``reduction='none'``, shape (N,), the mean of both views

    Raises
    ------
    ValueError
        If the shapes differ, or the temperature is not positive.

    References
    ----------
    T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A simple framework for contrastive learning of
    visual representations", ICML (2020).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.eye(2)
    >>> nt_xent_loss(x, x).round(4)  # log(1 + 2 * exp(-2))
    0.2395
    """
    x, y = fitting("nt_xent_loss", "x (N, D), y (N, D)", x, y)
    if not temperature > 0:
        raise ValueError(f"nt_xent_loss: temperature must be positive, but is {temperature}")
    examples = x.shape[0]
    views = F.normalize(np.concatenate([x, y]))
    cosines = views @ views.T / temperature
    itself = onp.eye(2 * examples, dtype=bool)
    cosines = np.where(itself, onp.asarray(-onp.inf, cosines.dtype), cosines)
    other = (onp.arange(2 * examples) + examples) % (2 * examples)
    losses = F.cross_entropy(cosines, other, reduction="none")
    return reduced("nt_xent_loss", (losses[:examples] + losses[examples:]) / 2, weights, reduction)
