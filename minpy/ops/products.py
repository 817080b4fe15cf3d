"""Matrix and tensor products."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of
from minpy.inplace import index_add
from minpy.ops.creation import as_array
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import (
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    moveaxis,
    normal_axis,
    reshape,
    shape_of,
    stack,
    swapaxes,
    transpose,
)
from minpy.tape import binary, unbroadcast, variadic

# ----- matmul


def _matmul_x(g, ans, x, y):
    if g.ndim == 2 and y.ndim == 2:
        return g @ y.T
    shape = shape_of(x)
    if len(y.shape) == 1:
        return unbroadcast(expand_dims(g, -1) * y, shape)
    if len(shape) == 1:
        return unbroadcast((expand_dims(g, -2) @ swapaxes(y, -1, -2))[..., 0, :], shape)
    return unbroadcast(g @ swapaxes(y, -1, -2), shape)


def _matmul_y(g, ans, x, y):
    if g.ndim == 2 and x.ndim == 2:
        return x.T @ g
    shape = shape_of(y)
    if len(x.shape) == 1:
        if len(shape) == 1:
            return g * x
        return unbroadcast(reshape(x, (-1, 1)) * expand_dims(g, -2), shape)
    if len(shape) == 1:
        return unbroadcast((swapaxes(x, -1, -2) @ expand_dims(g, -1))[..., 0], shape)
    if len(shape) == 2:  # one weight for a whole stack: one product instead of many and a sum
        return reshape(x, (-1, x.shape[-1])).T @ reshape(g, (-1, g.shape[-1]))
    return unbroadcast(swapaxes(x, -1, -2) @ g, shape)


matmul = binary("matmul", _matmul_x, _matmul_y, reads=("y", "x"))

# ----- everything else is a matmul after moving axes


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int):
        axes_a, axes_b = range(len(a.shape) - axes, len(a.shape)), range(axes)
    else:
        axes_a, axes_b = ([x] if isinstance(x, int) else list(x) for x in axes)
    axes_a = [normal_axis(x, len(a.shape)) for x in axes_a]
    axes_b = [normal_axis(x, len(b.shape)) for x in axes_b]
    if [a.shape[i] for i in axes_a] != [b.shape[i] for i in axes_b]:
        raise ValueError(f"tensordot: shapes {a.shape} and {b.shape} do not match over {axes}")
    free_a = [i for i in range(len(a.shape)) if i not in axes_a]
    free_b = [i for i in range(len(b.shape)) if i not in axes_b]
    size = int(onp.prod([a.shape[i] for i in axes_a], dtype=int))
    left = transpose(a, (*free_a, *axes_a))
    right = transpose(b, (*axes_b, *free_b))
    rows = int(onp.prod([a.shape[i] for i in free_a], dtype=int))
    columns = int(onp.prod([b.shape[i] for i in free_b], dtype=int))
    product = reshape(left, (rows, size)) @ reshape(right, (size, columns))
    return reshape(product, (*(a.shape[i] for i in free_a), *(b.shape[i] for i in free_b)))


def dot(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    if not a.shape or not b.shape:
        return a * b
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return a @ b
    return tensordot(a, b, ([-1], [-1 if len(b.shape) == 1 else -2]))


def inner(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    return a * b if not a.shape or not b.shape else tensordot(a, b, ([-1], [-1]))


def outer(a: Any, b: Any) -> Any:
    return reshape(a, (-1, 1)) * reshape(b, (1, -1))


def vdot(a: Any, b: Any) -> Any:
    return sum_(reshape(as_array(a), -1).conj() * reshape(as_array(b), -1))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = moveaxis(as_array(x1), axis, -1), moveaxis(as_array(x2), axis, -1)
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"vecdot: {x1.shape[-1]} and {x2.shape[-1]} elements along the axis")
    return sum_(x1.conj() * x2, axis=-1)


def matvec(x1: Any, x2: Any, /) -> Any:
    return matmul(x1, expand_dims(x2, -1))[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    return matmul(expand_dims(as_array(x1).conj(), -2), x2)[..., 0, :]


def kron(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    ndim = max(len(a.shape), len(b.shape))
    shape_a = (1,) * (ndim - len(a.shape)) + a.shape
    shape_b = (1,) * (ndim - len(b.shape)) + b.shape
    left = reshape(a, tuple(n for size in shape_a for n in (size, 1)))
    right = reshape(b, tuple(n for size in shape_b for n in (1, size)))
    return reshape(left * right, tuple(m * n for m, n in zip(shape_a, shape_b, strict=True)))


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(as_array(a), axisa, -1), moveaxis(as_array(b), axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"cross takes vectors of 2 or 3 elements, but got {a.shape} and {b.shape}")
    x, y, z = (a[..., i] if i < a.shape[-1] else 0 for i in range(3))
    u, v, w = (b[..., i] if i < b.shape[-1] else 0 for i in range(3))
    if a.shape[-1] == b.shape[-1] == 2:
        return x * v - y * u
    parts = [y * w - z * v, z * u - x * w, x * v - y * u]
    return moveaxis(stack(broadcast_arrays(*parts), -1), -1, axisc)


# ----- einsum


def _einsum_rule(g, ans, *operands, subscripts, argnum):
    """Contract the gradient with all other operands, down to the labels of this one."""
    inputs, output = subscripts.split("->")
    labels = inputs.split(",")
    mine = labels[argnum]
    shape = shape_of(operands[argnum])
    others = [x for i, x in enumerate(operands) if i != argnum]
    known = set(output).union(*(labels[i] for i in range(len(labels)) if i != argnum))
    summed = "".join(dict.fromkeys(c for c in mine if c not in known))  # summed in this one alone
    wanted = "".join(dict.fromkeys(c for c in mine if c in known))
    terms = [output, *(labels[i] for i in range(len(labels)) if i != argnum)]
    result = _einsum(g, *others, subscripts=",".join(terms) + "->" + wanted)
    sizes = dict(zip(mine, shape, strict=True))
    kept = [n if sizes[c] > 1 else sizes[c] for c, n in zip(wanted, result.shape, strict=True)]
    result = unbroadcast(result, tuple(kept))  # an axis of length 1 stands for any length
    result = reshape(result, result.shape + (1,) * len(summed))
    unique = wanted + summed
    result = broadcast_to(result, tuple(sizes[c] for c in unique))
    if len(unique) < len(mine):  # a repeated label reads a diagonal
        result = _on_diagonal(result, unique, mine, shape)
        unique = mine
    return transpose(result, tuple(unique.index(c) for c in mine)) if unique != mine else result


def _on_diagonal(x: Any, unique: str, labels: str, shape: tuple[int, ...]) -> Any:
    grid = dict(zip(unique, onp.ogrid[tuple(slice(n) for n in x.shape)], strict=True))
    index = tuple(grid[c] for c in labels)
    return index_add(onp.zeros(shape, dtype_of(x)), x, index=index)


def _einsum_on_numpy(*operands, subscripts):
    ans = onp.asarray(onp.einsum(subscripts, *operands, optimize=len(operands) > 1))
    return ans if len(operands) == 1 else onp.array(ans)  # of one operand it may be a view


_einsum = variadic(
    "einsum",
    _einsum_rule,
    reads="all",
    raw=_einsum_on_numpy,
)


def einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    if not isinstance(subscripts, str):
        subscripts, operands = _as_string([subscripts, *operands])
    operands = [x if type(x) is Array else onp.asarray(x) for x in operands]
    return _einsum(*operands, subscripts=_explicit(subscripts, [shape_of(x) for x in operands]))


def _as_string(parts: list[Any]) -> tuple[str, list[Any]]:
    """Return the form with lists of integers, ``einsum(a, [0, 1], b, [1, 2])``, as a string."""

    def term(labels: Sequence[Any]) -> str:
        return "".join("..." if c is Ellipsis else string.ascii_letters[c] for c in labels)

    count = len(parts) // 2
    inputs = ",".join(term(parts[2 * i + 1]) for i in range(count))
    output = "->" + term(parts[-1]) if len(parts) % 2 else ""
    return inputs + output, parts[: 2 * count : 2]


def _explicit(subscripts: str, shapes: list[tuple[int, ...]]) -> str:
    """Return subscripts with the output written out and letters in the place of ellipses."""
    subscripts = subscripts.replace(" ", "")
    inputs, _, output = subscripts.partition("->")
    terms = inputs.split(",")
    free = [c for c in string.ascii_letters if c not in subscripts]
    extra = [
        len(s) - len(t.replace("...", "")) if "..." in t else 0
        for s, t in zip(shapes, terms, strict=True)
    ]
    longest = free[: max(extra)]
    terms = [
        t.replace("...", "".join(longest[len(longest) - n :]))
        for t, n in zip(terms, extra, strict=True)
    ]
    if "->" in subscripts:
        return ",".join(terms) + "->" + output.replace("...", "".join(longest))
    counts = "".join(terms)
    once = sorted(c for c in set(counts) if counts.count(c) == 1 and c not in longest)
    return ",".join(terms) + "->" + "".join(longest) + "".join(once)
