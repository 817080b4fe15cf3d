"""Augmentation: change training images at random in ways that leave their labels true.

Each function here returns a ``transform(images, rng)`` for `minpy.nn.io.NDArrayIter`; `compose`
makes one of several.  Images come as copies of shape (N, C, H, W), and each gets a draw of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

__all__ = ["compose", "crop", "cutout", "flip"]

Transform = Callable[[onp.ndarray, onp.random.Generator], onp.ndarray]


def compose(*transforms: Transform) -> Transform:
    """Return a transform that does all of these, the first one first.

    Examples
    --------
    >>> transform = compose(flip(), crop(4), cutout(8))
    >>> rng = onp.random.default_rng(0)
    >>> transform(onp.ones((2, 3, 32, 32)), rng).shape
    (2, 3, 32, 32)
    """

    def composed(images: onp.ndarray, rng: onp.random.Generator) -> onp.ndarray:
        for transform in transforms:
            images = transform(images, rng)
        return images

    return composed


def flip(p: float = 0.5) -> Transform:
    """Mirror images left to right.

    Parameters
    ----------
    p : float
        The probability with which an image is mirrored.

    Examples
    --------
    >>> flip(p=1)(onp.array([[[[1, 2, 3]]]]), onp.random.default_rng(0))
    array([[[[3, 2, 1]]]])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"flip takes a probability between 0 and 1, but was given {p}")

    def flipped(images: onp.ndarray, rng: onp.random.Generator) -> onp.ndarray:
        _must_be_images(images, "flip")
        mirrored = rng.random(len(images)) < p
        return onp.where(mirrored[:, None, None, None], images[..., ::-1], images)

    return flipped


def crop(padding: int = 4) -> Transform:
    """Shift images by up to `padding` pixels along both axes; what comes in is zero.

    This is the augmentation of He et al., "Deep Residual Learning for Image Recognition" (2016),
    section 4.2: pad each side, then cut out an image of the original size.

    Examples
    --------
    >>> shifted = crop(1)(onp.ones((1, 1, 4, 4)), onp.random.default_rng(1))
    >>> shifted.shape, bool(shifted.sum() <= 16)
    ((1, 1, 4, 4), True)
    """
    if padding < 0:
        raise ValueError(f"crop pads by a number of pixels from 0, but was given {padding}")

    def cropped(images: onp.ndarray, rng: onp.random.Generator) -> onp.ndarray:
        _must_be_images(images, "crop")
        n, _, height, width = images.shape
        padded = onp.pad(images, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
        windows = onp.lib.stride_tricks.sliding_window_view(
            padded,
            (height, width),
            axis=(2, 3),  # type: ignore[call-overload]
        )
        top, left = rng.integers(0, 2 * padding + 1, (2, n))
        return windows[onp.arange(n), :, top, left]

    return cropped


def cutout(size: int, fill: float = 0.0) -> Transform:
    """Cover a square of each image.

    As in DeVries & Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout"
    (2017): the square's centre is anywhere in the image, so that part of it may lie outside.

    Parameters
    ----------
    size : int
        The square's side in pixels.
    fill : float
        What it is covered with.

    Examples
    --------
    >>> covered = cutout(2)(onp.ones((1, 1, 6, 6)), onp.random.default_rng(0))
    >>> bool(32 <= covered.sum() < 36)
    True
    """
    if size < 1:
        raise ValueError(f"cutout covers a square with a side of at least 1, but was given {size}")

    def cut(images: onp.ndarray, rng: onp.random.Generator) -> onp.ndarray:
        _must_be_images(images, "cutout")
        n, _, height, width = images.shape
        rows = _near(rng.integers(0, height, n), size, height)
        columns = _near(rng.integers(0, width, n), size, width)
        covered = rows[:, None, :, None] & columns[:, None, None, :]
        return onp.where(covered, images.dtype.type(fill), images)

    return cut


def _near(centres: onp.ndarray, size: int, length: int) -> Any:
    """Return which places along an axis a square covers, for each image: shape (N, length)."""
    first = centres[:, None] - size // 2
    places = onp.arange(length)
    return (places >= first) & (places < first + size)


def _must_be_images(images: onp.ndarray, name: str) -> None:
    if images.ndim != 4:
        raise ValueError(
            f"{name} works on images of shape (N, C, H, W), but was given shape {images.shape}; "
            "reshape the data before it goes into the iterator"
        )
