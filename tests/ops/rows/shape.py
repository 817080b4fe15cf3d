"""Moving axes, joining, splitting, repeating, padding; lists of arrays and lists of results."""

import numpy as onp

from ..checker import C, X, row

MOVING = [
    row(
        "reshape",
        C(X(2, 6), (3, 4)),
        C(X(2, 6), -1),
        C(X(2, 6), (3, -1), order="F"),
        C(X(2, 6), (2, 3, 2), order="A"),
        C(X(), (1, 1)),
        C(X(1), ()),
        C(X(0, 3), (3, 0)),
        types="fc",
    ),
    row("ravel", C(X(2, 3)), C(X(2, 3), order="F"), C(X()), C(X(0, 3)), types="fc"),
    row("ravel", C(X(2, 3)), C(X()), types="fc", call=lambda np, x: (x.flatten(), x.ravel("F"))),
    row("ravel", C(X(2, 3)), C(X(3, 2)), call=lambda np, x: (np.ravel(x.T, "A"), x.ravel("A"))),
    row(
        "transpose",
        C(X(2, 3)),
        C(X(2, 3, 4), (1, 2, 0)),
        C(X(2, 3, 4), axes=(-1, 0, 1)),
        C(X()),
        C(X(0, 3)),
        types="fc",
    ),
    row("transpose", C(X(2, 3, 4)), call=lambda np, x: (x.T, x.transpose(1, 0, 2))),
    row("permute_dims", C(X(2, 3)), C(X(2, 3, 4), (1, 2, 0)), types="fc"),
    row("matrix_transpose", C(X(2, 3)), C(X(2, 3, 4)), types="fc"),
    row("linalg.matrix_transpose", C(X(2, 3)), C(X(2, 3, 4)), types="fc"),
    row("swapaxes", C(X(2, 3), 0, 1), C(X(2, 3, 4), -1, 0), types="fc"),
    row("moveaxis", C(X(2, 3, 4), 0, -1), C(X(2, 3, 4), (0, 1), (-1, 0)), types="fc"),
    row("rollaxis", C(X(2, 3, 4), 2), C(X(2, 3, 4), 0, 3), C(X(2, 3, 4), -2, -1), types="fc"),
    row(
        "squeeze", C(X(1, 3, 1)), C(X(1, 3, 1), axis=0), C(X(1, 3, 1), (0, -1)), C(X(1)), types="fc"
    ),
    row("expand_dims", C(X(2, 3), 1), C(X(2), (0, -1)), C(X(), 0), C(X(0), -1), types="fc"),
    row("atleast_1d", C(X()), C(X(2, 3)), C(X(), X(2)), types="fc"),
    row("atleast_2d", C(X()), C(X(2)), C(X(2, 3)), C(X(), X(2)), types="fc"),
    row("atleast_3d", C(X()), C(X(2)), C(X(2, 3)), C(X(1, 2, 3)), C(X(), X(2)), types="fc"),
    row(
        "broadcast_to",
        C(X(3), (2, 3)),
        C(X(1, 3), (2, 4, 3)),
        C(X(), (2, 2)),
        C(X(3), 3),
        types="fc",
    ),
    row("broadcast_to", C(X(1), (0, 3)), C(X(0), (2, 0)), C(X(3), (0, 3))),
    row("broadcast_arrays", C(X(3), X(2, 1)), C(X(), X(2)), C(X(2)), types="fc"),
    row(
        "meshgrid",
        C(X(2), X(3)),
        C(X(2), X(3), indexing="ij"),
        C(X(2), X(3), X(4)),
        C(X(2), X(3), sparse=True),
        C(X(2)),
        C(X(), X(2, 2)),
        types="fc",
    ),
    row("flip", C(X(2, 3)), C(X(2, 3), 1), C(X(2, 3), axis=(0, -1)), C(X(0, 3), 0), types="fc"),
    row("flipud", C(X(2, 3)), C(X(3)), types="fc"),
    row("fliplr", C(X(2, 3)), C(X(2, 3, 2)), types="fc"),
    row("rot90", *(C(X(2, 3), k) for k in range(-1, 5)), C(X(2, 3, 2), 1, (1, 2)), types="fc"),
    row("rot90", C(X(2, 3, 2), k=3, axes=(-1, 0)), C(X(2, 3), 2, axes=(1, 0))),
    row(
        "roll", C(X(2, 3), 1), C(X(2, 3), -1, 1), C(X(2, 3), (1, 2), (0, 1)), C(X(5), 7), types="fc"
    ),
    row("roll", C(X(2, 3), 2, axis=(0, 1)), C(X(2, 3), (1, 1), 1), C(X(2, 3), [1, 2], [0, 1])),
    row("roll", C(X(2, 3), (1, 2), axis=0), C(X(0), 1), C(X(), 1), C(X(4), onp.array(2))),
    row("fft.fftshift", C(X(5)), C(X(4, 3)), C(X(4, 3), axes=0), C(X(4, 3), (0, -1)), types="fc"),
    row("fft.ifftshift", C(X(5)), C(X(4, 3)), C(X(4, 3), axes=0), C(X(4, 3), (0, -1)), types="fc"),
]

