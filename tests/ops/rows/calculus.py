"""Differences, integrals, interpolation, convolution, spaces between numbers."""

import numpy as onp

from ..checker import Arg, C, P, X, row

T = onp.array([0.0, 0.5, 1.5, 2.0])


def increasing(*shape: int) -> Arg:
    return Arg(shape, change=lambda x: onp.sort(x.real))


DIFFERENCES = [
    row(
        "diff",
        C(X(5)),
        C(X(3, 4), axis=0),
        C(X(5), n=2),
        C(X(5), 0),
        C(X(3, 4), 3, -1),
        C(X(1)),
        types="fc",
    ),
    row(
        "diff",
        C(X(4), prepend=X(1)),
        C(X(4), append=X(2)),
        C(X(2, 3), prepend=1.0, append=2.0),
        C(X(3), 1, -1, 0.5),
    ),
    row("ediff1d", C(X(4)), C(X(2, 3)), C(X(4), to_end=X(1), to_begin=X(2)), C(X(4), 9.0)),
    row(
        "gradient",
        C(X(5)),
        C(X(5), 2.0),
        C(X(3, 4)),
        C(X(3, 4), axis=0),
        C(X(3, 4), 0.5, 2.0),
        C(X(3, 4), axis=(1, 0)),
        C(X(2)),
        types="fc",
    ),
    row(
        "gradient",
        C(X(5), edge_order=2),
        C(X(4), T),
        C(X(4, 3), T, axis=0, edge_order=2),
        C(X(3, 4), 2.0, T),
    ),
    row(
        "unwrap",
        C(X(5)),
        C(Arg((6,), -9, 9)),
        C(Arg((2, 4), -9, 9), axis=0),
        C(Arg((4,), -3, 3), period=1.3),
    ),
]

INTEGRALS = [
    row(
        name,
        C(X(5)),
        C(X(4), T),
        C(X(3, 4), dx=0.5, axis=0),
        C(X(3, 4), X(4)),
        C(X(3, 4), X(3, 4), axis=0),
        types="fc",
    )
    for name in ("trapezoid", "trapz")
] + [
    row(
        "interp",
        C(onp.array([0.3, 1.7, 1.9]), T, X(4)),
        C(Arg((3,), 0.1, 1.9), T, X(4)),
        C(1.1, T, X(4)),
    ),
    row(
        "interp",
        C(X(2, 3), T, X(4)),
        C(X(3), T, X(4), left=-1.0, right=2.0),
        C(0.7, increasing(4), X(4)),
    ),
    row(
        "interp",
        C(X(3), onp.array([0.1, 0.7, 2.2]), X(3), period=2.5),
        C(X(2, 2), onp.array([2.2, 0.1, 0.7]), X(3), None, None, -2.5),
        C(0.3, onp.array([0.2, 3.7, 1.4]), X(3), period=3),
    ),
    row("interp", C(X(3), increasing(4), X(4)), C(X(), T, X(4)), C(X(3), T, onp.arange(4.0))),
]

MODES = ("full", "same", "valid")
CONVOLUTION = [
    row(
        "convolve",
        *(C(X(5), X(3), m) for m in MODES),
        *(C(X(2), X(5), m) for m in MODES),
        C(X(4), X(4)),
        types="fc",
    ),
    row(
        "convolve",
        C(X(4), X(2), mode="same"),
        C(X(2), X(4), "same"),
        C(X(5), [1.0, 2.0]),
        C(X(1), X(3)),
    ),
    row(
        "correlate",
        *(C(X(5), X(3), m) for m in MODES),
        *(C(X(2), X(5), m) for m in MODES),
        C(X(4), X(4)),
        types="fc",
    ),
    row(
        "correlate",
        *(C(X(n), X(m), "same") for n in (2, 3, 4, 5) for m in (2, 3, 4, 5)),
        types="fc",
    ),
]

SPACES = [
    row(
        "linspace",
        C(X(), X(), 4),
        C(X(2), X(2), 3),
        C(X(), 2.0, 5, endpoint=False),
        C(X(2), X(), 3, axis=-1),
        types="fc",
    ),
    row("linspace", C(X(), X(), 1), C(X(), X(), num=0), C(0, X())),
    row("linspace", C(X(), X(), 3, retstep=True), call=lambda np, *a, **k: np.linspace(*a, **k)),
    row("geomspace", C(P(), P(), 4), C(P(2), P(2), 3), C(P(), P(), 5, endpoint=False)),
    row("logspace", C(X(), X(), 4), C(X(2), X(2), 3, base=2.0), C(X(), X(), 3, base=P())),
]

ROWS = DIFFERENCES + INTEGRALS + CONVOLUTION + SPACES
