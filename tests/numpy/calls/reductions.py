"""Reductions, statistics, sorting, searching, sets and polynomials."""

import numpy as onp

from .call import call, call_since, each
from .data import (
    ASCENDING,
    COLUMN,
    COMPLEX,
    COMPLEX_ROW,
    CUBE,
    EMPTY,
    FLAGS,
    GAPS,
    INTEGERS,
    INTEGERS2,
    LABELS,
    OUT,
    PAIR,
    POSITIVE,
    ROW,
    ROW2,
    SCALAR,
    SINGLE,
    VECTOR,
    WEIGHTS,
    X,
    Y,
)

ALONG_AXES = (
    call(X),
    call(X, 1),
    call(CUBE, axis=(0, 2)),
    call(X, axis=-1, keepdims=True),
    call(SINGLE),
    call(SCALAR),
    call(INTEGERS),
    call(X, axis=0, out=ROW),
)
ONE_AXIS = (call(X), call(X, 0), call(X, axis=-1, keepdims=True), call(INTEGERS, axis=1))
QUANTILES = (
    call(VECTOR, 0.4),
    call(X, 0.3, axis=1),
    call(X, [0.25, 0.6], axis=0, keepdims=True),
    call(VECTOR, 0.4, method="nearest"),
)

REDUCTIONS = (
    each("all any alltrue sometrue", call(FLAGS), call(FLAGS, axis=1), call(X, 0, keepdims=True))
    | each("amax amin max min sum prod product mean nanmax nanmin nansum", *ALONG_AXES)
    | each("nanprod nanmean", *ALONG_AXES)
    | each("std var nanstd nanvar", *ALONG_AXES, call(VECTOR, ddof=1), call(COMPLEX, axis=0))
    | each("median nanmedian", *ALONG_AXES)
    | each("argmax argmin nanargmax nanargmin", *ONE_AXIS, call(CUBE, axis=2))
    | each("cumsum cumprod cumproduct", call(X), call(X, 1), call(X, axis=0, out=OUT))
    | each("nancumsum nancumprod", call(X), call(GAPS, 1))
    | each("cumulative_sum cumulative_prod", call(ROW), call(X, axis=1, include_initial=True))
    | each("percentile nanpercentile quantile nanquantile", *QUANTILES)
    | each("trapezoid trapz", call(VECTOR), call(VECTOR, ASCENDING), call(X, dx=0.5, axis=0))
    | each("histogram histogram_bin_edges", call(VECTOR, 3), call(X, [-1.0, 0.2, 1.0]))
    | each("correlate convolve", call(VECTOR, ROW), call(ROW, ROW2, "full"), call(VECTOR, PAIR))
    | each("sort", call(X), call(CUBE, axis=0), call(VECTOR, None), call(INTEGERS))
    | each("argsort", call(X), call(CUBE, axis=0), call(VECTOR, kind="stable"))
    | each("partition argpartition", call(VECTOR, 2), call(X, 1, axis=1))
    | each("unique", call(LABELS), call(X), call(LABELS, True, True, return_counts=True))
    | each("unique_all unique_counts unique_inverse unique_values", call(LABELS), call(VECTOR))
    | each("intersect1d setdiff1d setxor1d union1d", call(LABELS, [1, 2, 5]), call(ROW, ROW2))
    | each("isin in1d", call(LABELS, [1, 2]), call(ROW, ROW2))
    | each("around round round_ fix", call(X), call(POSITIVE, out=OUT), call(SINGLE))
    | each("allclose isclose", call(X, Y), call(X, X + 1e-12), call(X, 0.3, atol=0.1))
    | each("array_equal array_equiv", call(X, X), call(X, Y), call(X, ROW), call(LABELS, [1, 2]))
    | each("iscomplex isreal iscomplexobj isrealobj", call(X), call(COMPLEX), call(INTEGERS))
    | each("isneginf isposinf", call(X), call(onp.array([-onp.inf, onp.inf])))
    | each("real imag", call(X), call(COMPLEX), call(2.5))
    | each("real_if_close", call(X), call(COMPLEX), call(X + 0j))
    | each("sinc i0", call(X), call(SCALAR))
    | each("polyadd polysub polymul", call(ROW, ROW2), call(VECTOR, PAIR), call([1, 2], [3, 4]))
    | each("digitize", call(VECTOR, [-1.0, 0.4, 2.0]), call(X, ROW2[:1], right=True))
    | {
        "angle": [call(X), call(COMPLEX), call(COMPLEX, deg=True)],
        "argwhere": [call(X), call(FLAGS)],
        "average": [
            call(X),
            call(X, axis=1, weights=WEIGHTS),
            call(X, weights=POSITIVE, returned=True),
            call(X, axis=0, keepdims=True),
        ],
        "bincount": [call(LABELS), call(LABELS, VECTOR), call(LABELS, minlength=5)],
        "clip": [
            call(X, -0.5, 0.5),
            call(X, ROW2 - 1, 0.5),
            call(X, None, ROW),
            call(X, -0.5, 0.5, out=OUT),
            call(INTEGERS, 2, 4),
        ],
        "corrcoef": [call(X), call(ROW, ROW2), call(CUBE[0], rowvar=False)],
        "count_nonzero": [call(X), call(FLAGS, axis=1), call(INTEGERS, keepdims=True)],
        "cov": [
            call(X),
            call(ROW, ROW2),
            call(X, rowvar=False, bias=True),
            call(X, aweights=WEIGHTS),
        ],
        "cross": [call(ROW, ROW2), call(X, Y), call(X.T, Y.T, axis=0)],
        "diff": [call(VECTOR), call(X, 2), call(X, axis=0), call(VECTOR, prepend=0.0)],
        "ediff1d": [call(VECTOR), call(X, to_begin=0.5, to_end=ROW)],
        "gradient": [
            call(VECTOR),
            call(X, 0.5),
            call(CUBE[:, 0], axis=1, edge_order=2),
            call(VECTOR, ASCENDING),
        ],
        "histogram2d": [call(VECTOR, ASCENDING, 2), call(ROW, ROW2, bins=[2, 3])],
        "histogramdd": [call(CUBE[0].T, bins=2), call([ROW, ROW2], 2)],
        "interp": [call(X, ASCENDING, VECTOR), call(0.5, ASCENDING, VECTOR, left=-1.0)],
        "lexsort": [call((ROW, ROW2)), call((LABELS, LABELS[::-1]))],
        "msort": [call(X)],
        "nan_to_num": [call(X), call(GAPS), call(GAPS, nan=0.5), call(GAPS, copy=False)],
        "poly": [call(ROW), call(onp.array([[2.0, 0.3], [0.1, 1.0]]))],
        "polyder": [call(VECTOR), call(VECTOR, 2)],
        "polydiv": [call(VECTOR, ROW), call(ROW, PAIR)],
        "polyfit": [
            call(ASCENDING, VECTOR, 2),
            call(ASCENDING, VECTOR, 1, w=POSITIVE.ravel()),
            call(ASCENDING, VECTOR, 1, full=True),
        ],
        "polyint": [call(VECTOR), call(ROW, 2, k=[0.5, 1.5])],
        "polyval": [call(VECTOR, X), call([1.0, 2.0, 3.0], ROW), call(ROW, 1.5)],
        "ptp": [call(X), call(X, 1), call(X, axis=0, keepdims=True), call(INTEGERS)],
        "roots": [call(VECTOR), call(onp.array([1.0, -3.0, 2.0]))],
        "sort_complex": [call(ROW), call(COMPLEX_ROW)],
        "unwrap": [call(3 * VECTOR), call(4 * X, axis=0), call(3 * VECTOR, discont=4.0)],
    }
)
for name in ("sum", "prod", "max", "min"):
    REDUCTIONS[name] += [
        call(X, where=FLAGS, initial=0.5),
        call(X, axis=1, initial=0.25),
        call(CUBE, axis=None, keepdims=True),
    ]
