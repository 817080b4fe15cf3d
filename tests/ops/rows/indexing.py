"""Reading and writing by index, by condition, by order."""

import numpy as onp

from ..checker import Arg, C, Row, X, row

# ---------------------------------------------------------------------------- indexing of all kinds

A = onp.array
MASK = A([[True, False, True], [False, True, True]])


def reading(*indices, shape: tuple[int, ...] = (2, 3, 4)) -> Row:
    cases = [C(X(*shape), index) for index in indices]
    return row("getitem", *cases, types="fc", call=lambda np, x, index: x[index])


READING = [
    reading(0, -1, (0,), (1, 2), (1, -1, 2), onp.int64(1), (onp.int32(0), 1), A(1), (A(0), A(1))),
    reading(slice(None), slice(1, None), slice(None, None, -1), slice(5, 1), slice(-1, None)),
    reading((slice(None), 1), (slice(1), slice(None, None, 2)), (0, slice(2, 0, -1)), ()),
    reading(Ellipsis, (..., 1), (1, ...), (0, ..., 2), (..., slice(1, 3)), (slice(1), ..., 0)),
    reading(None, (None, 0), (slice(None), None, 1), (..., None), (None, ..., None)),
    reading([0, 1, 1], A([1, 0, 1, 1]), A([[0, 1], [1, 1]]), A([-1, 0]), A([1, 0], "uint8"), [1]),
    reading((A([0, 1]), A([1, 2])), ([0, 0, 1], [1, 1, 2]), (A([[0], [1]]), A([0, 2, 2]))),
    reading(
        (slice(None), [0, 2, 2]), (..., A([0, 0])), ([1, 1], ...), (slice(1), [2, 0], slice(2))
    ),
    reading((A([0, 1]), slice(None), A([1, 1])), (0, slice(None), A([1, 1])), (None, [0, 1], 1)),
    reading(
        (A([0, 1]), 1), (A([0, 1]), slice(None), 2), (A([0, 1]), None, A([2, 2])), (1, ..., [3, 3])
    ),
    reading(
        MASK, (MASK,), (MASK, 1), (0, MASK[0]), (slice(None), MASK[0]), (MASK[:, 0], 1), MASK[:, 1]
    ),
    reading((MASK[:, 0], slice(None), A([1])), (MASK[0, :2], A([1])), (..., A([True, False] * 2))),
    reading(
        MASK.tolist(), A(True), A(False), True, (True, 0), (slice(None), A([], int)), [], A([], int)
    ),
    reading(onp.ix_([0, 1], [2, 0]), onp.ix_([1], [0, 0], [3, 1]), onp.s_[::-1, 0:2], MASK & False),
    reading(0, -1, [2, 2], slice(1, None), [[0, 1], [1, 1]], A([True, False, True]), shape=(3,)),
    reading((), ..., None, (..., None), True, shape=()),
    reading(slice(None), [], (slice(None), 1), (slice(0), [0, 0]), shape=(0, 3)),
    row(
        "getitem",
        C(X(3, 4)),
        call=lambda np, x: [
            x[1:][0],
            x[:, 1][::-1],
            x.T[2],
            x[x > 0],
            list(x),
            x[np.argsort(x[:, 0])],
        ],
    ),
]


def writing(*pairs, shape: tuple[int, ...] = (2, 3)) -> Row:
    def call(np, x, value, index):
        y = x * 1.0
        y[index] = value
        y[..., 0] *= 2.0
        return y

    return row("write", *(C(X(*shape), v, i) for i, v in pairs), types="fc", mixed=False, call=call)


WRITING = [
    writing((0, X(3)), ((slice(None), 1), X(2)), ((1, 2), X()), (..., X(2, 3)), (slice(1), X(3))),
    writing((MASK, X(4)), (MASK, X()), (A([1, 0]), X(2, 3)), (([0, 1], [2, 2]), X(2)), ([0], 3.0)),
]

# ---------------------------------------------------------------------------- by condition

