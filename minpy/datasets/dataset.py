"""A data set in memory: its splits, and what one does with them before training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as onp

from minpy.dtypes import get_default_dtype

__all__ = ["Dataset", "one_hot"]

PER = {"channel": (0, 2, 3), "pixel": (0,), "everything": None}


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images with labels, in splits that do not overlap; methods return another data set.

    Attributes
    ----------
    name : str
    x_train, x_val, x_test : ndarray, shapes (N, C, H, W), or (N, D) after `flat`
        Values from 0 to 1, or, as raw bytes (uint8), to 255.  `x_val` is empty until `subset` makes
        a validation split.
    y_train, y_val, y_test : ndarray of int64, shapes (N,)
        Indices into `classes`.
    classes : tuple of str
    mean, std : ndarray or None
        What `normalized` subtracted and divided by.
    """

    name: str
    x_train: onp.ndarray
    y_train: onp.ndarray
    x_test: onp.ndarray
    y_test: onp.ndarray
    classes: tuple[str, ...]
    x_val: onp.ndarray = None  # type: ignore[assignment]
    y_val: onp.ndarray = None  # type: ignore[assignment]
    mean: onp.ndarray | None = None
    std: onp.ndarray | None = None

    def __post_init__(self) -> None:
        if self.x_val is None:
            object.__setattr__(self, "x_val", self.x_train[:0])
            object.__setattr__(self, "y_val", self.y_train[:0])

    def __repr__(self) -> str:
        counts = [f"{len(self.x_train)} training"]
        if len(self.x_val):
            counts.append(f"{len(self.x_val)} validation")
        shape = self.x_train.shape[1:]
        return (
            f"{self.name}: {', '.join(counts)} and {len(self.x_test)} test images of shape "
            f"{shape}, {self.x_train.dtype}, {len(self.classes)} classes"
        )

    def subset(
        self,
        train: int | None = None,
        val: int = 0,
        test: int | None = None,
        *,
        seed: int | None = 0,
    ) -> Dataset:
        """Return a smaller data set, with a validation split taken from the training images.

        Parameters
        ----------
        train, test : int, optional
            How many images; all (that `val` leaves) by default.
        val : int
            How many training images become the validation split.
        seed : int or None
            Images are drawn at random, and classes stay balanced: each has the same number of
            images, or one more, where there are enough.  None takes images in their order: the
            first ones for training, those after them for validation.

        Raises
        ------
        ValueError
            If there are not as many images.

        Examples
        --------
        >>> images = onp.zeros((10, 1, 2, 2))
        >>> labels = onp.arange(10) % 2
        >>> data = Dataset("two", images, labels, images, labels, ("even", "odd"))
        >>> data.subset(train=6, val=2, test=4)
        two: 6 training, 2 validation and 4 test images of shape (1, 2, 2), float64, 2 classes
        """
        train = len(self.x_train) - val if train is None else train
        test = len(self.x_test) if test is None else test
        _enough(self.name, "training", train + val, len(self.x_train))
        _enough(self.name, "test", test, len(self.x_test))
        for_training = _order(self.y_train, seed)
        for_test = _order(self.y_test, seed)[:test]
        # the first ones are for validation, which is balanced however few it is
        split = [for_training[:train], for_training[train : train + val]]
        if seed is not None:
            split = [for_training[val : val + train], for_training[:val]]
        return replace(
            self,
            x_train=self.x_train[split[0]],
            y_train=self.y_train[split[0]],
            x_val=self.x_train[split[1]],
            y_val=self.y_train[split[1]],
            x_test=self.x_test[for_test],
            y_test=self.y_test[for_test],
        )

    def flat(self) -> Dataset:
        """Return the data set with images of shape (N, D), as fully connected layers take them."""
        return self._changed(lambda x: x.reshape(len(x), math.prod(x.shape[1:])))

    def normalized(self, per: str = "channel") -> Dataset:
        """Return the data set with mean 0 and standard deviation 1 over the training images.

        Parameters
        ----------
        per : {'channel', 'pixel', 'everything'}
            What has a mean and a standard deviation of its own.  A pixel that never changes is only
            shifted.

        Examples
        --------
        >>> images = onp.arange(8.0).reshape(2, 1, 2, 2)
        >>> data = Dataset("two", images, onp.arange(2), images, onp.arange(2), ("a", "b"))
        >>> normal = data.normalized().x_train
        >>> round(float(normal.mean()), 6), round(float(normal.std()), 6)
        (0.0, 1.0)
        """
        if per not in PER or (per == "channel" and self.x_train.ndim != 4):
            raise ValueError(
                f"per is one of {', '.join(map(repr, PER))}, and 'channel' is for images of shape "
                f"(N, C, H, W); it was given {per!r} for shape {self.x_train.shape}"
            )
        dtype = self.x_train.dtype if self.x_train.dtype.kind == "f" else get_default_dtype()
        mean, std = _moments(self.x_train, PER[per])
        mean, std = mean.astype(dtype), std.astype(dtype)

        def normal(x: onp.ndarray) -> onp.ndarray:
            out = onp.subtract(x, mean, dtype=dtype)
            out /= std
            return out

        return replace(self._changed(normal), mean=mean, std=std)

    def denormalized(self, x: Any) -> Any:
        """Return images of this data set as they were before `normalized`, for looking at."""
        return x if self.mean is None else x * self.std + self.mean

    def _changed(self, change: Callable[[onp.ndarray], onp.ndarray]) -> Dataset:
        return replace(
            self,
            x_train=change(self.x_train),
            x_val=change(self.x_val),
            x_test=change(self.x_test),
        )


