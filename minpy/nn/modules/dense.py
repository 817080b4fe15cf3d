"""Modules for vectors and images that have parameters."""

from __future__ import annotations

import math
from typing import Any

import minpy.numpy as np
from minpy.dtypes import get_default_dtype
from minpy.nn import functional as F
from minpy.nn import layers
from minpy.nn.layer import Layer
from minpy.nn.module import Shape

ZEROS = {"init_rule": "constant", "value": 0.0}
ONES = {"init_rule": "constant", "value": 1.0}
Pair = int | tuple[int, int]


class FullyConnected(Layer):
    """``X @ weight + bias``; each sample becomes a vector first.

    Parameters
    ----------
    num_hidden : int
        How many numbers come out.
    no_bias : bool
    flatten : bool
        If false, it is the last axis that is multiplied, and the others stay: for sequences.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> layer = FullyConnected(10)
    >>> layer(np.ones((5, 3, 8, 8))).shape
    (5, 10)
    >>> layer
    FullyConnected(num_hidden=10): (N, 3, 8, 8) -> (N, 10), weight (192, 10), bias (10,)
    """

    shown = ("num_hidden",)

    def __init__(
        self, num_hidden: int, no_bias: bool = False, flatten: bool = True, **options: Any
    ) -> None:
        super().__init__(**options)
        self.num_hidden = num_hidden
        self.no_bias = no_bias
        self.flatten = flatten

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the weight, (D, H), and of the bias, (H,)."""
        size = math.prod(input_shape[1:]) if self.flatten else input_shape[-1]
        shapes: dict[str, Shape] = {"weight": (size, self.num_hidden)}
        return shapes if self.no_bias else {**shapes, "bias": (self.num_hidden,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return zeros for the bias."""
        return ZEROS if name == "bias" else {}

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, H)."""
        if self.no_bias or not self.flatten:
            X = np.reshape(X, (X.shape[0], -1)) if self.flatten else X
            out = X @ self.param("weight")
            return out if self.no_bias else out + self.param("bias")
        return layers.affine(X, self.param("weight"), self.param("bias"))


class Convolution(Layer):
    """Filters moved over an image.

    Parameters
    ----------
    kernel : int or pair of int
        Size of the filters.
    num_filter : int
    stride, pad, dilate : int or pair of int
    num_group : int
        Into how many groups the channels are divided, that do not see each other.
    no_bias : bool

    Examples
    --------
    >>> import minpy.numpy as np
    >>> layer = Convolution((3, 3), 16, pad=(1, 1))
    >>> layer(np.ones((5, 3, 8, 8))).shape
    (5, 16, 8, 8)
    """

    shown = ("kernel", "num_filter", "stride", "pad")

    def __init__(
        self,
        kernel: Pair,
        num_filter: int,
        stride: Pair = (1, 1),
        pad: Pair = (0, 0),
        dilate: Pair = (1, 1),
        num_group: int = 1,
        no_bias: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kernel = (kernel, kernel) if isinstance(kernel, int) else tuple(kernel)
        self.num_filter = num_filter
        self.stride = stride
        self.pad = pad
        self.dilate = dilate
        self.num_group = num_group
        self.no_bias = no_bias

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the weight, (F, C, KH, KW), and of the bias, (F,)."""
        if len(input_shape) != 4:
            raise ValueError(
                f"Convolution takes images of shape (N, C, H, W), but was given {input_shape}; "
                "BatchReshape((C, H, W)) makes them of vectors"
            )
        channels = input_shape[1] // self.num_group
        shapes: dict[str, Shape] = {"weight": (self.num_filter, channels, *self.kernel)}
        return shapes if self.no_bias else {**shapes, "bias": (self.num_filter,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return zeros for the bias."""
        return ZEROS if name == "bias" else {}

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, F, H', W')."""
        return F.conv2d(
            X,
            self.param("weight"),
            None if self.no_bias else self.param("bias"),
            stride=self.stride,
            padding=self.pad,
            dilation=self.dilate,
            groups=self.num_group,
        )


class BatchNorm(Layer):
    """Each feature, or channel, with mean 0 and variance 1 over the batch, then scaled and shifted.

    Running averages of mean and variance take the place of the batch's when it is not training.

    Parameters
    ----------
    eps : float
    momentum : float
        How much of the running averages stays with each batch.
    fix_gamma : bool
        Whether the scale stays at one.
    ddof : int
        The running variance divides by the number of values minus this: 0 in CS231n, 1 in PyTorch.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> layer = BatchNorm()
    >>> layer(np.array([[1.0], [3.0]])).round(3)
    array([[-1.],
           [ 1.]])
    """

    shown = ("momentum",)

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.9,
        fix_gamma: bool = False,
        ddof: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.ddof = ddof
        self.eps = eps
        self.momentum = momentum
        self.fix_gamma = fix_gamma

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of scale and shift, (C,)."""
        size = (input_shape[1],)
        return {"beta": size} if self.fix_gamma else {"gamma": size, "beta": size}

    def aux_values(self, input_shape: Shape) -> dict[str, Any]:
        """Return the first running averages: mean 0, variance 1."""
        zeros = np.zeros(input_shape[1], dtype=get_default_dtype())
        return {"moving_mean": zeros, "moving_var": zeros + 1}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return ones for the scale, zeros for the shift."""
        return ONES if name == "gamma" else ZEROS

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        beta = self.param("beta")
        out, mean, var = layers.batchnorm(
            X,
            np.ones_like(beta) if self.fix_gamma else self.param("gamma"),
            beta,
            mode="train" if self.is_training else "test",
            eps=self.eps,
            momentum=self.momentum,
            running_mean=self.aux("moving_mean"),
            running_var=self.aux("moving_var"),
            ddof=self.ddof,
        )
        if self.is_training:
            self.set_aux("moving_mean", mean)
            self.set_aux("moving_var", var)
        return out


class LayerNorm(Layer):
    """Some axes of each sample with mean 0 and variance 1, by default the last; then an affine map.

    Parameters
    ----------
    eps : float
    axis : int or tuple of int
        Not 0, the axis of samples.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> LayerNorm()(np.array([[1.0, 3.0]])).round(3)
    array([[-1.,  1.]])
    >>> LayerNorm(axis=(1, 2))(np.ones((5, 3, 4))).shape
    (5, 3, 4)
    """

    def __init__(self, eps: float = 1e-5, axis: int | tuple[int, ...] = -1, **options: Any) -> None:
        super().__init__(**options)
        self.eps = eps
        self.axis = axis

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of scale and shift, those of the axes."""
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        axes = tuple(sorted(axis % len(input_shape) for axis in axes))
        if 0 in axes:
            raise ValueError(f"LayerNorm: axis {self.axis} holds 0, the axis of samples")
        shape = tuple(input_shape[axis] for axis in axes)
        return {"gamma": shape, "beta": shape}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return ones for the scale, zeros for the shift."""
        return ONES if name == "gamma" else ZEROS

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        gamma, beta = self.param("gamma"), self.param("beta")
        return F.layer_norm(X, gamma, beta, axis=self.axis, eps=self.eps)


class Embedding(Layer):
    """A vector for each integer.

    Parameters
    ----------
    input_dim : int
        How many integers there are.
    output_dim : int
        Size of the vectors.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> Embedding(100, 16)(np.array([[1, 2, 3]])).shape
    (1, 3, 16)
    """

    shown = ("input_dim", "output_dim")

    def __init__(self, input_dim: int, output_dim: int, **options: Any) -> None:
        super().__init__(**options)
        self.input_dim = input_dim
        self.output_dim = output_dim

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the table, (V, D)."""
        return {"weight": (self.input_dim, self.output_dim)}

    def forward(self, X: Any) -> Any:
        """Return an array of shape (*X.shape, D)."""
        return F.embedding(X, self.param("weight"))


class ResidualBlock(Layer):
    """Two convolutions with batch normalization, around which the input goes by a shortcut.

    Blocks of another kind are sums: ``Identity() + Sequential(...)``.

    Parameters
    ----------
    num_filter : int
    stride : int
        Of the first convolution.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR (2016).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> ResidualBlock(32, stride=2)(np.ones((2, 16, 8, 8))).shape
    (2, 32, 4, 4)
    """

    shown = ("num_filter", "stride")

    def __init__(self, num_filter: int, stride: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.num_filter = num_filter
        self.stride = stride

    def _convolutions(self, channels: int) -> dict[str, tuple[int, int]]:
        """Return the channels and the size of the filters of each convolution."""
        convolutions = {"1": (channels, 3), "2": (self.num_filter, 3)}
        if self.stride != 1 or channels != self.num_filter:
            convolutions[""] = (channels, 1)
        return convolutions

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of filters, (F, C, K, K), and of scales and shifts, (F,)."""
        shapes: dict[str, Shape] = {}
        for which, (channels, size) in self._convolutions(input_shape[1]).items():
            shapes["w" + which] = (self.num_filter, channels, size, size)
            shapes["gamma" + which] = shapes["beta" + which] = (self.num_filter,)
        return shapes

    def aux_values(self, input_shape: Shape) -> dict[str, Any]:
        """Return the first running averages: means 0, variances 1."""
        zeros = np.zeros(self.num_filter, dtype=get_default_dtype())
        values = {}
        for which in self._convolutions(input_shape[1]):
            values["mean" + which], values["var" + which] = zeros, zeros + 1
        return values

    def init_config(self, name: str) -> dict[str, Any]:
        """Return He's rule for filters, ones for scales, zeros for shifts."""
        if name.startswith("w"):
            return {"init_rule": "kaiming"}
        return ONES if name.startswith("gamma") else ZEROS

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, F, H', W')."""
        out, averages = layers.residual_block(
            X,
            self.all_params(),
            self.all_aux(),
            mode="train" if self.is_training else "test",
            stride=self.stride,
        )
        if self.is_training:
            for name, value in averages.items():
                self.set_aux(name, value)
        return out
