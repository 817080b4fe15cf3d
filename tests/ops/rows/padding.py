"""Frames around arrays."""

from ..checker import C, X, row

ROWS = [
    row(
        "pad",
        C(X(3), 2),
        C(X(2, 3), (1, 2)),
        C(X(2, 3), ((1, 0), (0, 2))),
        C(X(2, 3), 1, "constant", constant_values=3.0),
        C(X(2), (1, 2), mode="constant", constant_values=(1, 2)),
        C(X(2, 3), 0),
        types="fc",
    ),
    row(
        "pad",
        *(C(X(4, 3), 2, mode) for mode in ("edge", "reflect", "symmetric", "wrap")),
        types="fc",
    ),
    row("pad", C(X(3), (4, 5), mode="wrap"), C(X(3), (4, 5), mode="reflect"), C(X(0, 2), 1)),
    row(
        "pad",
        C(X(3), 2, constant_values=X()),
        C(X(2, 3), ((1, 2), (0, 1)), "constant", constant_values=X(2, 2)),
        C(X(3), (1, 2), "constant", constant_values=X(2)),
        mixed=False,
        types="fc",
    ),
    row(
        "pad",
        C(X(3), 2, "linear_ramp"),
        C(X(2, 3), ((3, 1), (0, 2)), "linear_ramp", end_values=((1, 2), (3.5, -1))),
        C(X(2, 2), (2, 3), "linear_ramp", end_values=X(2, 2)),
    ),
    row(
        "pad",
        *(
            C(X(4, 3), ((1, 2), (2, 0)), mode, **options)
            for mode in ("mean", "median", "maximum", "minimum")
            for options in ({}, {"stat_length": 2}, {"stat_length": ((3, 1), (2, 9))})
        ),
    ),
    row(
        "pad",
        *(
            C(X(4, 3), ((1, 2), (2, 0)), mode, reflect_type="odd")
            for mode in ("reflect", "symmetric")
        ),
        C(X(3), 1, "reflect", reflect_type="even"),
    ),
]
