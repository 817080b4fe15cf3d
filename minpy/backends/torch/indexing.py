"""Reading and writing parts of tensors by NumPy's rules.

PyTorch has no negative steps, so that a slice with such a step is read forwards and flipped.  An
integer beside arrays is an array for NumPy alone, which decides where the axes of the result go.
"""

from __future__ import annotations

from typing import Any

import numpy as onp
import torch
from torch import Tensor

from minpy.backends.torch.conversion import promoted, result, tensor_of

_INTEGERS = {int, *(onp.dtype(code).type for code in onp.typecodes["AllInteger"])}
_BASIC = frozenset({slice, type(None), type(Ellipsis), *_INTEGERS})


def getitem(x: Tensor, index: Any) -> Any:
    parts = index if type(index) is tuple else (index,)
    if _BASIC.issuperset(map(type, parts)):
        try:
            out = x[parts]
            return out if out.ndim or Ellipsis in parts else result(out.clone())  # no view
        except ValueError:
            pass  # a negative step
    view, backwards, places = _parsed(x, parts)
    view = view.flip(backwards) if backwards else view
    return result(torch.ops.aten.index(view, places) if places else view)


def setitem(x: Tensor, index: Any, value: Any) -> None:
    if x.device.type != "cpu":
        put(x, index, value, accumulate=False)
        return
    data = x.numpy()  # NumPy writes there itself: of two values for one place, the last one stays
    value = value.numpy(force=True) if isinstance(value, Tensor) else value
    overlaps = isinstance(value, onp.ndarray) and onp.may_share_memory(value, data)
    data[index] = value.copy() if overlaps else value


def add_at(buffer: Tensor, index: Any, values: Any) -> None:
    put(buffer, index, values, accumulate=True)


def index_add(x: Tensor, values: Any, index: Any) -> Tensor:
    out = promoted(x, values)[0].clone()
    add_at(out, index, values)
    return out


def put(x: Tensor, index: Any, value: Any, *, accumulate: bool) -> None:
    """Write or add to ``x[index]``; of two values written to one place, any one may stay."""
    value = tensor_of(value, x).to(x.dtype)
    parts = index if type(index) is tuple else (index,)
    view, backwards, places = _parsed(x, parts)
    if backwards and places:
        everywhere = torch.arange(x.numel(), device=x.device).reshape(x.shape)
        view, places = x, torch.unravel_index(getitem(everywhere, parts), x.shape)
    elif backwards:
        value = value.expand(view.shape).flip(backwards)
    if places:
        torch.ops.aten.index_put_(view, places, value, accumulate)
    else:
        view[...] = view + value if accumulate else value


def _parsed(x: Tensor, parts: tuple[Any, ...]) -> tuple[Tensor, list[int], Any]:
    """Take an index apart.

    Returns
    -------
    view : Tensor
        What its slices leave, all steps forwards.
    backwards : list of int
        The axes of `view` that are to be flipped.
    places : list of Tensor or None
        For each axis of `view` indices or a mask, None for all of it; empty without any array.
    """
    used = sum(map(_axes_taken, parts))
    if used > x.ndim:
        raise IndexError(f"too many indices: {used} for an array with {x.ndim} axes")
    gap = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts = (*parts[:gap], *[slice(None)] * (x.ndim - used), *parts[gap + 1 :])
    has_arrays = not _BASIC.issuperset(map(type, parts))
    slices: list[Any] = []
    places: list[Tensor | None] = []
    backwards: list[int] = []
    axis = 0
    for part in parts:
        taken = _axes_taken(part)
        if type(part) is slice and (part.step or 1) < 0:
            steps = range(x.shape[axis])[part][::-1]
            part = slice(steps.start, steps.stop, steps.step) if steps else slice(0, 0)
            backwards.append(len(slices if has_arrays else places))
        if part is None or type(part) is slice:
            slices.append(part)
            places.append(None)
        elif has_arrays:
            slices += [slice(None)] * taken or [None]
            places.append(_indices(part, axis, x))
        else:
            slices.append(part)
        axis += taken
    return x[tuple(slices)], backwards, places if has_arrays else []


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis or type(part) is bool:
        return 0
    return part.ndim if getattr(part, "dtype", None) == onp.bool_ else 1


def _indices(part: Any, axis: int, x: Tensor) -> Tensor:
    """Return the indices along an axis as a tensor, or a mask of this and the following axes."""
    part = onp.asarray(part)
    if part.dtype == bool:
        part = part.copy() if part.ndim else onp.zeros(int(part), onp.int64)  # of a new axis
    elif part.dtype.kind in "iu":
        part = part.astype(onp.int64)
    else:
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    if x.device.type == "cpu":
        return torch.from_numpy(part)
    size = x.shape[axis] if axis < x.ndim else 1
    if part.dtype != bool and part.size and not -size <= part.min() <= part.max() < size:
        # the GPU would find out later, and PyTorch could not be used any more
        raise IndexError(f"an index in {part} is out of bounds for axis {axis} with size {size}")
    return torch.from_numpy(part).to(x.device)
