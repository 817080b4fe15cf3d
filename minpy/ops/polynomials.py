"""Polynomials by their coefficients, the highest power first."""

from __future__ import annotations

from typing import Any

import numpy as onp

from minpy.array import dtype_of
from minpy.inplace import getitem, zeros_for
from minpy.ops.calculus import convolve
from minpy.ops.creation import as_array, astype
from minpy.ops.elementwise import real, sqrt
from minpy.ops.indexing import trim_zeros, values_of
from minpy.ops.linalg import eigvals, lstsq
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import atleast_1d, concatenate, reshape, shape_of, stack
from minpy.tape import no_gradient


def polyval(p: Any, x: Any) -> Any:
    p, x = as_array(p), as_array(x)
    result = zeros_for(x)
    for i in range(p.shape[0]):
        result = result * x + getitem(p, i)
    return result


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = astype(x, onp.promote_types(dtype_of(x), int))
    powers = range(shape_of(x)[0] if N is None else N)
    columns = [x**k if k else onp.ones(x.shape, dtype_of(x)) for k in powers]
    if not columns:
        return getitem(reshape(x, (-1, 1)), (slice(None), slice(0, 0)))
    return stack(columns if increasing else columns[::-1], -1)


# ----- arithmetic of coefficients


def _padded(a1: Any, a2: Any) -> tuple[Any, Any]:
    a1, a2 = (atleast_1d(as_array(a)) for a in (a1, a2))
    size = max(len(a1), len(a2))
    one, other = (
        concatenate([onp.zeros(size - len(a), dtype_of(a)), a]) if len(a) < size else a
        for a in (a1, a2)
    )
    return one, other


def polyadd(a1: Any, a2: Any) -> Any:
    one, other = _padded(a1, a2)
    return one + other


def polysub(a1: Any, a2: Any) -> Any:
    one, other = _padded(a1, a2)
    return one - other


def polymul(a1: Any, a2: Any) -> Any:
    return convolve(*(_without_leading_zeros(a) for a in (a1, a2)))


def _without_leading_zeros(a: Any) -> Any:
    a = atleast_1d(as_array(a))
    if not a.size:
        return onp.zeros(1, dtype_of(a))
    return trim_zeros(a, "f") if values_of(a).any() else getitem(a, slice(-1, None))


def polyder(p: Any, m: int = 1) -> Any:
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = as_array(p)
    for _ in range(m):
        powers = onp.arange(len(p) - 1, 0, -1)
        p = getitem(p, slice(None, -1)) * powers
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = as_array(p)
    constants = onp.zeros(m) if k is None else atleast_1d(as_array(k))
    if len(constants) == 1 < m:
        constants = concatenate([constants] * m)
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(m):
        powers = onp.arange(len(p), 0, -1)
        p = concatenate([p / powers, getitem(constants, slice(i, i + 1))])
    return p


# ----- zeros, and fits


def roots(p: Any) -> Any:
    p = atleast_1d(as_array(p))
    if len(p.shape) != 1:
        raise ValueError("Input must be a rank-1 array.")
    nonzero = onp.flatnonzero(values_of(p))
    if not nonzero.size:
        return onp.array([])
    at_zero = len(p) - nonzero[-1] - 1
    p = getitem(p, slice(int(nonzero[0]), int(nonzero[-1]) + 1))
    if len(p) < 2:
        return onp.zeros(at_zero, dtype_of(p)) + 0 * sum_(p)
    first_row = -getitem(p, slice(1, None)) / getitem(p, 0)
    below = getitem(onp.eye(len(p) - 1, k=-1, dtype=dtype_of(p)), slice(1, None))
    found = eigvals(concatenate([reshape(first_row, (1, -1)), below]))
    return concatenate([found, onp.zeros(at_zero, dtype_of(found))])


def poly(seq_of_zeros: Any) -> Any:
    zeros = atleast_1d(as_array(seq_of_zeros))
    if len(zeros.shape) == 2:
        zeros = eigvals(zeros)
    coefficients = onp.ones(1, dtype_of(zeros))
    for i in range(len(zeros)):
        one = onp.ones(1, dtype_of(zeros))
        coefficients = convolve(coefficients, concatenate([one, -getitem(zeros, slice(i, i + 1))]))
    values = values_of(zeros)
    in_pairs = onp.all(onp.sort(values) == onp.sort(values.conj()))
    return real(coefficients) if values.dtype.kind == "c" and in_pairs else coefficients


def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
    cov: Any = False,
) -> Any:
    if full or cov:
        raise no_gradient("polyfit with full=True or cov=True")
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    powers, values = vander(x, int(deg) + 1), y
    if w is not None:
        weights = as_array(w)
        powers = powers * reshape(weights, (-1, 1))
        values = values * (weights if len(shape_of(y)) == 1 else reshape(weights, (-1, 1)))
    scale = sqrt(sum_(powers * powers, axis=0))
    rcond = len(x) * onp.finfo(dtype_of(x)).eps if rcond is None else rcond
    found = lstsq(powers / scale, values, rcond)[0]
    return found / (scale if len(shape_of(y)) == 1 else reshape(scale, (-1, 1)))
