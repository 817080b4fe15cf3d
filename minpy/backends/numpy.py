"""What the engine asks of NumPy that NumPy has under another name, or not in every version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as onp

Step = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def getitem(x: onp.ndarray, index: Any) -> Any:
    return x[index]


def copy(x: Any) -> onp.ndarray:
    return onp.array(x, order="K")


def astype(x: Any, dtype: Any) -> Any:
    return x.astype(dtype)


def matrix_transpose(x: onp.ndarray) -> onp.ndarray:
    return onp.swapaxes(x, -1, -2)  # numpy.matrix_transpose came with NumPy 2


def zeros_for(like: onp.ndarray, shape: tuple[int, ...]) -> onp.ndarray:
    """Return zeros of another array's dtype, where that array is."""
    return onp.zeros(shape, like.dtype)


def add_into(buffer: Any, values: Any) -> Any:
    """Return the sum, in the place of `buffer` where it has the same shape and dtype."""
    if type(values) is onp.ndarray and (values.dtype, values.shape) == (buffer.dtype, buffer.shape):
        buffer += values
        return buffer
    return buffer + values


def layout(x: onp.ndarray) -> tuple[int, ...]:
    """Return how far apart the elements along each axis are in memory."""
    return x.strides


def index_add(x: onp.ndarray, values: Any, index: Any) -> onp.ndarray:
    """Return a copy of `x` with `values` added at `index`, every time an element is named."""
    out = onp.array(x, onp.result_type(x, values))
    add_at(out, index, values)
    return out


def add_at(buffer: onp.ndarray, index: Any, values: Any) -> None:
    """Add `values` to ``buffer[index]`` in place, every time an element is named."""
    if names_once(index):
        buffer[index] += values
    elif _names_rows(index, buffer):
        _add_rows(buffer, index, values)
    else:
        onp.add.at(buffer, index, values)


def _names_rows(index: Any, buffer: onp.ndarray) -> bool:
    """Whether an index names many whole rows, as that of an embedding does."""
    return (
        type(index) is onp.ndarray
        and index.size > 64
        and buffer.ndim > 1
        and buffer.size > 0
        and buffer.flags.c_contiguous
    )


def _add_rows(buffer: onp.ndarray, index: onp.ndarray, values: Any) -> None:
    # numpy.add.at is three times as fast for one axis as for rows
    width = buffer[0].size
    places = (index[..., None] % len(buffer)) * width + onp.arange(width)
    values = onp.broadcast_to(values, index.shape + buffer.shape[1:])
    onp.add.at(buffer.reshape(-1), places.reshape(-1), values.reshape(-1))


def names_once(index: Any) -> bool:
    """Whether `index` cannot name an element twice: slices, integers and masks cannot."""
    if type(index) is slice or type(index) is int:
        return True
    parts = index if type(index) is tuple else (index,)
    return all(
        part is None
        or isinstance(part, int | onp.integer | slice | type(Ellipsis))
        or getattr(part, "dtype", None) == onp.bool_
        for part in parts
    )


def follow(x: Any, steps: Sequence[Step]) -> Any:
    """Take the `steps` that lead from an array to a view of it."""
    for call, args, static in steps:
        x = call(x, *args, **static)
    return x


def write(x: onp.ndarray, value: Any, steps: Sequence[Step], index: Any) -> onp.ndarray:
    """Return a copy of `x` with `value` written at `index` of the view that `steps` lead to."""
    out = onp.array(x, order="C")
    view = follow(out, steps)
    if onp.may_share_memory(view, out):
        view[index] = value
    else:
        places = follow(_places(out), steps)[index]
        out.reshape(-1)[places] = value
    return out


def clear(buffer: onp.ndarray, steps: Sequence[Step], index: Any) -> None:
    """Zero ``view[index]`` in place, where `steps` lead from `buffer` to the view."""
    view = follow(buffer, steps)
    if view is buffer or view.base is buffer or onp.may_share_memory(view, buffer):
        view[index] = 0
    else:
        buffer.reshape(-1)[follow(_places(buffer), steps)[index]] = 0


def survivors(steps: Sequence[Step], index: Any, shape: tuple[int, ...]) -> Any:
    """Return which of the values written at `index` were not overwritten in the same write.

    ``x[[0, 0]] = a, b`` leaves only ``b``.  Returns None when every value survives, which is so
    for every index that cannot name an element twice.
    """
    if names_once(index):
        return None
    marks = follow(onp.empty(shape, onp.intp), steps)  # touched only where `index` points
    order = onp.arange(marks[index].size).reshape(marks[index].shape)
    marks[index] = order
    last = marks[index] == order
    return None if last.all() else last


def _places(x: onp.ndarray) -> onp.ndarray:
    return onp.arange(x.size).reshape(x.shape)
