"""Polynomials by their coefficients."""

import numpy as onp

from ..checker import C, P, X, row

T = onp.array([0.0, 0.5, 1.5, 2.0])

ROWS = [
    row(
        "polyval",
        C(X(3), X(4)),
        C(X(3), 2.0),
        C([1.0, 2.0], X(2, 3)),
        C(X(1), X(2)),
        C(X(3), X()),
        types="fc",
    ),
    row("vander", C(X(3)), C(X(3), 2), C(X(3), 4, True), C(X(3), increasing=True), types="fc"),
    row("polyadd", C(X(3), X(2)), C(X(2), X(4)), C(X(), X(3)), C(X(2), [1.0, 2.0]), types="fc"),
    row("polysub", C(X(3), X(2)), C(X(2), X(4)), C(X(3), 2.0), types="fc"),
    row("polymul", C(X(3), X(2)), C(X(1), X(3)), C([0.0, 1.0, 2.0], X(2)), types="fc"),
    row("polyder", C(X(4)), C(X(4), 2), C(X(2), m=3), C(X(3), 0), types="fc"),
    row(
        "polyint",
        C(X(3)),
        C(X(3), 2, [1.0, 2.0]),
        C(X(3), m=2, k=X(2)),
        C(X(3), 2, X()),
        C(X(3), 0),
        mixed=False,
        types="fc",
    ),
    row(
        "roots",
        C(X(2)),
        C([0.0, 1.0, X(), -4.0, 0.0]),
        call=lambda np, p: np.roots(np.array(p)),
        tolerance=1e-5,
    ),
    row("poly", C(X(3)), C(X(1)), C(X(2, 2)), C([X(), 1.0]), tolerance=1e-5),
    row(
        "polyfit",
        C(T, X(4), 1),
        C(T, X(4, 2), 2),
        C(T, X(4), deg=2, w=P(4)),
        C(X(4), X(4), 1),
        C(X(4), T, 3),
        tolerance=1e-5,
    ),
]
