"""Making arrays."""

import numpy as onp

from .call import call, call_since, each
from .data import (
    COMPLEX,
    CUBE,
    DAYS,
    EMPTY,
    FLAGS,
    GAPS,
    INTEGERS,
    PAIR,
    POSITIVE,
    ROW,
    ROW2,
    SCALAR,
    SINGLE,
    SQUARE,
    VECTOR,
    WORDS,
    X,
    Y,
)

CREATION = (
    each("empty zeros ones", call((2, 3)), call(3, dtype=onp.int32), call((), onp.float32))
    | each("empty_like zeros_like ones_like", call(X), call(X, dtype=int), call(INTEGERS, shape=4))
    | each(
        "asanyarray asarray ascontiguousarray asfortranarray",
        call(X),
        call([1, 2, 3]),
        call([ROW, ROW2]),
        call(INTEGERS, dtype=float),
        call(X, dtype=onp.float32),
    )
    | each("bartlett blackman hamming hanning", call(5), call(1))
    | {
        "arange": [call(5), call(1, 7, 2), call(0.5, 3.0, 0.5), call(3, dtype=onp.float32)],
        "array": [
            call(X),
            call([[1.0, 2.0], [3.0, 4.0]]),
            call([1, 2, 3]),
            call([ROW, ROW2]),
            call([[SCALAR, SCALAR], [1.5, SCALAR]]),
            call((True, 2, 3.5)),
            call(X, dtype=onp.float32),
            call(X, copy=True, ndmin=3, order="F"),
            call(WORDS),
            call(DAYS),
            call(2.5),
            call([]),
        ],
        "asarray_chkfinite": [call(X), call([1, 2])],
        "asfarray": [call(INTEGERS), call(X)],
        "asmatrix": [call(X), call([[1, 2]])],
        "astype": [call(X, onp.float32), call(INTEGERS, float), call(X, float, copy=False)],
        "block": [call([[X, X], [Y, Y]]), call([ROW, ROW2]), call([[1.0, ROW]])],
        "bmat": [call([[X, Y]])],
        "copy": [call(X), call(X, order="F"), call(INTEGERS)],
        "diag": [call(ROW), call(SQUARE), call(X, 1), call(ROW, k=-1)],
        "diag_indices": [call(3), call(2, ndim=3)],
        "diag_indices_from": [call(SQUARE)],
        "diagflat": [call(X), call(ROW, 1)],
        "eye": [call(3), call(2, 3, k=1), call(2, dtype=int)],
        "fastCopyAndTranspose": [call(X)],
        "from_dlpack": [call(X), call_since(2, 1, INTEGERS, copy=True)],
        "frombuffer": [call(bytes(range(16)), dtype=onp.int32), call(bytes(16))],
        "fromfunction": [call(lambda i, j: i + 2 * j, (2, 3)), call(onp.add, (2, 2), dtype=int)],
        "fromiter": [call([1, 2, 3], float), call(range(4), dtype=int, count=3)],
        "fromstring": [call("1 2 3", sep=" "), call("4, 5", dtype=int, sep=",")],
        "full": [call((2, 3), 1.5), call(2, 7), call((), True), call((2, 3), ROW)],
        "full_like": [call(X, 1.5), call(INTEGERS, 2), call(X, ROW), call(X, 1, dtype=int)],
        "geomspace": [
            call(1.0, 8.0, 4),
            call(PAIR, POSITIVE[0, :2], 3),
            call(1, 8, 3, endpoint=False),
        ],
        "identity": [call(3), call(2, dtype=int)],
        "indices": [call((2, 3)), call((2, 2), dtype=float), call((2, 3), sparse=True)],
        "ix_": [call([0, 1], [2, 0]), call(FLAGS[0], onp.array([1]))],
        "kaiser": [call(5, 2.0)],
        "linspace": [
            call(0.0, 1.0, 5),
            call(ROW, ROW2, 3),
            call(0, 1, 3, endpoint=False, retstep=True),
            call(ROW, 2.0, num=3, axis=-1),
            call(0, 5, 3, dtype=int),
        ],
        "logspace": [call(0.0, 2.0, 3), call(PAIR, PAIR + 1, 3), call(0, 3, 4, base=2.0)],
        "mask_indices": [call(3, onp.triu), call(3, onp.tril, -1)],
        "mat": [call(X)],
        "meshgrid": [
            call(ROW, ROW2),
            call(ROW, PAIR, indexing="ij", sparse=True),
            call(ROW, copy=False),
        ],
        "require": [call(X), call(INTEGERS, float, ["C", "W"])],
        "tri": [call(3), call(2, 3, k=-1, dtype=bool)],
        "tril": [call(SQUARE), call(X, k=1), call(CUBE, -1)],
        "triu": [call(SQUARE), call(X, k=1), call(CUBE, -1)],
        "tril_indices": [call(3), call(3, -1, 4)],
        "triu_indices": [call(3), call(3, 1, 4)],
        "tril_indices_from": [call(SQUARE), call(X, k=-1)],
        "triu_indices_from": [call(SQUARE), call(X, k=1)],
        "vander": [call(ROW), call(ROW, 2), call(VECTOR, increasing=True)],
    }
)
CREATION["zeros_like"] += [call(SINGLE), call(COMPLEX), call(GAPS), call(EMPTY), call([1, 2])]
