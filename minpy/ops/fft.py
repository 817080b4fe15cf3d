"""Discrete Fourier transforms.

The transform is linear with a symmetric matrix, so that its own transform is its gradient.
Where the output was cut or padded by `n`, the gradient is cut or padded the same way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import dtype_of
from minpy.inplace import getitem
from minpy.ops.elementwise import conjugate, real
from minpy.ops.padding import pad
from minpy.ops.shape import roll, shape_of
from minpy.tape import op


def fitted(x: Any, n: int, axis: int) -> Any:
    """Return `x` cut, or padded with zeros at the end, to length `n` along an axis."""
    shape = shape_of(x)
    axis = axis % len(shape)
    if shape[axis] > n:
        return getitem(x, (slice(None),) * axis + (slice(0, n),))
    if shape[axis] == n:
        return x
    return pad(x, [(0, n - shape[axis] if i == axis else 0) for i in range(len(shape))])


_fft = op("fft.fft", lambda g, ans, a, n, axis, norm: fitted(_fft(g, n, axis, norm), a[axis], axis))
_ifft = op(
    "fft.ifft", lambda g, ans, a, n, axis, norm: fitted(_ifft(g, n, axis, norm), a[axis], axis)
)


def _rfft_rule(g, ans, a, n, axis, norm):
    """The other half of the output is the conjugate of this one, and is not there."""
    return fitted(real(_fft(fitted(g, n, axis), n, axis, norm)), a[axis], axis)


def _irfft_rule(g, ans, a, n, axis, norm):
    """Every input but the first (and for even `n` the last) stands for two, conjugates."""
    half = n // 2 + 1
    weights = onp.full(half, 2.0, dtype_of(g))
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    weights = weights.reshape((-1,) + (1,) * (len(a) - 1 - axis % len(a)))
    return fitted(getitem_half(_ifft(g, n, axis, norm), half, axis) * weights, a[axis], axis)


def getitem_half(x: Any, half: int, axis: int) -> Any:
    """Return the first `half` elements along an axis."""
    return getitem(x, (slice(None),) * (axis % len(shape_of(x))) + (slice(0, half),))


_rfft = op("fft.rfft", _rfft_rule)
_irfft = op("fft.irfft", _irfft_rule)


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _fft(a, shape_of(a)[axis] if n is None else n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _ifft(a, shape_of(a)[axis] if n is None else n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _rfft(a, shape_of(a)[axis] if n is None else n, axis, norm)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return _irfft(a, 2 * (shape_of(a)[axis] - 1) if n is None else n, axis, norm)


_OTHER_WAY = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return irfft(conjugate(a), n, axis, _OTHER_WAY[norm])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return conjugate(rfft(a, n, axis, _OTHER_WAY[norm]))


# ----- several axes, one after the other


def _axes(a: Any, s: Sequence[int] | None, axes: Sequence[int] | None) -> list[tuple[int, Any]]:
    """Return the axes and their lengths; an axis named twice has its own length both times."""
    shape = shape_of(a)
    if axes is None:
        axes = range(len(shape)) if s is None else range(len(shape) - len(s), len(shape))
    sizes = [None if n == -1 else n for n in s] if s is not None else [shape[i] for i in axes]
    return list(zip(axes, sizes, strict=True))


def fftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    for axis, n in reversed(_axes(a, s, axes)):
        a = fft(a, n, axis, norm)
    return a


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    for axis, n in reversed(_axes(a, s, axes)):
        a = ifft(a, n, axis, norm)
    return a


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    *others, (last, n) = _axes(a, s, axes)
    a = rfft(a, n, last, norm)
    for axis, n in others if onp.__version__ < "2" else reversed(others):
        a = fft(a, n, axis, norm)
    return a


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    *others, (last, n) = _axes(a, s, axes)
    for axis, m in others:
        a = ifft(a, m, axis, norm)
    return irfft(a, n if s is not None else None, last, norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    return fftn(a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    return ifftn(a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    return rfftn(a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    return irfftn(a, s, axes, norm)


def fftshift(x: Any, axes: Any = None) -> Any:
    return _shift(x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Any:
    return _shift(x, axes, -1)


def _shift(x: Any, axes: Any, sign: int) -> Any:
    shape = shape_of(x)
    axes = range(len(shape)) if axes is None else (axes,) if isinstance(axes, int) else axes
    axes = tuple(axes)
    steps = [shape[a] // 2 if sign > 0 else -(shape[a] // 2) for a in axes]
    return roll(x, tuple(steps), axes)
