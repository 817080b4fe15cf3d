"""Residual blocks: two convolutions, around which the input goes by a shortcut.

::

    x --+-- conv 3x3 -- batch norm -- relu -- conv 3x3 -- batch norm --+-- relu -- out
        |                                                              |
        +------------ (if the shape changes: conv 1x1 -- batch norm) --+
"""

from __future__ import annotations

from typing import Any

from minpy.nn import init
from minpy.nn.functional import relu
from minpy.nn.layers.convolution import conv
from minpy.nn.layers.normalization import batchnorm
from minpy.numpy import ndarray

Arrays = dict[str, Any]


def residual_block_parameters(channels: int, filters: int, stride: int = 1) -> Arrays:
    """Return initial parameters of a `residual_block`: filters by `init.kaiming`, no biases.

    Parameters
    ----------
    channels, filters : int
        The channels of the input, and those of the result.
    stride : int
        With a stride, or if `filters` differs from `channels`, there is a projection on the
        shortcut.

    Returns
    -------
    dict of ndarray
        ``w1`` (F, C, 3, 3), ``w2`` (F, F, 3, 3), ``gamma1``, ``beta1``, ``gamma2``, ``beta2`` (F,);
        with a projection also ``w`` (F, C, 1, 1), ``gamma`` and ``beta`` (F,).

    Examples
    --------
    >>> sorted(residual_block_parameters(16, 16))
    ['beta1', 'beta2', 'gamma1', 'gamma2', 'w1', 'w2']
    >>> residual_block_parameters(16, 32, stride=2)["w"].shape
    (32, 16, 1, 1)
    """
    shapes = {"1": (filters, channels, 3, 3), "2": (filters, filters, 3, 3)}
    if stride != 1 or channels != filters:
        shapes[""] = (filters, channels, 1, 1)
    params = {}
    for which, shape in shapes.items():
        params["w" + which] = init.kaiming(shape)
        params["gamma" + which] = init.constant((filters,), {"value": 1.0})
        params["beta" + which] = init.constant((filters,))
    return params


def residual_block(
    x: Any,
    params: Arrays,
    averages: Arrays | None = None,
    mode: str = "train",
    stride: int = 1,
    eps: float = 1e-5,
    momentum: float = 0.9,
) -> tuple[ndarray, Arrays]:
    """Return the result of a residual block, and the new running averages of its batch norms.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    params : dict of array
        As `residual_block_parameters` makes them; with ``w`` in them, the shortcut is a projection.
    averages : dict of array, optional
        What this function returned for the batch before; needed in 'test' mode.
    mode : {'train', 'test'}
    stride : int
        Of the first convolution, and of the projection.
    eps, momentum : float
        Of `batchnorm`.

    Returns
    -------
    out : ndarray, shape (N, F, ceil(H / stride), ceil(W / stride))
    averages : dict of ndarray
        The running means and variances, ``mean1``, ``var1`` and so on; the given ones in 'test'
        mode.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR (2016).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.random.randn(2, 16, 8, 8)
    >>> params = residual_block_parameters(16, 32, stride=2)
    >>> out, averages = residual_block(x, params, stride=2)
    >>> out.shape
    (2, 32, 4, 4)
    >>> out, averages = residual_block(x, params, averages, mode="test", stride=2)
    """
    averages = {} if averages is None else averages
    new: Arrays = {}

    def convolved(x: Any, which: str, stride: int, pad: int) -> Any:
        out, new["mean" + which], new["var" + which] = batchnorm(
            conv(x, params["w" + which], stride=stride, pad=pad),
            params["gamma" + which],
            params["beta" + which],
            mode,
            eps,
            momentum,
            averages.get("mean" + which),
            averages.get("var" + which),
        )
        return out

    out = relu(convolved(x, "1", stride, 1))
    out = convolved(out, "2", 1, 1)
    shortcut = convolved(x, "", stride, 0) if "w" in params else x
    if shortcut.shape != out.shape:
        raise ValueError(
            f"residual_block: x has shape {shortcut.shape}, but what is added to it has shape "
            f"{out.shape}; a block that changes the shape needs a projection, params['w'], as "
            "residual_block_parameters makes it with the same stride"
        )
    return relu(out + shortcut), new
