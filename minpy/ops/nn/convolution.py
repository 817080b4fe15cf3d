"""Convolution, as neural networks call it: images are correlated with small filters.

A convolution is linear in the images and in the filters, and so are its two gradients.  The three
ops are each other's rules, and that gives derivatives of all orders: of ``y = conv2d(x, w)``, the
gradient with respect to ``x`` is ``conv2d_input(g, w)``, also called the transposed convolution,
and that with respect to ``w`` is ``conv2d_weight(x, g)``.

On NumPy a convolution is a product of matrices (im2col).  Each window of an image becomes a column
of a matrix, and each filter is the row of another one; `Columns` makes them.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as onp
from numpy.lib.stride_tricks import as_strided

from minpy.array import Array
from minpy.backends.kernels import kernel
from minpy.ops.nn.arguments import floating
from minpy.ops.padding import pad
from minpy.ops.shape import reshape, shape_of
from minpy.tape import op

Pair = tuple[int, int]

# ----- images and windows


def pair(value: Any, what: str, least: int = 1) -> Pair:
    """Return a number for each of height and width, given one for both or two.

    Raises
    ------
    ValueError
        If these are no integers, or one is less than `least`; messages call it `what`.
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(n, int | onp.integer) and n >= least for n in both):
        raise ValueError(f"{what} is one integer of at least {least} or two, but is {value!r}")
    return int(both[0]), int(both[1])


def reach(kernel: int, dilation: int) -> int:
    """Return from how many pixels in a row a window takes its `kernel` values."""
    return dilation * (kernel - 1) + 1


def steps(
    length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False
) -> int:
    """Return how many windows there are along an axis.

    With `ceil_mode` the last one may reach beyond the padding, if it starts before that.
    """
    room = length + 2 * padding - reach(kernel, dilation)
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    return count - (ceil_mode and (count - 1) * stride >= length + padding)


def images(name: str, x: Any) -> Array:
    """Return images as a floating array with four axes, or raise."""
    x = floating(x)
    if x.ndim != 4 or 0 in x.shape[2:]:
        raise ValueError(f"{name} takes images (N, C, H, W) with pixels, but got shape {x.shape}")
    return x


def check_fit(name: str, shape: Any, kernel: Any, padding: Pair, dilation: Pair) -> None:
    """Raise if a window does not fit into padded images."""
    for n, k, p, d in zip(shape[2:], kernel, padding, dilation, strict=True):
        if n + 2 * p < reach(k, d):
            raise ValueError(
                f"{name}: a window of size {tuple(kernel)} with dilation {dilation} does not fit "
                f"into images of shape {tuple(shape)} with padding {padding}; pad more, or take a "
                "smaller window"
            )


# ----- on NumPy

BLOCK = 1 << 19  # elements in a matrix of columns: what fits the caches of a core


