"""Linear algebra.

Rules are for stacks of matrices on the last two axes.  Most of them are derived in M. Giles,
"An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); those of the decompositions of complex matrices follow M. Seeger et al.,
"Auto-differentiating linear algebra" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy.array import dtype_of
from minpy.inplace import getitem
from minpy.ops import products, reduction
from minpy.ops.creation import as_array
from minpy.ops.elementwise import absolute, conjugate, is_complex, real, real_part
from minpy.ops.products import einsum, matmul
from minpy.ops.reduction import axes_of, max, min, safe_sqrt, sum
from minpy.ops.shape import concatenate, expand_dims, moveaxis, reshape, shape_of, swapaxes
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

# ----- determinants

det = op(
    "linalg.det",
    lambda g, ans, a: column(column(g * ans)) * T(inv(a)),
    reads="ans x",
)


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
    core = off_diagonal_inverse(w) * (T(v) @ g_v) + eye_like(v) * expand_dims(g_w, -2)
    full = conjugate(v) @ core @ T(v)
    return (full + T(conjugate(full))) / 2


eigh = op("linalg.eigh", _eigh_rule, reads="ans")


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return eigh(a, UPLO=UPLO)[0]


def _eig_rule(g, ans, a):
    w, v = ans
    g_w, g_v = g
    vt_gv = T(v) @ g_v
    diag = einsum("...ii->...i", vt_gv)
    gram = T(v) @ conjugate(v)
    core = off_diagonal_inverse(w) * (vt_gv - gram * expand_dims(real(diag), -2))
    core = core + eye_like(v) * expand_dims(g_w, -2)
    return solve(T(v), core @ T(v))


eig = op("linalg.eig", _eig_rule, reads="ans")


def eigvals(a: Any) -> Any:
    return eig(a)[0]


def _svd_rule(g, ans, a, full_matrices=True):
    u, s, vh = ans
    v, rank = H(vh), s.shape[-1]
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


_svd = op("linalg.svd", _svd_rule, reads="ans")


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    if hermitian:
        raise no_gradient("linalg.svd with hermitian=True")
    if full_matrices and compute_uv and shape_of(a)[-1] != shape_of(a)[-2]:
        raise no_gradient("linalg.svd with full_matrices=True of matrices that are not square")
    parts = _svd(a, full_matrices=False)
    return parts if compute_uv else parts[1]


def svdvals(x: Any, /) -> Any:
    return svd(x, compute_uv=False)


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
        return max(size, axis=axis, keepdims=keepdims)
    if ord == -onp.inf:
        return min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(size * 0 + (size != 0), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    return sum(size**ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    if ord in ("fro", None):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        pick = {2: max, -2: min, "nuc": sum}[ord]
        result = pick(svdvals(x), axis=-1)
    elif ord in (1, -1):
        result = (max if ord > 0 else min)(sum(absolute(x), axis=-2), axis=-1)
    elif ord in (onp.inf, -onp.inf):
        result = (max if ord > 0 else min)(sum(absolute(x), axis=-1), axis=-1)
    else:
        raise ValueError(f"invalid norm order {ord!r} for matrices")
    return expand_dims(expand_dims(result, -1), -1) if keepdims else result


def cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = svdvals(x)
        ratio = max(s, axis=-1) / min(s, axis=-1)
        return 1 / ratio if p == -2 else ratio
    return norm(x, p, axis=(-2, -1)) * norm(inv(x), p, axis=(-2, -1))


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