CONDITION = [
    row("where", C(MASK, X(2, 3), X(2, 3)), C(MASK, X(3), X()), C(MASK, X(2, 1), 1.0), types="fc"),
    row(
        "where", C(MASK, 2, X(2, 3)), C(A(True), X(2), X(2)), C(MASK[:0], X(3), X(0, 3)), types="fc"
    ),
    row("where", C([[1, 0, 2]], X(2, 3), X(2, 3)), C(X(3), X(3), X(3)), C(True, X(), X())),
    row("select", C([MASK, ~MASK], [X(2, 3), X(3)]), C([MASK], [X(2, 3)], 7.0), types="fc"),
    row("select", C([MASK, MASK[:, :1]], [X(2, 3), X(2, 3)], default=X(2, 3))),
    row(
        "piecewise",
        C(X(5)),
        C(X(2, 3)),
        C(X()),
        call=lambda np, x: np.piecewise(
            x, [x < -0.5, x > 0.5], [lambda x: -x, lambda x: x**2, 3.0]
        ),
    ),
    row(
        "piecewise",
        C(X(5)),
        call=lambda np, x: np.piecewise(x, [x < 0], [lambda x, a, b=1: a * x * b, -1.0], 2.0, b=3),
    ),
    row(
        "compress",
        C([True, False, True], X(3)),
        C([0, 1], X(2, 3), axis=0),
        C([1, 0, 1], X(2, 3)),
        types="fc",
    ),
    row("compress", C([False, True], X(2, 3), -1), C([True], X(3))),
    row("extract", C(MASK, X(2, 3)), C([0, 1, 1], X(3)), types="fc"),
    row(
        "clip", C(X(3, 4), -0.5, 1.0), C(X(3, 4), None, 0.5), C(X(3), -1.0, None), C(X(), 0.0, 1.0)
    ),
    row("clip", C(X(3, 4), a_min=-1, a_max=1), C(X(3), Arg((3,), -1.5, -0.5), Arg((3,), 0.5, 1.5))),
    row("clip", C(X(3), onp.array([-1.0, 0.0, 0.5]), 1), C(X(2, 3), Arg((3,), -1.5, -0.5), 1.0)),
    row("clip", C(X(0, 3), 0, 1), C(X(3), Arg((2, 1), -1.5, -0.5), 1.0)),
]

# ---------------------------------------------------------------------------- by position

CHOICES = A([[0, 1, 1], [2, 0, 1]])
POSITION = [
    row(
        "take", C(X(3, 4), [0, 5, 5]), C(X(3, 4), [[0, 2], [1, 1]], axis=1), C(X(5), 2), types="fc"
    ),
    row(
        "take",
        C(X(3, 4), [0, -1], 0),
        C(X(5), [3, 7], mode="clip"),
        C(X(5), [3, 7, -2], mode="wrap"),
    ),
    row(
        "take",
        C(X(2, 3), 1, axis=-1),
        C(X(2, 3), A([], int), axis=0),
        C(X(5), [-3, 9], mode="clip"),
    ),
    row(
        "take_along_axis",
        C(X(2, 3), CHOICES, 1),
        C(X(3, 3), CHOICES, axis=0),
        C(X(4), A([3, 3]), None),
        types="fc",
    ),
    row("take_along_axis", C(X(1, 3), CHOICES, -1), C(X(2, 3), A([[0], [2]]), -1)),
    row("choose", C(CHOICES, [X(2, 3), X(2, 3), X(3)]), C(A([0, 1]), [X(2), 1.0]), types="fc"),
    row(
        "choose",
        C(A([0, 5, -3]), [X(3), X(3)], mode="wrap"),
        C(A([0, 5]), [X(), X(2)], mode="clip"),
    ),
    row(
        "index_add",
        C(X(4), X(3), A([0, 0, 2])),
        C(X(2, 3), X(3), 1),
        C(X(3), X(), ...),
        call=lambda np, *a: added(np, *a),
    ),
]


def added(np, x, values, index):
    """Add `values` at `index`, every time that it names an element."""
    if np is onp:
        out = x.copy()
        onp.add.at(out, index, values)
        return out
    from minpy.inplace import index_add

    return index_add(x, values, index=index)


TRIANGLES = [
    row("tril", C(X(3, 3)), C(X(3, 4), 1), C(X(2, 3, 3), k=-1), C(X(0, 3)), types="fc"),
    row("triu", C(X(3, 3)), C(X(3, 4), 1), C(X(2, 3, 3), k=-1), C(X(0, 3)), types="fc"),
    row(
        "diag",
        C(X(3)),
        C(X(3), 1),
        C(X(2), k=-1),
        C(X(3, 4)),
        C(X(3, 4), 2),
        C(X(4, 3), -1),
        types="fc",
    ),
    row("diagflat", C(X(3)), C(X(2, 2), 1), C(X(1), k=-1), C(X()), types="fc"),
]

ORDER = [
    row(
        "sort",
        C(X(5)),
        C(X(3, 4)),
        C(X(3, 4), axis=0),
        C(X(3, 4), None),
        C(X(0, 3)),
        C(X(4), kind="stable"),
        types="fc",
    ),
    row("sort_complex", C(X(4)), types="fc"),
    row(
        "partition", C(X(5), 2), C(X(3, 4), 1, axis=0), C(X(3, 4), [0, 2]), C(X(2, 3), 1, axis=None)
    ),
]

ROWS = READING + WRITING + CONDITION + POSITION + TRIANGLES + ORDER
