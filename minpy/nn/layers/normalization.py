"""Layers that are one thing in training and another one afterwards: batch norm and dropout.

`mode` says which, 'train' or 'test', as in CS231n.  Layer norm and its relatives have no mode: they
are in `minpy.nn.functional`.
"""

from __future__ import annotations

from typing import Any

import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn.functional import group_norm, layer_norm
from minpy.nn.layers.shapes import in_training
from minpy.numpy import ndarray
from minpy.ops.nn.dropout import Seed

__all__ = ["batchnorm", "dropout", "group_norm", "layer_norm"]


def batchnorm(
    x: Any,
    gamma: Any,
    beta: Any,
    mode: str = "train",
    eps: float = 1e-5,
    momentum: float = 0.9,
    running_mean: Any = None,
    running_var: Any = None,
    *,
    ddof: int = 0,
) -> tuple[ndarray, Any, Any]:
    """Standardize each feature over the batch, then scale and shift it.

    In training the mean and variance are those of the batch, and the running ones become
    ``momentum * old + (1 - momentum) * batch``, from zero if none are given.  In 'test' mode the
    running ones are used.

    Parameters
    ----------
    x : array_like, shape (N, D), or (N, C, ...)
        With more axes, the features are the channels: spatial batch normalization.
    gamma, beta : array_like, shape (D,)
        Scale and shift.
    mode : {'train', 'test'}
    eps : float
        Added to the variance, so that it is not zero where it divides.
    momentum : float
        The weight of the old running averages.
    running_mean, running_var : array_like, shape (D,), optional
    ddof : int
        The running variance averages sums of squares divided by their number minus `ddof`: 0 in
        CS231n, 1 in PyTorch.

    Returns
    -------
    out : ndarray, of the shape of `x`
    running_mean, running_var : ndarray, shape (D,)
        The new averages, through which no gradient flows; in 'test' mode the given ones.

    Raises
    ------
    ValueError
        If a shape or the mode is wrong; if in training there is one value for each feature; or if
        there are no running averages in 'test' mode.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML (2015); the running averages as in CS231n, with the variance
    that divides by N.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> out, mean, var = batchnorm(x, np.ones(2), np.zeros(2))
    >>> out.round(3), mean, var
    (array([[-1., -1.],
           [ 1.,  1.]]), array([0.2, 2. ]), array([ 0.1, 10. ]))
    """
    training = in_training("batchnorm", mode)
    if not training and (running_mean is None or running_var is None):
        raise ValueError(
            "batchnorm in mode 'test' needs running_mean and running_var: give it those which it "
            "returned in training"
        )
    x = np.asarray(x)
    if training and x.ndim > 1 and x.size == x.shape[1] > 0:
        raise ValueError(
            f"batchnorm in mode 'train': x of shape {x.shape} has one value for each feature, "
            "which has no variance; give it a larger batch, or write mode='test'"
        )
    out, mean, var = F.batch_norm(
        x,
        gamma,
        beta,
        running_mean,
        running_var,
        training=training,
        momentum=1 - momentum,
        eps=eps,
        ddof=ddof,
    )
    # without old averages these are the batch's own, and averages from zero a part of them
    if running_mean is None and mean is not None:
        mean = mean * (1 - momentum)
    if running_var is None and var is not None:
        var = var * (1 - momentum)
    return out, mean, var


def dropout(
    x: Any,
    prob: float | None = None,
    mode: str = "train",
    seed: Seed = None,
    *,
    p: float | None = None,
) -> ndarray:
    """Set elements to zero at random, and divide the others by ``1 - prob``: inverted dropout.

    Parameters
    ----------
    x : array_like
    prob : float
        The probability to drop an element, at least 0 and below 1.
    mode : {'train', 'test'}
        In 'test' mode `x` is returned as it is.
    seed : int or Generator, optional
        Where the random numbers come from: by default the stream of `minpy.numpy.random`.
    p : float, optional
        Instead of `prob`: the probability to keep an element.  So ``dropout(x, **dropout_param)``
        takes a `dropout_param` of CS231n.

    Returns
    -------
    ndarray, of the shape of `x`

    Raises
    ------
    ValueError
        If `prob` is no such probability, or the mode is another one.
    TypeError
        If both `prob` and `p` are given, or neither.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 15 (2014).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> dropout(np.ones((2, 4)), 0.5, seed=0)
    array([[2., 2., 2., 0.],
           [0., 0., 0., 0.]])
    >>> dropout(np.ones(4), 0.5, mode="test")
    array([1., 1., 1., 1.])
    """
    if p is not None and not 0 < p <= 1:
        raise ValueError(f"dropout: p, the probability to keep, is not in (0, 1], but {p}")
    if prob is None and p is not None:
        prob, p = 1 - p, None
    if prob is None or p is not None:
        raise TypeError("dropout takes prob, the probability to drop, or p, that to keep; not both")
    return F.dropout(x, prob, training=in_training("dropout", mode), seed=seed)