JOINING = [
    row(
        "concatenate",
        C([X(2, 3), X(1, 3)]),
        C([X(2, 3), X(2, 1)], axis=1),
        C([X(2, 3), X(2, 1)], axis=-1),
        C((X(2, 3), X(4)), axis=None),
        C([X(2), onp.ones(3)]),
        C([X(2), [1.0, 2.0]]),
        C([X(0, 3), X(2, 3)], 0),
        C([X(3)]),
        C([X(2), X(1), X(3)]),
        types="fc",
    ),
    row("concatenate", C(X(3, 2)), C(X(3, 2, 2), axis=1), types="fc"),
    row("concat", C([X(2, 3), X(1, 3)]), C([X(2, 3), X(2, 1)], axis=1)),
    row(
        "stack",
        C([X(2), X(2)]),
        C([X(2, 3), X(2, 3)], axis=-1),
        C((X(), X())),
        C(X(3, 2)),
        types="fc",
    ),
    row("vstack", C([X(3), X(2, 3)]), C([X(3), X(3)]), C([X(), X()]), types="fc"),
    row("row_stack", C([X(3), X(2, 3)])),
    row("hstack", C([X(3), X(2)]), C([X(2, 3), X(2, 1)]), C([X(), X()]), types="fc"),
    row("dstack", C([X(3), X(3)]), C([X(2, 3), X(2, 3)]), C([X(2, 3, 1), X(2, 3, 2)]), types="fc"),
    row("column_stack", C([X(3), X(3, 2)]), C([X(3), X(3)]), types="fc"),
    row("append", C(X(3), X(2)), C(X(2, 3), X(1, 3), 0), C(X(2, 3), 1.0), C(X(2), X()), types="fc"),
    row("block", C([X(2), X(1)]), C([[X(2, 2), X(2, 1)], [X(1, 2), X(1, 1)]]), C(X(2)), types="fc"),
    row("block", C([[X(2), X(1)], [1.0, 2.0, X()]]), C([X(), 2.0])),
    row(
        "array", C([X(), X()]), C([[X(), 1.0], [2.0, X()]]), C([X(2), X(2)]), C(X(2, 3)), types="fc"
    ),
    row(
        "array",
        C([X(), 2], ndmin=2),
        C([X(), X()], dtype=complex),
        call=lambda np, *a, **k: np.array(*a, **k),
    ),
    row("asarray", C([X(), X()]), C(X(3)), C([X(2), [1.0, 2.0]])),
    row("full", C((2, 3), X()), C(3, X()), C((2, 3), X(3)), types="fc"),
    row("full_like", C(onp.ones((2, 3)), X()), C(onp.ones((2, 3)), X(3))),
]

SPLITTING = [
    row(
        "array_split",
        C(X(5), 2),
        C(X(4, 3), 3),
        C(X(4, 3), [1, 3], axis=0),
        C(X(5), [2, 9]),
        types="fc",
    ),
    row(
        "split",
        C(X(6), 3),
        C(X(4, 3), 3, axis=-1),
        C(X(4, 3), [1, -1]),
        C(X(4), [3, 1]),
        types="fc",
    ),
    row("vsplit", C(X(4, 3), 2), C(X(4, 3), [1]), types="fc"),
    row("hsplit", C(X(4, 2), 2), C(X(4), [1]), types="fc"),
    row("dsplit", C(X(2, 2, 4), 2), C(X(2, 2, 3), [1]), types="fc"),
    row("unstack", C(X(2, 3)), C(X(2, 3), axis=1), types="fc"),
]

REPEATING = [
    row(
        "tile",
        C(X(3), 2),
        C(X(2, 3), (2, 1)),
        C(X(2), (3, 1, 2)),
        C(X(), 3),
        C(X(2, 2), 2),
        types="fc",
    ),
    row("tile", C(X(2), ()), C(X(2), 0), C(X(2, 3), [1, 1, 2])),
    row(
        "repeat",
        C(X(3), 2),
        C(X(2, 3), 2, axis=0),
        C(X(2, 3), [1, 0, 2], axis=-1),
        C(X(), 3),
        types="fc",
    ),
    row("resize", C(X(2, 3), (3, 3)), C(X(4), 2), C(X(2), (3, 2)), types="fc"),
]

SOME = [
    row(
        "delete", C(X(5), 1), C(X(4, 3), [0, 2], axis=0), C(X(4, 3), slice(1, 3), 0), C(X(2, 3), -1)
    ),
    row("delete", C(X(4), onp.array([True, False, True, False])), C(X(2, 3), [], 1), types="fc"),
    row(
        "insert",
        C(X(4), 1, X()),
        C(X(4), [1, 3], X(2)),
        C(X(2, 3), 1, X(3), axis=0),
        C(X(2, 3), 1, X(2), axis=1),
        C(X(2, 3), 0, X(), axis=1),
        C(X(4), 2, X(3)),
        C(X(2, 3), [0, 2], X(2, 2), axis=1),
        C(X(2, 3), [1], X(2, 1), axis=1),
        C(X(4), slice(1, 3), X(2)),
        C(X(4), [1, 3], [X(), 5.0]),
        C(X(4), [2], X(3)),
        C(X(4), -1, X()),
        C(X(4), [1, 1, 2], X()),
        C(X(2, 3), 1, X()),
        types="fc",
        mixed=False,
    ),
    row(
        "trim_zeros",
        C([0.0, X(), 1.0, 0.0]),
        C([0.0, X(), 0.0], "f"),
        call=lambda np, x, *a: np.trim_zeros(np.array(x), *a),
    ),
]

ROWS = MOVING + JOINING + SPLITTING + REPEATING + SOME