class Columns:
    """The windows of images as the columns of matrices, a block at a time.

    A block is several images, or some rows of windows of one: as many as fit the caches.  Within it
    the layout is ::

        image    (C, images, height * width)             padded
        windows  (C, KH, KW, images, rows, width)        a view of it: windows overlap
        columns  (groups, C/groups * KH * KW, images * rows * width)

    At stride 1 and with little padding, ``width`` is that of the padded image: NumPy then copies in
    runs of many rows.  The surplus windows, those that wrap around, are never looked at.
    """

    def __init__(self, count, channels, size, kernel, dtype, stride, padding, dilation, groups):
        height, width = (n + 2 * p for n, p in zip(size, padding, strict=True))
        self.rows, self.cols = map(steps, size, kernel, stride, padding, dilation)
        self.width = width if stride == (1, 1) and width <= 1.3 * self.cols else self.cols
        self.groups = groups
        fitting = max(1, BLOCK // (channels * kernel[0] * kernel[1] * self.width))  # rows
        self.images = max(1, min(count, fitting // self.rows))
        self.step = min(self.rows, fitting)
        area = height * width
        beyond = dilation[1] * (kernel[1] - 1)  # where windows of the last row wrap around
        self.image = onp.zeros((channels, self.images, area + beyond), dtype)
        grid = self.image[..., :area].reshape(channels, self.images, height, width)
        self.inside = grid[..., padding[0] :, padding[1] :][..., : size[0], : size[1]]
        by_channel, by_image, by_row, by_pixel = grid.strides
        inner = (by_row * dilation[0], by_pixel * dilation[1])
        outer = (by_image, by_row * stride[0], by_pixel * stride[1])
        self.windows = as_strided(
            self.image,
            (channels, *kernel, self.images, self.rows, self.width),
            (by_channel, *inner, *outer),
        )

    def gathered(self, x):
        """Yield for each block its images, its rows, and its columns."""
        for images in _slices(len(x), self.images):
            block = x[images].swapaxes(0, 1)
            self.inside[:, : block.shape[1]] = block
            for rows in _slices(self.rows, self.step):
                yield images, rows, self.matrices(self.windows[:, :, :, : block.shape[1], rows])

    def scattered(self, out):
        """Yield for each block its images, its rows, and a function that adds columns to pixels."""
        for images in _slices(len(out), self.images):
            block = out[images].swapaxes(0, 1)
            self.image[...] = 0
            for rows in _slices(self.rows, self.step):
                yield images, rows, partial(_add, self.windows[:, :, :, : block.shape[1], rows])
            block[...] = self.inside[:, : block.shape[1]]

    def spread(self, g):
        """Return what belongs to windows, (images, F, rows, cols), in the layout of columns."""
        out = onp.zeros((g.shape[1], g.shape[0], g.shape[2], self.width), self.image.dtype)
        out[..., : self.cols] = g.swapaxes(0, 1)
        return self.matrices(out)

    def matrices(self, x):
        return x.reshape(self.groups, -1, math.prod(x.shape[-3:]))


def _slices(length, step):
    return [slice(i, min(i + step, length)) for i in range(0, length, step)]


def _add(windows, columns):
    columns = columns.reshape(windows.shape)
    for i, j in onp.ndindex(windows.shape[1:3]):  # windows overlap, but not at the same offset
        windows[:, i, j] += columns[:, i, j]


def _by_group(w, groups):
    """Return filters as a matrix for each group."""
    return w.reshape(groups, w.shape[0] // groups, -1)


def _pixels(x, groups):
    """Return images as matrices: (N, groups, C/groups, H * W)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, -1)


def _pointwise(kernel, stride, padding, **_):
    """Whether a window is a pixel: then the images are the columns, and nothing is copied."""
    return kernel == stride == (1, 1) and padding == (0, 0)


def _conv2d_on_numpy(x, w, b=None, *, groups, **window):
    filters = _by_group(w, groups)
    b = None if b is None else b[:, None, None]
    if _pointwise(w.shape[2:], **window) and x.size:
        out = (filters @ _pixels(x, groups)).reshape(x.shape[0], -1, *x.shape[2:])
        return out if b is None else onp.add(out, b, out=out)
    dtype = onp.result_type(x, w)
    c = Columns(*x.shape[:2], x.shape[2:], w.shape[2:], dtype, groups=groups, **window)
    out = onp.empty((x.shape[0], w.shape[0], c.rows, c.cols), dtype)
    for images, rows, columns in c.gathered(x):
        part = out[images, :, rows]
        product = (filters @ columns).reshape(*part.shape[1::-1], -1, c.width)
        onp.add(product[..., : c.cols].swapaxes(0, 1), 0 if b is None else b, out=part)
    return out


def _conv2d_input_on_numpy(g, w, *, size, groups, **window):
    shape = (g.shape[0], w.shape[1] * groups, *size)
    transposed = _by_group(w, groups).swapaxes(1, 2)
    if _pointwise(w.shape[2:], **window) and g.size:
        return (transposed @ _pixels(g, groups)).reshape(shape)
    room = _room(w.shape[2:], window["padding"], window["dilation"])
    if window["stride"] == (1, 1) and g.shape[1] <= shape[1] and min(room) >= 0:
        # copying pixels to columns is quicker than adding columns to pixels
        w = w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2)[..., ::-1, ::-1]
        flipped = onp.ascontiguousarray(w).reshape(-1, *w.shape[2:])
        return _conv2d_on_numpy(g, flipped, groups=groups, **window | {"padding": room})
    dtype = onp.result_type(g, w)
    c = Columns(*shape[:2], size, w.shape[2:], dtype, groups=groups, **window)
    out = onp.empty(shape, dtype)
    for images, rows, add in c.scattered(out):
        add(transposed @ c.spread(g[images, :, rows]))
    return out


def _room(kernel, padding, dilation):
    """Return how far windows that touch the image reach beyond its padding."""
    return tuple(d * (k - 1) - p for k, p, d in zip(kernel, padding, dilation, strict=True))


def _conv2d_weight_on_numpy(x, g, *, kernel, groups, **window):
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    if _pointwise(kernel, **window) and x.size:
        return (_pixels(g, groups) @ _pixels(x, groups).swapaxes(2, 3)).sum(axis=0).reshape(shape)
    dtype = onp.result_type(x, g)
    c = Columns(*x.shape[:2], x.shape[2:], kernel, dtype, groups=groups, **window)
    total = onp.zeros((groups, math.prod(shape[1:]), shape[0] // groups), dtype)
    for images, rows, columns in c.gathered(x):
        # in this order, because BLAS is quicker where the large matrix comes first
        total += columns @ c.spread(g[images, :, rows]).swapaxes(1, 2)
    return total.swapaxes(1, 2).reshape(shape)


# ----- ops

_conv2d = op(
    "nn.conv2d",
    lambda g, ans, x, w, b, **window: _conv2d_input(g, w, size=shape_of(x)[2:], **window),
    lambda g, ans, x, w, b, **window: _conv2d_weight(x, g, kernel=shape_of(w)[2:], **window),
    lambda g, ans, x, w, b, **window: g.sum(axis=(0, 2, 3)),
    reads=("y", "x", ""),
    raw=kernel("nn.conv2d", _conv2d_on_numpy),
)
_conv2d_input = op(
    "nn.conv2d_input",
    lambda h, ans, g, w, size, **window: _conv2d(h, w, None, **window),
    lambda h, ans, g, w, size, **window: _conv2d_weight(h, g, kernel=shape_of(w)[2:], **window),
    reads=("y", "x"),
    raw=kernel("nn.conv2d_input", _conv2d_input_on_numpy),
)
_conv2d_weight = op(
    "nn.conv2d_weight",
    lambda h, ans, x, g, kernel, **window: _conv2d_input(g, h, size=shape_of(x)[2:], **window),
    lambda h, ans, x, g, kernel, **window: _conv2d(x, h, None, **window),
    reads=("y", "x"),
    raw=kernel("nn.conv2d_weight", _conv2d_weight_on_numpy),
)


# ----- functions


def conv2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Array:
    """Correlate images with filters, and add a bias; a convolution as in neural networks.

    ``y[n, f, i, j]`` is ``b[f]`` plus the sum over ``c``, ``k`` and ``l`` of ``w[f, c, k, l] *
    x[n, c, i * stride + k * dilation - padding, ...]``.  Outside of the image, ``x`` is zero.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (F, C / groups, KH, KW)
    b : array_like, shape (F,), optional
    stride, dilation : int or pair of int
        How far apart the windows are, and the pixels that one window takes.
    padding : int, pair of int, 'valid' or 'same'
        How many zeros are put on each side of the height and of the width.  'valid' is none, 'same'
        as many as give `y` the size of `x`, at stride 1; an odd one goes to the end.
    groups : int
        The channels and the filters are split into so many groups, and each group of filters sees
        its own group of channels; with ``groups=C`` the convolution is depthwise.

    Returns
    -------
    Array, shape (N, F, (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, ...)

    Raises
    ------
    ValueError
        If shapes do not fit together, or the filters do not fit into the padded images.

    References
    ----------
    K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for
    document processing" (2006): the product of matrices that runs it on NumPy.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> F.conv2d(image, np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])
    >>> F.conv2d(image, np.ones((8, 1, 3, 3)), np.zeros(8), padding="same").shape
    (1, 8, 3, 3)
    """
    x, w, b = _arguments("conv2d", x, w, b, groups)
    stride, dilation = pair(stride, "conv2d: stride"), pair(dilation, "conv2d: dilation")
    if isinstance(padding, str):
        x, padding = _padded(x, w.shape[2:], stride, padding, dilation)
    padding = pair(padding, "conv2d: padding", 0)
    check_fit("conv2d", x.shape, w.shape[2:], padding, dilation)
    return _conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv_transpose2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Array:
    """Add a filter at every pixel of images, as often as the pixel says; the transpose of `conv2d`.

    It is the gradient of `conv2d` with respect to its images: a filter that `conv2d` takes from
    (N, F, H, W) to (N, C, ...) is taken back.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (C, F / groups, KH, KW)
    b : array_like, shape (F,), optional
    stride, padding, dilation, groups
        As `conv2d` has them; with a stride, the result is larger than `x`.
    output_padding : int or pair of int
        Rows and columns more at the end, fewer than `stride`: of all these sizes `conv2d` makes
        the same.

    Returns
    -------
    Array, shape (N, F, (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1, ...)

    Raises
    ------
    ValueError
        If shapes do not fit together, or nothing is left of the result.

    References
    ----------
    M. Zeiler et al., "Deconvolutional networks" (2010).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn import functional as F
    >>> F.conv_transpose2d([[[[1.0, 2.0]]]], np.ones((1, 1, 2, 2)), stride=2)
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """
    x, w, b = _arguments("conv_transpose2d", x, w, b, groups)
    stride = pair(stride, "conv_transpose2d: stride")
    padding = pair(padding, "conv_transpose2d: padding", 0)
    dilation = pair(dilation, "conv_transpose2d: dilation")
    extra = pair(output_padding, "conv_transpose2d: output_padding", 0)
    if extra[0] >= stride[0] or extra[1] >= stride[1]:
        raise ValueError(
            f"conv_transpose2d: output_padding {extra} is to be less than stride {stride}"
        )
    room = _room(w.shape[2:], padding, dilation)
    size = [
        (n - 1) * s + r - p + e + 1
        for n, s, r, p, e in zip(x.shape[2:], stride, room, padding, extra)
    ]
    if min(size) < 1:
        raise ValueError(
            f"conv_transpose2d: with x of shape {x.shape} and w of shape {w.shape}, padding "
            f"{padding} leaves a result of size {size}; make the padding smaller"
        )
    window = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    y = _conv2d_input(x, w, size=tuple(size), **window)
    return y if b is None else y + reshape(b, (-1, 1, 1))


def _arguments(name: str, x: Any, w: Any, b: Any, groups: int) -> tuple[Array, Array, Any]:
    """Return the arguments of a convolution as arrays, or raise if they do not fit together."""
    x, w, b = images(name, x), floating(w), None if b is None else floating(b)
    if w.ndim != 4 or 0 in w.shape or not isinstance(groups, int) or groups < 1:
        raise ValueError(
            f"{name} takes filters with four axes, none of them empty, in one group or more, but "
            f"got w of shape {w.shape} and groups={groups!r}"
        )
    ends = (w.shape[1] * groups, w.shape[0])
    channels, filters = ends if name == "conv2d" else ends[::-1]
    if x.shape[1] != channels or w.shape[0] % groups:
        raise ValueError(
            f"{name}: x has {x.shape[1]} channels (shape {x.shape}), but w of shape {w.shape} with "
            f"groups={groups} takes {channels}; the groups share the first axis of w out evenly"
        )
    if b is not None and b.shape != (filters,):
        raise ValueError(
            f"{name}: b has shape {b.shape}, but for w of shape {w.shape} with "
            f"groups={groups} it is ({filters},)"
        )
    return x, w, b


def _padded(
    x: Array, kernel: Any, stride: Pair, padding: str, dilation: Pair
) -> tuple[Array, Pair]:
    """Return images that are padded where the op cannot do that, and how it is to pad them."""
    if padding not in ("valid", "same") or (padding == "same" and stride != (1, 1)):
        raise ValueError(
            "conv2d: padding is one number or two, 'valid', or 'same' at stride 1, but is "
            f"{padding!r} with stride {stride}"
        )
    if padding == "valid":
        return x, (0, 0)
    room = _room(kernel, (0, 0), dilation)
    odd = [(0, n % 2) for n in room]  # the op pads both sides alike
    return pad(x, ((0, 0), (0, 0), *odd)) if any(map(any, odd)) else x, (room[0] // 2, room[1] // 2)
