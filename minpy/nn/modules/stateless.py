"""Modules without parameters: activations, dropout, shapes and pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minpy.numpy as np
from minpy.errors import kind_of
from minpy.nn import functional as F
from minpy.nn import layers
from minpy.nn.module import Module, Shape

Pair = int | tuple[int, int]


class Identity(Module):
    """What comes in goes out; the shortcut of a residual block."""

    def forward(self, X: Any) -> Any:
        """Return `X`."""
        return X


class ReLU(Module):
    """What is negative becomes zero."""

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return layers.relu(X)


class GELU(Module):
    """The Gaussian error linear unit, a smooth `ReLU`.

    Parameters
    ----------
    approximate : {'none', 'tanh'}
        Whether it is exact, or the approximation of GPT-2.
    """

    shown = ("approximate",)

    def __init__(self, approximate: str = "none", name: str | None = None) -> None:
        super().__init__(name)
        if approximate not in ("none", "tanh"):
            raise ValueError(f"approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return layers.gelu(X, self.approximate)


class LeakyReLU(Module):
    """What is negative becomes small.

    Parameters
    ----------
    negative_slope : float
        By which it is multiplied.
    """

    shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, name: str | None = None) -> None:
        super().__init__(name)
        self.negative_slope = negative_slope

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.leaky_relu(X, self.negative_slope)


class ELU(Module):
    """What is negative becomes ``alpha * (exp(x) - 1)``.

    Parameters
    ----------
    alpha : float
    """

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, name: str | None = None) -> None:
        super().__init__(name)
        self.alpha = alpha

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.elu(X, self.alpha)


class SiLU(Module):
    """The sigmoid linear unit, ``x * sigmoid(x)``, also called swish."""

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.silu(X)


class Softplus(Module):
    """``log(1 + exp(x))``, a smooth `ReLU`."""

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.softplus(X)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return layers.tanh(X)


class Logistic(Module):
    """The logistic function, ``1 / (1 + exp(-x))``."""

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return layers.sigmoid(X)


class Sigmoid(Logistic):
    """`Logistic`, as it is called today."""


class Dropout(Module):
    """In training, elements become zero at random, and others are scaled to make up for it.

    Parameters
    ----------
    p : float
        The probability to drop an element.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> dropout = Dropout(0.5)
    >>> dropout.inference()
    >>> dropout(np.ones(3))
    array([1., 1., 1.])
    """

    shown = ("p",)

    def __init__(self, p: float = 0.5, name: str | None = None) -> None:
        super().__init__(name)
        self.p = p

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return layers.dropout(X, self.p, "train" if self.is_training else "test")


class Reshape(Module):
    """A new shape for the whole batch.

    Parameters
    ----------
    shape : tuple of int
        With the axis of samples; one number may be -1.
    """

    shown = ("shape",)

    def __init__(self, shape: Shape, name: str | None = None) -> None:
        super().__init__(name)
        self.shape = tuple(shape)

    def forward(self, X: Any) -> Any:
        """Return an array of shape `shape`."""
        return np.reshape(X, self.shape)


class BatchReshape(Reshape):
    """A new shape for each sample.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> BatchReshape((1, 8, 8))(np.ones((5, 64))).shape
    (5, 1, 8, 8)
    """

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, *shape)."""
        return np.reshape(X, (X.shape[0], *self.shape))


class Flatten(Module):
    """The whole batch as one vector; see `BatchFlatten`."""

    def forward(self, X: Any) -> Any:
        """Return an array of one axis."""
        return np.reshape(X, (-1,))


class BatchFlatten(Module):
    """Each sample as a vector.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> BatchFlatten()(np.ones((5, 3, 8, 8))).shape
    (5, 192)
    """

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, D)."""
        return np.reshape(X, (X.shape[0], -1))


class Lambda(Module):
    """A function of arrays as a module.

    Parameters
    ----------
    function : callable

    Examples
    --------
    >>> import minpy.numpy as np
    >>> Lambda(lambda x: x.mean(axis=1))(np.ones((5, 3))).shape
    (5,)
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name)
        if not callable(function):
            raise TypeError(f"Lambda takes a function, got {kind_of(function)}")
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        """Return what the function does."""
        return self.function(*inputs)


class Upsample(Module):
    """Larger images: each pixel is repeated, or new ones lie between.

    Parameters
    ----------
    scale_factor : float or pair of float, optional
    size : int or pair of int, optional
        The height and the width of the result; one of the two is given.
    mode : {'nearest', 'bilinear'}
    align_corners : bool
        Whether bilinear corners stay where they are; see `minpy.nn.functional.upsample`.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> Upsample(2)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 8, 8)
    """

    shown = ("scale_factor", "mode")

    def __init__(
        self,
        scale_factor: float | tuple[float, float] | None = None,
        size: Pair | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.scale_factor = scale_factor
        self.size = size
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, C, H', W')."""
        return F.upsample(X, self.size, self.scale_factor, self.mode, self.align_corners)


class Pooling(Module):
    """The largest value, or the mean, of each window of an image.

    Parameters
    ----------
    pool_type : {'max', 'avg'}
    kernel : int or pair of int
        Size of a window.
    stride : int or pair of int
        From one window to the next: 1 unless it is given, as in MXNet, whose names these are.
    pad : int or pair of int
        Rows and columns around the image that are not there.
    global_pool : bool
        Whether there is one window, the whole image.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> Pooling("max", (2, 2), (2, 2))(np.ones((5, 3, 8, 8))).shape
    (5, 3, 4, 4)
    """

    shown = ("pool_type", "kernel", "stride")

    def __init__(
        self,
        pool_type: str = "max",
        kernel: Pair = (2, 2),
        stride: Pair = (1, 1),
        pad: Pair = (0, 0),
        global_pool: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if pool_type not in ("max", "avg"):
            raise ValueError(f"pool_type is 'max' or 'avg', not {pool_type!r}")
        self.pool_type = pool_type
        self.kernel = kernel
        self.stride = stride
        self.pad = pad
        self.global_pool = global_pool

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, C, H', W')."""
        if self.global_pool:
            whole = F.global_max_pool2d if self.pool_type == "max" else F.global_avg_pool2d
            return np.reshape(whole(X), (*X.shape[:2], 1, 1))
        if self.pool_type == "max":
            return F.max_pool2d(X, self.kernel, self.stride, self.pad)
        return F.avg_pool2d(X, self.kernel, self.stride, self.pad)
