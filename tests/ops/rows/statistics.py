"""Averages, quantiles, covariances, histograms, and what there is of each value."""

import numpy as onp

from ..checker import C, P, X, row
from .reduction import holes

METHODS = """
    inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf hazen weibull
    median_unbiased normal_unbiased lower higher midpoint nearest
""".split()
PLACES = onp.array([2, 0, 2, 5])
Q = onp.array([0.1, 0.5, 0.77])
ROWS = [
    row(
        "average",
        C(X(3, 4)),
        C(X(3, 4), axis=0, keepdims=True),
        C(X(3, 4), weights=P(3, 4)),
        C(X(3, 4), axis=1, weights=P(4)),
        C(X(3, 4), axis=0, weights=P(3, 4), returned=True),
        C(X(3, 4), 1, returned=True),
        C(X(3, 4), axis=0, weights=[1.0, 2.0, 3.0]),
        types="fc",
    ),
    row(
        "quantile",
        C(X(5), 0.3),
        C(X(3, 4), Q),
        C(X(3, 4), Q, axis=0),
        C(X(3, 4), 0.25, axis=-1, keepdims=True),
        C(X(2, 3, 2), Q, axis=(0, 2), keepdims=True),
        C(X(3), Q.reshape(3, 1)),
        C(X(4), 1.0),
        C(X(), 0.5),
    ),
    row("percentile", C(X(5), 30), C(X(3, 4), [10, 50], axis=0), C(X(3, 4), 25.0, keepdims=True)),
    row(
        "cov",
        C(X(2, 4)),
        C(X(4)),
        C(X(3, 2), rowvar=False),
        C(X(2, 4), X(2, 4)),
        C(X(4), X(4)),
        C(X(2, 4), bias=True),
        C(X(2, 4), ddof=0),
        C(X(3, 2), X(3, 2), rowvar=False),
        types="fc",
    ),
    row("corrcoef", C(X(2, 4)), C(X(4), X(4)), C(X(4, 2), rowvar=False), types="f"),
    row("quantile", *(C(X(3, 5), Q, axis=1, method=m) for m in METHODS)),
    row("percentile", C(X(7), 33.0, method="hazen"), C(X(7), [10, 90], method="nearest")),
    row(
        "nanquantile",
        C(holes(3, 4), Q),
        C(holes(3, 4), Q, axis=0),
        C(holes(3, 4), 0.3, axis=-1, keepdims=True),
        C(holes(3, 4), 0.3, axis=1, method="nearest"),
        C(X(5), 0.4),
    ),
    row("nanpercentile", C(holes(3, 4), 30), C(holes(3, 4), [20, 70], axis=1, method="hazen")),
    row("nanmedian", C(holes(3, 4)), C(holes(3, 4), axis=0), C(holes(3, 4), 1, keepdims=True)),
    row(
        "cov",
        C(X(2, 4), aweights=P(4)),
        C(X(2, 4), fweights=onp.array([1, 2, 0, 3])),
        C(X(2, 4), fweights=onp.array([1, 2, 1, 3]), aweights=P(4), ddof=2),
        C(X(4), aweights=P(4), bias=True),
    ),
    row("bincount", C(PLACES, X(4)), C(PLACES, weights=X(4), minlength=9), C([0, 0], X(2))),
    row(
        "histogram",
        C(onp.array([0.1, 0.2, 0.8, 1.0]), 3, (0, 1), weights=X(4)),
        C(onp.array([0.1, 0.2, 0.8, 1.7]), 4, weights=P(4), density=True),
        C(onp.array([0.1, 0.2, 0.8, 1.7]), [0.0, 0.2, 1.0], weights=X(4)),
        C(onp.eye(3), 2, (-1, 1), weights=P(3, 3)),
    ),
    row(
        "unique",
        C(X(4)),
        C(X(2, 3), True, True, True),
        C(X(3, 2), axis=0),
        C([X(), 1.0, 1.0], return_counts=True),
        call=lambda np, x, *args, **kwargs: np.unique(np.array(x), *args, **kwargs),
    ),
    row(
        "apply_along_axis",
        C(0, X(3, 4)),
        C(1, X(2, 3, 2)),
        C(-1, X(3)),
        call=lambda np, axis, x: [
            np.apply_along_axis(lambda r: np.sum(r * r), axis, x),
            np.apply_along_axis(lambda r, k: r[::-1] * k, axis, x, 2.0),
            np.apply_along_axis(lambda r: np.outer(r, r), axis, x),
        ],
        types="fc",
    ),
]
