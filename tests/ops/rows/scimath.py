"""Functions whose results become complex outside of their domain: here, inside of it."""

from ..checker import C, P, U, row

ROWS = [
    *(row(f"emath.{name}", C(P(2, 3)), C(P())) for name in ("sqrt", "log", "log2", "log10")),
    row("emath.logn", C(2.0, P(3)), C(P(), P(2))),
    row("emath.power", C(P(3), 2), C(P(3), 0.5), C(P(2), P(2)), C(P(2), -1)),
    *(row(f"emath.{name}", C(U(2, 3)), C(U())) for name in ("arccos", "arcsin", "arctanh")),
]
