"""Linear algebra.

Rules are for stacks of matrices on the last two axes.  Most of them are derived in M. Giles,
"An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); those of the decompositions of complex matrices follow M. Seeger et al.,
"Auto-differentiating linear algebra" (2017).
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of, is_recorded, raw
from minpy.inplace import getitem, index_add
from minpy.ops import products, reduction
from minpy.ops.creation import as_array
from minpy.ops.elementwise import absolute, conjugate, is_complex, real, real_part
from minpy.ops.indexing import where
from minpy.ops.products import einsum, matmul
from minpy.ops.reduction import axes_of, max, min, safe_sqrt, sum
from minpy.ops.shape import (
    concatenate,
    expand_dims,
    moveaxis,
    reshape,
    shape_of,
    stack,
    swapaxes,
)
from minpy.tape import no_gradient, op, unbroadcast

# ----- helpers of rules


def T(x: Any) -> Any:
    """Return the transpose of each matrix."""
    return swapaxes(x, -1, -2)


def H(x: Any) -> Any:
    """Return the conjugate transpose of each matrix."""
    return T(conjugate(x)) if is_complex(x) else T(x)


def eye_like(x: Any) -> Any:
    """Return the identity of the size and dtype of the matrices in `x`."""
    return onp.eye(x.shape[-1], dtype=dtype_of(x))


def column(x: Any) -> Any:
    """Return vectors as matrices of one column."""
    return expand_dims(x, -1)


def off_diagonal_inverse(w: Any) -> Any:
    """Return ``1 / (w[j] - w[i])`` for each pair, and zero where ``i == j``."""
    eye = onp.eye(w.shape[-1], dtype=bool)
    return ~eye / (expand_dims(w, -2) - column(w) + eye)


def is_unused(g: Any) -> bool:
    """Whether a gradient is the zeros, without memory, of a result that nobody used."""
    data = g._data if type(g) is Array else g
    zeros = type(data) is onp.ndarray and not (any(data.strides) or data.any())
    return zeros and not is_recorded(g)


def lower(x: Any) -> Any:
    """Return the lower triangle of each matrix with half of its diagonal."""
    eye = eye_like(x)
    return x * (onp.tri(x.shape[-1], dtype=eye.dtype) - eye / 2)


# ----- solving

inv = op("linalg.inv", lambda g, ans, a: -T(ans) @ g @ T(ans), reads="ans")


def _solve_a(g, ans, a, b):
    shares = solve(T(a), _as_columns(g, a, b))
    return unbroadcast(-shares @ T(_as_columns(ans, a, b)), a.shape)


def _solve_b(g, ans, a, b):
    share = solve(T(a), _as_columns(g, a, b))
    return unbroadcast(share[..., 0] if _is_vector(a, b) else share, shape_of(b))


def _is_vector(a: Any, b: Any) -> bool:
    """Whether `b` is one vector, or (until NumPy 2) a stack of vectors, not of matrices."""
    ndim = len(shape_of(b))
    if onp.lib.NumpyVersion(onp.__version__) >= "2.0.0":
        return ndim == 1
    return ndim == len(a.shape) - 1


def _as_columns(x: Any, a: Any, b: Any) -> Any:
    return column(x) if _is_vector(a, b) else x


solve = op("linalg.solve", _solve_a, _solve_b, reads="ans x")


def _pinv_rule(g, ans, a, **static):
    g = conjugate(g)
    outside_rows = eye_like(ans) - a @ ans
    outside_columns = eye_like(a) - ans @ a
    share = ans @ H(ans) @ g @ outside_rows + outside_columns @ g @ H(ans) @ ans
    return conjugate(H(share - ans @ H(g) @ ans))


pinv = op("linalg.pinv", _pinv_rule, reads="ans x")


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    rows, columns = shape_of(a)
    if rcond is None or rcond == "warn":
        rcond = onp.finfo(dtype_of(a)).eps * builtins.max(rows, columns)
    x, s = pinv(a, rcond=rcond) @ b, svdvals(a)
    values = onp.asarray(raw(s))
    rank = onp.int32((values > rcond * values.max(initial=0)).sum())
    residuals = onp.zeros(0, dtype_of(s))
    if rank == columns and rows > columns:
        away = b - a @ x
        residuals = sum(real(away * conjugate(away)), axis=0)
        residuals = residuals if shape_of(residuals) else reshape(residuals, (1,))
    return x, residuals, rank, s


# ----- determinants


def _det_rule(g, ans, a):
    if onp.all(raw(ans) != 0):
        with suppress(onp.linalg.LinAlgError):  # rounding may hide a zero from the determinant
            inverse = inv(a)
            if onp.all(_largest(a) * _largest(inverse) < onp.finfo(dtype_of(a)).eps ** -0.5):
                return column(column(g * ans)) * T(inverse)
    return column(column(g)) * _cofactors(a)  # (nearly) singular: the inverse is no help


def _largest(x: Any) -> Any:
    return onp.abs(raw(x)).max((-2, -1), initial=0)


det = op("linalg.det", _det_rule, reads="ans x")


def _cofactors_on_numpy(a):
    u, s, vh = onp.linalg.svd(a)
    others = onp.where(onp.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    scale = (onp.linalg.det(u) * onp.linalg.det(vh))[..., None, None]
    return scale * ((u * others[..., None, :]) @ vh).conj()


def _cofactors_rule(g, ans, a):
    """Each cofactor is the determinant of the matrix without a row and a column."""
    n = a.shape[-1]
    others = onp.array([[j for j in range(n) if j != i] for i in range(n)], int).reshape(n, -1)
    index = (..., others[:, None, :, None], others[None, :, None, :])
    signs = (-1.0) ** onp.add.outer(onp.arange(n), onp.arange(n))
    shares = column(column(g * signs.astype(g.dtype))) * _cofactors(getitem(a, index))
    return index_add(onp.zeros(a.shape, dtype_of(shares)), shares, index=index)


_cofactors = op("linalg.cofactors", _cofactors_rule, reads="x", raw=_cofactors_on_numpy)


def _slogdet_rule(g, ans, a):
    sign, _ = ans
    g_sign, g_log = g
    inverse = T(inv(a))
    share = column(column(real_part(g_log))) * inverse
    if is_complex(a):
        along = g_sign * sign
        share = share + column(column(along - real(along))) * inverse
    return share


slogdet = op("linalg.slogdet", _slogdet_rule, reads="ans x")

# ----- decompositions


def _cholesky_rule(g, ans, a):
    middle = lower(H(ans) @ conjugate(g))
    share = solve(H(ans), middle @ inv(ans))
    return conjugate(share + H(share)) / 2


_cholesky = op("linalg.cholesky", _cholesky_rule, reads="ans")


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return H(_cholesky(H(a))) if upper else _cholesky(a)


def _eigh_rule(g, ans, a, UPLO="L"):
    w, v = ans
    g_w, g_v = real_part(g[0]), g[1]
    core = eye_like(v) * expand_dims(g_w, -2)
    if not is_unused(g_v):  # else equal eigenvalues do no harm
        core = off_diagonal_inverse(w) * (T(v) @ g_v) + core
    full = conjugate(v) @ core @ T(v)
    return (full + T(conjugate(full))) / 2


eigh = op("linalg.eigh", _eigh_rule, reads="ans")


def _eigvalsh_rule(g, ans, a, UPLO="L"):
    _, v = eigh(a, UPLO=UPLO)
    return (conjugate(v) * expand_dims(real_part(g), -2)) @ T(v)


eigvalsh = op("linalg.eigvalsh", _eigvalsh_rule, reads="x")


def _eig_rule(g, ans, a):
    w, v = ans
    g_w, g_v = g
    core = eye_like(v) * expand_dims(g_w, -2)
    if not is_unused(g_v):
        vt_gv = T(v) @ g_v
        diag = einsum("...ii->...i", vt_gv)
        gram = T(v) @ conjugate(v)
        core = core + off_diagonal_inverse(w) * (vt_gv - gram * expand_dims(real(diag), -2))
    return solve(T(v), core @ T(v))


eig = op("linalg.eig", _eig_rule, reads="ans")


def _eigvals_rule(g, ans, a):
    _, v = eig(a)
    return solve(T(v), expand_dims(g, -1) * T(v))


eigvals = op("linalg.eigvals", _eigvals_rule, reads="x")


def _svd_rule(g, ans, a, full_matrices=True):
    u, s, vh = ans
    rank = s.shape[-1]
    if full_matrices:
        raise no_gradient(
            "linalg.svd with full_matrices=True of matrices that are not square",
            "only its singular values have one, as some of its vectors may be turned; write "
            "full_matrices=False",
        )
    if is_unused(g[0]) and is_unused(g[2]):
        return _of_singular_values(real_part(g[1]), u, s, vh)
    v = H(vh)
    g_u, g_s, g_v = conjugate(g[0]), real_part(g[1]), T(g[2])  # as the literature has them
    s_row, s_column = expand_dims(s, -2), column(s)
    f = off_diagonal_inverse(s * s)
    u_part = f * (H(u) @ g_u)
    v_part = f * (H(v) @ g_v)
    core = (u_part + H(u_part)) * s_row + s_column * (v_part + H(v_part))
    core = core + eye_like(core) * expand_dims(g_s, -2)
    if is_complex(u):
        turn = H(u) @ g_u
        diag = einsum("...ii->...i", turn - H(turn)) / (2 * s)
        core = core + eye_like(core) * expand_dims(diag, -2)
    share = u @ core @ vh
    if a[-2] > rank:
        rest = g_u - u @ (H(u) @ g_u)
        share = share + rest / s_row @ vh
    if a[-1] > rank:
        rest = H(g_v) - (H(g_v) @ v) @ vh
        share = share + u / s_row @ rest
    return conjugate(share)


def _of_singular_values(g: Any, u: Any, s: Any, vh: Any) -> Any:
    """Return the gradient of singular values; at zero, where each has a kink, it is zero."""
    return conjugate((u * expand_dims(g * (s != 0), -2)) @ vh)


_svd = op("linalg.svd", _svd_rule, reads="ans")
_svdvals = op(
    "linalg.svdvals",
    lambda g, ans, x: _of_singular_values(real_part(g), *_svd(x, full_matrices=False)),
    reads="x",
    raw=lambda x: onp.linalg.svd(x, compute_uv=False),
)


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    if hermitian:
        raise no_gradient("linalg.svd with hermitian=True")
    if not compute_uv:
        return _svdvals(a)
    if not full_matrices or shape_of(a)[-1] == shape_of(a)[-2]:
        return _svd(a, full_matrices=False)
    result = u, _, vh = _svd(a, full_matrices=True)
    return getattr(type(result), "_make", tuple)((u, _svdvals(a), vh))


def svdvals(x: Any, /) -> Any:
    return _svdvals(x)


def _qr_rule(g, ans, a, mode="reduced"):
    q, r = ans
    g_q, g_r = conjugate(g[0]), conjugate(g[1])
    columns = a[-1]
    m = r @ H(g_r) - H(g_q) @ q
    sym = m * onp.tri(columns, k=-1, dtype=dtype_of(m))
    core = sym + H(sym) + eye_like(m) * real_diagonal(m)
    share = T(solve(conjugate(r), T(g_q + q @ core)))
    return conjugate(share)


def real_diagonal(m: Any) -> Any:
    """Return the real part of the diagonal, as rows."""
    d = einsum("...ii->...i", m)
    return expand_dims(real(d) if is_complex(d) else d, -2)


_qr = op("linalg.qr", _qr_rule, reads="ans")


def qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "r"):
        raise no_gradient(f"linalg.qr with mode={mode!r}")
    rows, columns = shape_of(a)[-2:]
    result = q, r = _qr(getitem(a, (..., slice(0, rows))))
    if columns > rows:  # the first columns decide q, the others only follow
        r = concatenate([r, H(q) @ getitem(a, (..., slice(rows, None)))], -1)
    return r if mode == "r" else getattr(type(result), "_make", tuple)((q, r))


# ----- functions that NumPy has twice: here they take stacks of matrices or vectors


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return reduction.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0) -> Any:
    return reduction.trace(x, offset, -2, -1)


def outer(x1: Any, x2: Any, /) -> Any:
    if (len(shape_of(x1)), len(shape_of(x2))) != (1, 1):
        raise ValueError(
            f"linalg.outer takes two vectors, but got {shape_of(x1)} and {shape_of(x2)}"
        )
    return products.outer(x1, x2)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return products.cross(x1, x2, axis=axis)


# ----- norms


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    ndim = len(shape_of(x))
    if axis is None and (ord is None or ndim == 1):
        axis = tuple(range(ndim)) if ord is None else (0,)
    axes = axes_of(axis, ndim)
    if len(axes) == 1 or ord is None:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"norm with ord={ord!r} is for one or two axes, but got {axes}")
    result = matrix_norm(moveaxis(x, axes, (-2, -1)), ord=ord)
    if keepdims:
        shape = tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))
        result = reshape(result, shape)
    return result


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    axis = axes_of(axis, len(shape_of(x)))
    if ord == 2:
        size = real(x * conjugate(x)) if is_complex(x) else x * x
        return safe_sqrt(sum(size, axis=axis, keepdims=keepdims))
    size = absolute(x)
    if ord == onp.inf:
        return _max_or_zero(size, axis=axis, keepdims=keepdims)
    if ord == -onp.inf:
        return min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(size * 0 + (size != 0), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    present, dtype = size != 0, dtype_of(size)
    powers = where(present, size, onp.ones((), dtype)) ** ord
    powers = where(present, powers, onp.asarray(0 if ord > 0 else onp.inf, dtype))
    total = sum(powers, axis=axis, keepdims=keepdims)
    zero = total == 0
    return (total + zero) ** (1.0 / ord) * ~zero


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    if ord in ("fro", None):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        pick = {2: _max_or_zero, -2: min, "nuc": sum}[ord]
        result = pick(svdvals(x), axis=-1)
    elif ord in (1, -1):
        result = (_max_or_zero if ord > 0 else min)(sum(absolute(x), axis=-2), axis=-1)
    elif ord in (onp.inf, -onp.inf):
        result = (_max_or_zero if ord > 0 else min)(sum(absolute(x), axis=-1), axis=-1)
    else:
        raise ValueError(f"invalid norm order {ord!r} for matrices")
    return expand_dims(expand_dims(result, -1), -1) if keepdims else result


def _max_or_zero(x: Any, axis: Any, keepdims: bool = False) -> Any:
    """Return the largest of some sizes, and zero where there are none."""
    count = math.prod(shape_of(x)[i] for i in axes_of(axis, len(shape_of(x))))
    return (max if count else sum)(x, axis=axis, keepdims=keepdims)


def cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = _svdvals_or_nan(x)
        ratio = max(s, axis=-1) / min(s, axis=-1)
        return 1 / ratio if p == -2 else ratio
    inverse = _or_nan(inv, x, like=lambda x: x)
    if p == "nuc":
        return sum(_svdvals_or_nan(x), axis=-1) * sum(_svdvals_or_nan(inverse), axis=-1)
    return norm(x, p, axis=(-2, -1)) * norm(inverse, p, axis=(-2, -1))


def _svdvals_or_nan(x: Any) -> Any:
    return _or_nan(svdvals, x, like=lambda x: absolute(diagonal(x)))


def _or_nan(function: Callable, x: Any, like: Callable) -> Any:
    """Return a function of each matrix; NaN, in the shape of `like`, where it has no value."""
    try:
        return function(x)
    except onp.linalg.LinAlgError:
        if len(shape_of(x)) == 2:
            return like(x) * onp.nan
        return stack([_or_nan(function, getitem(x, i), like) for i in range(len(x))])


# ----- powers and chains


def matrix_power(a: Any, n: int) -> Any:
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else result @ a
        n //= 2
        a = a @ a if n else a
    return a * 0 + eye_like(a) if result is None else result


def multi_dot(arrays: Sequence[Any]) -> Any:
    result = arrays[0]
    for x in arrays[1:]:
        result = matmul(result, x)
    return result


def tensorinv(a: Any, ind: int = 2) -> Any:
    shape = shape_of(a)
    size = int(onp.prod(shape[ind:], dtype=int))
    return reshape(inv(reshape(a, (-1, size))), shape[ind:] + shape[:ind])


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    a = as_array(a)
    if axes is not None:
        rest = [i for i in range(len(a.shape)) if i not in axes]
        a = a.transpose((*rest, *axes))
    shape = a.shape[len(shape_of(b)) :]
    size = int(onp.prod(shape, dtype=int))
    return reshape(solve(reshape(a, (-1, size)), reshape(b, -1)), shape)
