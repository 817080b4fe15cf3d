"""Padding: frames of zeros, of neighbours, of statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.array import dtype_of
from minpy.inplace import getitem
from minpy.ops import reduction, statistics
from minpy.ops.creation import as_array, astype
from minpy.ops.shape import broadcast_to, concatenate, flip, shape_of
from minpy.tape import no_gradient, op


def _inside(x_shape: tuple[int, ...], widths: Any) -> tuple[slice, ...]:
    return tuple(slice(before, before + n) for n, (before, _) in zip(x_shape, widths, strict=True))


_pad_zeros = op("pad", lambda g, ans, array, pad_width: getitem(g, _inside(array, pad_width)))


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    shape = shape_of(array)
    widths = tuple((int(b), int(a)) for b, a in onp.broadcast_to(pad_width, (len(shape), 2)))
    if not shape:
        return getitem(as_array(array), Ellipsis)
    if mode == "constant" and not _is_recorded(kwargs.get("constant_values")):
        return _pad_constant(array, widths, **kwargs)
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and not _is_odd(**kwargs)):
        index = [onp.pad(onp.arange(n), w, mode) for n, w in zip(shape, widths, strict=True)]
        return getitem(array, onp.ix_(*index))
    if mode not in _FRAMES:
        raise no_gradient(f"pad with mode={mode!r}")
    option, default, frame = _FRAMES[mode]
    if set(kwargs) - {option}:
        raise ValueError(f"pad: mode {mode!r} has no options {sorted(set(kwargs) - {option})}")
    chosen = kwargs.get(option, default)
    pairs: list[Any] = [(chosen, chosen)] * len(shape)
    if chosen is not None and not isinstance(chosen, str):
        table = broadcast_to(as_array(chosen), (len(shape), 2))
        pairs = [(getitem(table, (i, 0)), getitem(table, (i, 1))) for i in range(len(shape))]
    for axis, (width, pair) in enumerate(zip(widths, pairs, strict=True)):
        if any(width):  # NumPy pads axis after axis too, corners included
            array = frame(array, axis, width, pair, mode)
    return array


def _is_recorded(value: Any) -> bool:
    return value is not None and getattr(as_array(value), "_node", None) is not None


def _is_odd(reflect_type: str = "even") -> bool:
    return reflect_type == "odd"


def _pad_constant(array: Any, widths: tuple, constant_values: Any = 0) -> Any:
    padded = _pad_zeros(array, widths)
    if onp.all(onp.asarray(constant_values) == 0):
        return padded
    frame = onp.pad(onp.zeros(shape_of(array)), widths, constant_values=constant_values)
    return padded + frame.astype(dtype_of(array))


# ----- frames: each puts what is before and behind `x` along an axis


def _part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return getitem(x, (slice(None),) * axis + (slice(start, stop),))


def _slab(value: Any, x: Any, axis: int, width: int) -> Any:
    """Return `value`, one element long along an axis, or a number, as a part of a frame."""
    shape = tuple(width if i == axis else n for i, n in enumerate(shape_of(x)))
    return broadcast_to(astype(value, dtype_of(x)), shape)


def _constant(x: Any, axis: int, pair: tuple[int, int], values: Any, mode: str) -> Any:
    before, behind = (_slab(v, x, axis, w) for v, w in zip(values, pair, strict=True))
    return concatenate([before, x, behind], axis)


def _ramp(x: Any, axis: int, pair: tuple[int, int], ends: Any, mode: str) -> Any:
    parts = []
    edges = _part(x, axis, 0, 1), _part(x, axis, -1, None)
    for edge, end, width in zip(edges, ends, pair, strict=True):
        steps = onp.arange(width).reshape((-1,) + (1,) * (len(shape_of(x)) - axis - 1))
        steps = (steps / max(width, 1)).astype(dtype_of(x))
        parts.append(astype(end, dtype_of(x)) * (1 - steps) + edge * steps)
    return concatenate([parts[0], x, flip(parts[1], axis)], axis)


_STATISTICS: dict[str, Callable] = {
    "mean": reduction.mean,
    "median": statistics.median,
    "maximum": reduction.max,
    "minimum": reduction.min,
}


def _statistic(x: Any, axis: int, pair: tuple[int, int], lengths: Any, mode: str) -> Any:
    size = shape_of(x)[axis]
    first, last = (size if n is None else min(int(n), size) for n in lengths)
    chunks = _part(x, axis, 0, first), _part(x, axis, size - last, None)
    values = [_STATISTICS[mode](chunk, axis=axis, keepdims=True) for chunk in chunks]
    return _constant(x, axis, pair, values, mode)


def _odd(x: Any, axis: int, pair: tuple[int, int], options: Any, mode: str) -> Any:
    """Reflect at the ends, so that the slope goes on there."""
    skipped = 1 if mode == "reflect" else 0  # whether the element at the end is not repeated
    size = shape_of(x)[axis]
    if max(pair) > size - skipped:
        raise no_gradient(f"pad with reflect_type='odd' wider than the array, {size} elements,")
    before, behind = pair
    head, tail = _part(x, axis, 0, 1), _part(x, axis, -1, None)
    front = flip(_part(x, axis, skipped, before + skipped), axis)
    back = flip(_part(x, axis, size - skipped - behind, size - skipped), axis)
    return concatenate([2 * head - front, x, 2 * tail - back], axis)


# The option of each mode, its default, and what makes the frame.
_FRAMES: dict[Any, tuple[str, Any, Callable]] = {
    "constant": ("constant_values", 0, _constant),
    "linear_ramp": ("end_values", 0, _ramp),
    **dict.fromkeys(("reflect", "symmetric"), ("reflect_type", "even", _odd)),
    **dict.fromkeys(_STATISTICS, ("stat_length", None, _statistic)),
}
