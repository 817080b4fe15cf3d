"""What layers ask of their arguments: shapes that fit together, modes, labels.

A layer writes down once what shapes it takes, and that line is also what its error messages say::

    x, w, b = fitting("temporal_affine", "x (N, T, D), w (D, M), b (M,)", x, w, b)
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.numpy import ndarray

Axis = tuple[int, str]  # ``4H`` is (4, "H"); a number is (number, "")


def fitting(layer: str, expected: str, *values: Any) -> list[Any]:
    """Return arguments as arrays, or say which of them does not fit to those before it.

    Parameters
    ----------
    layer : str
        What messages call the layer.
    expected : str
        The shapes, such as ``"x (N, D), Wx (D, 4H), b (4H,)"``: the first argument with a letter
        says how long such axes are.
    *values : array_like
        The arguments, in this order.

    Returns
    -------
    list of ndarray

    Raises
    ------
    ValueError
        If a shape is not as expected.

    Examples
    --------
    >>> x, b = fitting("shift", "x (N, D), b (D,)", [[1.0, 2.0]], [3.0, 4.0])
    >>> x + b
    array([[4., 6.]])
    >>> fitting("shift", "x (N, D), b (D,)", [[1.0, 2.0]], [3.0])
    Traceback (most recent call last):
        ...
    ValueError: shift: b has shape (1,), but must be (D,) = (2,): x (N, D) has shape (1, 2)
    """
    arrays = []
    known: dict[str, int] = {}
    # what is kept for the backward pass must not change with the caller's arrays
    as_array = np.array if any(map(is_recorded, values)) else np.asarray
    for (_, axes), value in zip(_parsed(expected), values, strict=True):
        x = value if type(value) is ndarray else as_array(value)
        arrays.append(x)
        shape = x.shape
        if len(shape) != len(axes):
            raise _misfit(layer, expected, len(arrays) - 1, arrays, known)
        for length, (times, letter) in zip(shape, axes):
            if not letter:
                fits = length == times
            elif letter in known:
                fits = length == times * known[letter]
            else:
                known[letter] = length // times
                fits = length % times == 0
            if not fits:
                raise _misfit(layer, expected, len(arrays) - 1, arrays, known)
    return arrays


@cache
def _parsed(expected: str) -> list[tuple[str, list[Axis]]]:
    """Return the names and the axes in a line of shapes."""
    arguments = []
    for name, inside in re.findall(r"(\w+) \(([^)]*)\)", expected):
        axes = []
        for axis in filter(None, re.split(r",\s*", inside)):
            times, letter = re.fullmatch(r"(\d*)(\w*)", axis).groups()  # type: ignore[union-attr]
            axes.append((int(times or 1), letter))
        arguments.append((name, axes))
    return arguments


def _misfit(
    layer: str, expected: str, which: int, arrays: list[ndarray], known: dict[str, int]
) -> ValueError:
    arguments = _parsed(expected)
    name, axes = arguments[which]
    message = f"{layer}: {name} has shape {arrays[which].shape}, but must be {_written(axes)}"
    unexplained = {letter for _, letter in axes if letter}
    earlier = []
    for (other, theirs), x in zip(arguments[:which], arrays):
        letters = {letter for _, letter in theirs}
        if not unexplained.isdisjoint(letters):
            earlier.append(f"{other} {_written(theirs)} has shape {x.shape}")
            unexplained -= letters
    if not earlier:
        return ValueError(message)
    lengths = [(times * known[x], "") if x in known else (times, x) for times, x in axes]
    return ValueError(f"{message} = {_written(lengths)}: {', '.join(earlier)}")


def _written(axes: list[Axis]) -> str:
    """Return axes as one writes a shape: ``(H, 4H)``."""
    parts = [f"{times if times > 1 or not letter else ''}{letter}" for times, letter in axes]
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def in_training(layer: str, mode: str) -> bool:
    """Return whether a mode is that of training.

    Raises
    ------
    ValueError
        If it is neither 'train' nor 'test'.

    Examples
    --------
    >>> in_training("dropout", "train"), in_training("dropout", "test")
    (True, False)
    """
    if mode not in ("train", "test"):
        raise ValueError(f"{layer}: mode is 'train' or 'test', but is {mode!r}")
    return mode == "train"


def class_numbers(layer: str, labels: Any, scores: ndarray) -> onp.ndarray:
    """Return labels as the numbers of classes, whether given so or as one-hot codes.

    Parameters
    ----------
    layer : str
        What messages call the layer.
    labels : array_like, shape (N,) or (N, C)
        Numbers of classes, of any dtype as long as they are whole; or one-hot codes.
    scores : ndarray, shape (N, C)
        What the labels are for.

    Returns
    -------
    numpy.ndarray of int, shape (N,)

    Raises
    ------
    ValueError
        If they are neither, or do not fit to the scores.
    IndexError
        If one is not in 0 to C - 1.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> class_numbers("svm_loss", [2.0, 0.0], np.zeros((2, 3)))
    array([2, 0])
    >>> class_numbers("svm_loss", [[0, 0, 1], [1, 0, 0]], np.zeros((2, 3)))
    array([2, 0])
    """
    examples, classes = scores.shape
    values = np.asarray(labels).asnumpy()
    if values.shape == (examples, classes):
        hot = values == 1
        if not ((hot.sum(axis=1) == 1) & ((values == 0).sum(axis=1) == classes - 1)).all():
            raise ValueError(
                f"{layer}: labels of shape {values.shape} are one-hot codes, a single 1 and zeros "
                "in each row, but a row is none; give the numbers of the classes, of shape "
                f"({examples},), instead"
            )
        return hot.argmax(axis=1)
    if values.shape != (examples,):
        hint = "; write labels.ravel()" if values.shape == (examples, 1) else ""
        raise ValueError(
            f"{layer}: labels have shape {values.shape}, but for scores of shape {scores.shape} "
            f"they are numbers of classes, of shape ({examples},), or one-hot codes, of shape "
            f"{scores.shape}{hint}"
        )
    return whole_numbers(layer, values, classes)


def whole_numbers(layer: str, values: onp.ndarray, classes: int) -> onp.ndarray:
    """Return numbers of classes as integers, also floating ones, as data readers make them.

    Raises
    ------
    TypeError
        If they are no numbers.
    IndexError
        If one is not whole, or not in 0 to C - 1.

    Examples
    --------
    >>> import numpy
    >>> whole_numbers("softmax_loss", numpy.array([1.0, 0.0], "float32"), classes=2)
    array([1, 0])
    """
    if values.dtype.kind not in "biuf":
        raise TypeError(
            f"{layer}: labels have dtype {values.dtype}, but must be numbers of classes; "
            "names, labels = numpy.unique(labels, return_inverse=True) gives a number to each name"
        )
    wrong = (values < 0) | (values >= classes)
    if values.dtype.kind == "f":
        wrong |= values != onp.floor(values)  # of NaN, too
    if wrong.any():
        place = tuple(int(i) for i in onp.argwhere(wrong)[0])
        where = ", ".join(map(str, place))
        raise IndexError(
            f"{layer}: labels[{where}] is {values[place]}, but there are {classes} classes, "
            "numbered from 0"
        )
    return values.astype(onp.intp, copy=False)
