"""Modules for images: transposed convolutions, and norms of groups of channels."""

from __future__ import annotations

from typing import Any

from minpy.nn import functional as F
from minpy.nn.layer import Layer
from minpy.nn.module import Shape
from minpy.nn.modules.dense import ONES, ZEROS, Pair


class ConvTranspose(Layer):
    """The transpose of a `Convolution`, which makes larger images of smaller ones.

    Parameters
    ----------
    kernel : int or pair of int
        Size of the filters.
    num_filter : int
    stride, pad, output_pad : int or pair of int
        The stride of the convolution whose transpose this is, what it pads, and how many rows and
        columns the result has more at its end.
    no_bias : bool

    Examples
    --------
    >>> import minpy.numpy as np
    >>> ConvTranspose(4, 16, stride=2, pad=1)(np.ones((5, 3, 8, 8))).shape
    (5, 16, 16, 16)
    """

    shown = ("kernel", "num_filter", "stride", "pad")

    def __init__(
        self,
        kernel: Pair,
        num_filter: int,
        stride: Pair = 1,
        pad: Pair = 0,
        output_pad: Pair = 0,
        no_bias: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kernel = (kernel, kernel) if isinstance(kernel, int) else tuple(kernel)
        self.num_filter = num_filter
        self.stride = stride
        self.pad = pad
        self.output_pad = output_pad
        self.no_bias = no_bias

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the weight, (C, F, KH, KW), and of the bias, (F,)."""
        channels = _channels("ConvTranspose", input_shape)
        shapes: dict[str, Shape] = {"weight": (channels, self.num_filter, *self.kernel)}
        return shapes if self.no_bias else {**shapes, "bias": (self.num_filter,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return zeros for the bias."""
        return ZEROS if name == "bias" else {}

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, F, H', W')."""
        return F.conv_transpose2d(
            X,
            self.param("weight"),
            None if self.no_bias else self.param("bias"),
            stride=self.stride,
            padding=self.pad,
            output_padding=self.output_pad,
        )


class GroupNorm(Layer):
    """Groups of channels of each image with mean 0 and variance 1, then each channel scaled.

    Parameters
    ----------
    groups : int
        A divisor of the number of channels.
    eps : float

    References
    ----------
    Y. Wu and K. He, "Group normalization", ECCV (2018).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> GroupNorm(2)(np.ones((5, 4, 8, 8))).shape
    (5, 4, 8, 8)
    """

    shown: tuple[str, ...] = ("groups",)

    def __init__(self, groups: int, eps: float = 1e-5, **options: Any) -> None:
        super().__init__(**options)
        self.groups = groups
        self.eps = eps

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of scale and shift, (C,)."""
        return {"gamma": (input_shape[1],), "beta": (input_shape[1],)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return ones for the scale, zeros for the shift."""
        return ONES if name == "gamma" else ZEROS

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.group_norm(X, self.groups, self.param("gamma"), self.param("beta"), eps=self.eps)


class InstanceNorm(Layer):
    """Each channel of each image with mean 0 and variance 1, then scaled and shifted.

    Parameters
    ----------
    eps : float

    References
    ----------
    D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance normalization: the missing ingredient for
    fast stylization" (2016).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> InstanceNorm()(np.ones((5, 4, 8, 8))).shape
    (5, 4, 8, 8)
    """

    def __init__(self, eps: float = 1e-5, **options: Any) -> None:
        super().__init__(**options)
        self.eps = eps

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of scale and shift, (C,)."""
        channels = _channels("InstanceNorm", input_shape)
        return {"gamma": (channels,), "beta": (channels,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return ones for the scale, zeros for the shift."""
        return ONES if name == "gamma" else ZEROS

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        return F.instance_norm(X, self.param("gamma"), self.param("beta"), eps=self.eps)


def _channels(module: str, input_shape: Shape) -> int:
    if len(input_shape) != 4:
        raise ValueError(
            f"{module} takes images of shape (N, C, H, W), got {input_shape}; "
            "BatchReshape((C, H, W)) makes them of vectors"
        )
    return input_shape[1]
