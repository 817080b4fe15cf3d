"""Products, `numpy.linalg` and `numpy.fft`."""

import numpy as onp

from .call import call, call_since, each
from .data import (
    COLUMN,
    COMPLEX,
    COMPLEX_ROW,
    COMPLEX_SQUARE,
    CUBE,
    HERMITIAN,
    INTEGERS,
    PAIR,
    ROW,
    ROW2,
    SCALAR,
    SINGLE,
    SQUARE,
    SQUARES,
    SYMMETRIC,
    TALL,
    VECTOR,
    X,
    Y,
)

PRODUCTS = {
    "dot": [
        call(X, TALL),
        call(X, ROW),
        call(ROW, ROW2),
        call(SCALAR, X),
        call(CUBE, TALL),
        call(CUBE, SQUARES),
        call(X, TALL, onp.zeros((2, 2))),
        call(COMPLEX, TALL),
    ],
    "einsum": [
        call("ij,jk->ik", X, TALL),
        call("ij,ij", X, Y),
        call("ii->i", SQUARE),
        call("...j,j->...", CUBE, ROW),
        call("ij->", X),
        call("ij,j,i->j", X, ROW, PAIR, optimize=True),
        call(X, [0, 1], TALL, [1, 2], [0, 2]),
    ],
    "einsum_path": [call("ij,jk,k->i", X, TALL, PAIR)],
    "inner": [call(ROW, ROW2), call(X, Y), call(X, ROW), call(X, 2.0)],
    "kron": [call(X, TALL), call(ROW, PAIR), call(SQUARE, ROW)],
    "outer": [call(ROW, PAIR), call(X, ROW), call(COMPLEX_ROW, PAIR)],
    "tensordot": [
        call(X, TALL, 1),
        call(CUBE, X, axes=([2, 0], [1, 0])),
        call(X, Y),
        call(ROW, PAIR, axes=0),
    ],
    "trace": [call(SQUARE), call(SQUARE, 1), call(SQUARES, axis1=1, axis2=2)],
    "vdot": [call(ROW, ROW2), call(X, Y), call(COMPLEX_ROW, COMPLEX_ROW * 1j)],
}

LINALG = each("eig eigvals", call(SQUARE), call(SQUARES), call(COMPLEX_SQUARE)) | {
    "cholesky": [call(SYMMETRIC), call(onp.stack([SYMMETRIC, SYMMETRIC + 1])), call(HERMITIAN)],
    "cond": [call(SQUARE), call(SQUARE, 1), call(SQUARE, "nuc"), call(SQUARES)],
    "cross": [call(ROW, ROW2), call(X, Y)],
    "det": [call(SQUARE), call(SQUARES), call(COMPLEX_SQUARE)],
    "diagonal": [call(SQUARES), call(X, offset=1)],
    "eigh": [call(SYMMETRIC), call(HERMITIAN), call(SQUARES + SQUARES.swapaxes(1, 2))],
    "eigvalsh": [call(SYMMETRIC), call(HERMITIAN), call(SYMMETRIC, "U")],
    "inv": [call(SQUARE), call(SQUARES), call(COMPLEX_SQUARE)],
    "lstsq": [call(TALL, ROW, rcond=None), call(SQUARE, X.T, rcond=None)],
    "matmul": [call(X, TALL)],
    "matrix_norm": [call(X), call(SQUARES, keepdims=True), call(X, ord=1)],
    "matrix_power": [call(SQUARE, 3), call(SQUARE, 0), call(SQUARES, -2)],
    "matrix_rank": [call(SQUARE), call(X), call(SQUARES)],
    "matrix_transpose": [call(X), call(SQUARES)],
    "multi_dot": [call([X, TALL, PAIR]), call([X, SQUARE, TALL])],
    "norm": [
        call(ROW),
        call(X),
        call(X, axis=1),
        call(X, 1, axis=0, keepdims=True),
        call(ROW, 3),
        call(ROW, onp.inf),
        call(X, "fro"),
        call(X, "nuc"),
        call(X, 2),
        call(CUBE, axis=(0, 2)),
        call(SINGLE),
        call(COMPLEX),
        call(INTEGERS),
    ],
    "outer": [call(ROW, PAIR)],
    "pinv": [call(X), call(TALL), call(SQUARES)],
    "qr": [call(SQUARE), call(TALL), call(TALL, mode="r"), call(SQUARES)],
    "slogdet": [call(SQUARE), call(-SQUARES), call(COMPLEX_SQUARE)],
    "solve": [
        call(SQUARE, ROW),
        call(SQUARE, TALL),
        call_since(2, 0, SQUARES, SQUARE),
        call(COMPLEX_SQUARE, ROW),
    ],
    "svd": [
        call(X, full_matrices=False),
        call(SQUARE),
        call(TALL),
        call(SQUARES, compute_uv=False),
    ],
    "svdvals": [call(X), call(SQUARES)],
    "tensordot": [call(X, TALL, axes=1)],
    "tensorinv": [call(onp.eye(6).reshape(2, 3, 6) + 0.1, ind=2), call(SQUARE, 1)],
    "tensorsolve": [call(onp.eye(6).reshape(2, 3, 6) + 0.1, X)],
    "trace": [call(SQUARE), call(SQUARES, offset=1)],
    "vecdot": [call(X, Y), call(X, ROW)],
    "vector_norm": [call(ROW), call(X, axis=1, keepdims=True), call(X, ord=3)],
}

TRANSFORMS = (
    call(VECTOR),
    call(X, 4),
    call(X, axis=0),
    call(X, norm="ortho"),
    call(COMPLEX_ROW),
    call(SINGLE),
)
REAL_TRANSFORMS = (call(VECTOR), call(X, 4), call(X, axis=0), call(X, norm="forward"))
SEVERAL_AXES = (call(X), call(CUBE, axes=(0, 2)), call(X, s=(2, 2), axes=(0, 1)))

FFT = (
    each("fft ifft", *TRANSFORMS)
    | each("rfft ihfft", *REAL_TRANSFORMS)
    | each("irfft hfft", *REAL_TRANSFORMS, call(COMPLEX_ROW), call(COMPLEX, 5))
    | each("fft2 ifft2 fftn ifftn", *SEVERAL_AXES, call(COMPLEX, norm="ortho"))
    | each("rfft2 rfftn", *SEVERAL_AXES)
    | each("irfft2 irfftn", *SEVERAL_AXES, call(COMPLEX))
    | each("fftshift ifftshift", call(X), call(VECTOR, 0), call(COLUMN, axes=(0,)))
    | each("fftfreq rfftfreq", call(4), call(5, d=0.5))
)
