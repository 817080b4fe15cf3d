"""Reductions over axes, keepdims, 0-d and empty arrays; running totals; statistics."""

import numpy as onp

from ..checker import Arg, C, Row, X, row

# ---------------------------------------------------------------------------- one number of many


def reduction(
    name: str, domain=X, types="fc", empty=True, several=True, extra=(), **options
) -> Row:
    cases = [C(domain(3, 4)), C(domain(3, 4), axis=0), C(domain(3, 4), axis=-1)]
    cases += [C(domain(2, 3, 2), axis=1, keepdims=True), C(domain(2, 3), keepdims=True)]
    cases += [C(domain(3, 4), 1), C(domain(1, 3), axis=0), C(domain(4)), C(domain())]
    if several:
        cases += [C(domain(2, 3, 2), axis=(0, 2)), C(domain(2, 3, 2), axis=(-1, 0), keepdims=True)]
        cases += [C(domain(2, 3), axis=(0, 1)), C(domain(1, 3), axis=())]
    if empty:
        cases += [C(domain(0)), C(domain(0, 3), axis=0), C(domain(2, 0), axis=-1, keepdims=True)]
    cases += [C(domain(3, 0), axis=0), C(domain(0, 2), axis=1)]
    return row(name, *cases, *extra, types=types, **options)


def holes(*shape: int) -> Arg:
    """Numbers with NaN among them, but not in every place of any row."""

    def change(x):
        if x.size > 3 and x.ndim:
            x = x.copy()
            x.reshape(-1)[:: x.shape[-1] + 1] = onp.nan
        return x

    return Arg(shape, change=change)


DDOF = (C(X(3, 4), axis=0, ddof=1), C(X(3, 4), ddof=2.0, keepdims=True))
WHERE = (C(X(2, 3), where=onp.array([True, False, True])),)
INITIAL = (C(X(2, 3), axis=0, initial=0.5), C(X(2, 3), initial=5.0))

REDUCTIONS = [
    reduction("sum", extra=(*WHERE, *INITIAL, C(X(0), initial=1.0))),
    row("sum", C(X(2, 3), dtype=onp.float64), C(X(3), dtype="float32"), tolerance=1e-1),
    row("mean", C(X(2, 3), dtype=onp.float64), C(X(3), 0, "complex128")),
    reduction("mean", empty=False),
    reduction("prod", extra=(*WHERE, *INITIAL)),
    reduction("var", empty=False, several=False, extra=DDOF),
    reduction("var", empty=False, types="f", call=lambda np, *a, **k: np.var(*a, **k) + 1),
    reduction("std", lambda *s: X(*s) if s else X(2), empty=False, several=False, extra=DDOF),
    reduction("max", types="f", empty=False, extra=INITIAL),
    reduction("min", types="f", empty=False, extra=INITIAL),
    reduction("amax", types="f", empty=False),
    reduction("amin", types="f", empty=False),
    reduction("ptp", types="f", empty=False),
    reduction("nansum", holes, extra=(C(X(2, 3)),)),
    reduction("nanprod", holes, extra=(C(X(2, 3)),)),
    reduction("nanmax", holes, types="f", empty=False),
    reduction("nanmin", holes, types="f", empty=False),
    reduction("nanmean", holes, empty=False),
    reduction("nanvar", holes, empty=False, extra=(C(holes(4, 3), axis=0, ddof=1),)),
    row("nanstd", C(holes(4, 3)), C(holes(4, 3), axis=0), C(holes(3, 4), axis=-1, keepdims=True)),
    reduction("median", types="f", empty=False),
    reduction("median", lambda *s: X(*(n + 1 for n in s)), types="f", empty=False),
]

# ---------------------------------------------------------------------------- products with zeros


def zeros_at(*places: int):
    def domain(*shape: int) -> Arg:
        def change(x):
            x = x.copy()
            for place in places:
                x.reshape(-1)[place] = 0
            return x

        return Arg(shape, change=change)

    return domain


ONE, TWO = zeros_at(1), zeros_at(1, 2)
ZEROS = [
    row("prod", C(ONE(4)), C(TWO(4)), C(ONE(2, 3), axis=0), C(TWO(2, 3), axis=1), types="fc"),
    row("cumprod", C(ONE(4)), C(TWO(4)), C(ONE(2, 3), axis=0), C(TWO(2, 3), axis=1), types="fc"),
]

# ---------------------------------------------------------------------------- running totals


def cumulative(name: str, domain=X, types: str = "fc") -> Row:
    cases = [
        C(domain(3, 4)),
        C(domain(3, 4), axis=0),
        C(domain(2, 3, 2), 1),
        C(domain(3, 4), axis=-1),
    ]
    cases += [
        C(domain(4)),
        C(domain()),
        C(domain(0)),
        C(domain(0, 3), axis=0),
        C(domain(3, 0), axis=0),
    ]
    return row(name, *cases, types=types)


CUMULATIVE = [
    cumulative("cumsum"),
    cumulative("cumprod"),
    cumulative("nancumsum", holes),
    cumulative("nancumprod", holes),
    row(
        "cumulative_sum",
        C(X(4)),
        C(X(3, 4), axis=0),
        C(X(3, 4), axis=-1, include_initial=True),
        types="fc",
    ),
    row("cumulative_prod", C(X(4)), C(X(3, 4), axis=0), C(X(3), include_initial=True), types="fc"),
]

# ---------------------------------------------------------------------------- diagonals

DIAGONALS = [
    row(
        "trace",
        C(X(3, 3)),
        C(X(3, 4), offset=1),
        C(X(4, 3), -2),
        C(X(2, 3, 4), axis1=1, axis2=-1),
        C(X(3, 4), offset=7),
        types="fc",
    ),
    row(
        "diagonal",
        C(X(3, 3)),
        C(X(3, 4), offset=1),
        C(X(4, 3), -2),
        C(X(2, 3, 4), axis1=-1, axis2=0),
        C(X(2, 3, 4), 1, 0, 2),
        types="fc",
    ),
    row("linalg.diagonal", C(X(3, 4)), C(X(2, 3, 4)), C(X(2, 3, 4), offset=-1), types="fc"),
    row("linalg.trace", C(X(3, 4)), C(X(2, 3, 4)), C(X(2, 3, 4), offset=1), types="fc"),
]

ROWS = REDUCTIONS + ZEROS + CUMULATIVE + DIAGONALS