def _enough(name: str, split: str, wanted: int, there: int) -> None:
    if wanted > there or wanted < 0:
        raise ValueError(
            f"{name} has {there} {split} images here, but {wanted} were asked for; ask for fewer"
        )


def _moments(x: onp.ndarray, axis: tuple[int, ...] | None) -> tuple[onp.ndarray, onp.ndarray]:
    """Return mean and standard deviation (1 for 0), summed in float64 without a copy in it."""
    mean = x.mean(axis=axis, keepdims=True, dtype=onp.float64)
    of_squares = onp.square(x, dtype=onp.float32 if x.dtype == onp.uint8 else x.dtype)
    variance = of_squares.mean(axis=axis, keepdims=True, dtype=onp.float64) - mean**2
    std = onp.sqrt(onp.maximum(variance, 0))
    # a constant's variance is not quite 0 after rounding
    std[std < 1e-6 * onp.abs(mean).max(initial=1e-30)] = 1
    return mean[0], std[0]


def _order(labels: onp.ndarray, seed: int | None) -> onp.ndarray:
    """Return an order in which classes take turns, so that each beginning of it is balanced."""
    if seed is None:
        return onp.arange(len(labels))
    shuffled = onp.random.default_rng(seed).permutation(len(labels))
    turns = onp.empty(len(labels), onp.intp)
    for label in onp.unique(labels):
        of_class = labels[shuffled] == label
        turns[of_class] = onp.arange(of_class.sum())
    return shuffled[onp.argsort(turns, kind="stable")]


def one_hot(labels: Any, classes: int | None = None) -> onp.ndarray:
    """Return labels as rows with a one at the label's place.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
    classes : int, optional
        How many there are; as many as the largest label needs by default.

    Returns
    -------
    ndarray, shape (N, C)
        Of the default dtype of networks.

    Raises
    ------
    ValueError
        If a label is no index of a class.

    Examples
    --------
    >>> one_hot([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]], dtype=float32)
    """
    labels = onp.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are integers of shape (N,), but were given {labels.dtype} of shape "
            f"{labels.shape}"
        )
    if classes is None:
        classes = int(labels.max(initial=-1)) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()}, but with {classes} classes they "
            f"must go from 0 to {classes - 1}"
        )
    return onp.eye(classes, dtype=get_default_dtype())[labels]