for name in ("sum", "prod", "cumsum", "cumprod", "mean", "diff"):
    REDUCTIONS[name].append(call(COMPLEX, axis=0))
for name in ("sum", "mean", "prod", "cumsum", "std"):
    REDUCTIONS[name].append(call(X, axis=1, dtype=onp.float32))
for name in ("sum", "prod"):
    REDUCTIONS[name] += [call(EMPTY), call(EMPTY, axis=0), call([1, 2, 3]), call(FLAGS)]
for name in ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanstd", "nanvar", "nanmedian"):
    REDUCTIONS[name].append(call(GAPS, axis=0))
for name in ("mean", "var", "std"):
    REDUCTIONS[name].append(call(X, where=FLAGS, axis=1))
for name in ("var", "std"):
    REDUCTIONS[name] += [call_since(2, 0, X, correction=1), call_since(2, 0, X, 1, mean=COLUMN)]
REDUCTIONS["argmax"].append(call(FLAGS))
REDUCTIONS["around"].append(call(POSITIVE, 1))
REDUCTIONS["round"].append(call(SINGLE, decimals=2))
REDUCTIONS["bincount"].append(call(INTEGERS2.ravel()))
REDUCTIONS["histogram"] += [call(VECTOR, 2, weights=POSITIVE.ravel()), call(X, 2, density=True)]
