"""Layers for images and words under the course's names; the kernels are `minpy.nn.functional`'s.

The keywords are the keys of the course's dicts, so that ``conv(x, w, b, **conv_param)`` and
``max_pool(x, **pool_param)`` work.
"""

from __future__ import annotations

from typing import Any

import minpy.numpy as np
from minpy.nn import functional as F
from minpy.numpy import ndarray

Pair = tuple[int, int]


def conv(
    x: Any, w: Any, b: Any = None, stride: int | Pair = 1, pad: int | Pair | str = 0
) -> ndarray:
    """Return images correlated with filters, plus a bias.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (F, C, HH, WW)
    b : array_like, shape (F,), optional
    stride : int or pair of int
        How far apart the windows are.
    pad : int, pair of int, 'valid' or 'same'
        How many zeros are put on each side; 'same' as many as keep the size, at stride 1.

    Returns
    -------
    ndarray, shape (N, F, 1 + (H + 2 pad - HH) // stride, 1 + (W + 2 pad - WW) // stride)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> conv_param = {"stride": 2, "pad": 1}
    >>> conv(np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3)), np.zeros(4), **conv_param).shape
    (2, 4, 4, 4)
    """
    return F.conv2d(x, w, b, stride=stride, padding=pad)


def max_pool(
    x: Any, pool_height: int = 2, pool_width: int = 2, stride: int | Pair | None = None
) -> ndarray:
    """Return the largest value of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    pool_height, pool_width : int
        The size of a window.
    stride : int or pair of int, optional
        How far apart windows are; by default they lie side by side.

    Returns
    -------
    ndarray, shape (N, C, 1 + (H - pool_height) // stride, 1 + (W - pool_width) // stride)

    Raises
    ------
    ValueError
        If the windows do not fit into the images.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> max_pool(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    return F.max_pool2d(x, (pool_height, pool_width), stride)


def avg_pool(
    x: Any, pool_height: int = 2, pool_width: int = 2, stride: int | Pair | None = None
) -> ndarray:
    """Return the mean of each window; the arguments are those of `max_pool`.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> avg_pool(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    return F.avg_pool2d(x, (pool_height, pool_width), stride)


def global_avg_pool(x: Any) -> ndarray:
    """Return the mean of each channel, which turns images into vectors at the end of a network.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)

    Returns
    -------
    ndarray, shape (N, C)

    References
    ----------
    M. Lin, Q. Chen and S. Yan, "Network in network", ICLR (2014).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> global_avg_pool(np.ones((2, 3, 8, 8))).shape
    (2, 3)
    """
    means = F.global_avg_pool2d(x)
    return np.reshape(means, means.shape[:2])


def word_embedding(x: Any, W: Any) -> ndarray:
    """Return the vector of each word.

    Parameters
    ----------
    x : array_like of int, shape (N, T)
        Numbers of words.
    W : array_like, shape (V, D)
        A vector for each word.

    Returns
    -------
    ndarray, shape (N, T, D)

    Raises
    ------
    IndexError
        If a number is not in 0 to V - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> word_embedding([[0, 2]], np.eye(3))
    array([[[1., 0., 0.],
            [0., 0., 1.]]])
    """
    return F.embedding(x, W)
