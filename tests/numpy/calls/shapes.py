"""Shape, joining, splitting, indexing functions, and applying functions along axes."""

import numpy as onp

from .call import call, call_since, each
from .data import (
    ASCENDING,
    BYTES,
    COLUMN,
    CUBE,
    EMPTY,
    FLAGS,
    INDICES,
    INTEGERS,
    OUT,
    PAIR,
    ROW,
    ROW2,
    SCALAR,
    SINGLE,
    SQUARE,
    VECTOR,
    X,
    Y,
)

SHAPES = (
    each("atleast_1d atleast_2d atleast_3d", call(X), call(SCALAR, ROW), call(2.5), call(CUBE))
    | each(
        "concat concatenate",
        call([X, Y]),
        call((X, COLUMN), axis=1),
        call([X, ROW], axis=None),
        call([X, INTEGERS]),
        call([EMPTY, X]),
        call([X, Y], axis=1, dtype=onp.float32, casting="same_kind"),
        call([ROW, ROW2], out=VECTOR),
    )
    | each("vstack row_stack", call([X, ROW]), call((ROW, ROW2)))
    | each("hstack", call([X, COLUMN]), call((ROW, PAIR)))
    | each("dstack column_stack", call([X, Y]), call((ROW, ROW2)))
    | each("split array_split", call(X, 3, axis=1), call(VECTOR, [1, 4]), call(X, 2))
    | each("fliplr flipud", call(X), call(CUBE))
    | each("permute_dims transpose", call(X), call(CUBE, (2, 0, 1)), call(ROW))
    | {
        "append": [call(X, ROW), call(X, Y, axis=0), call(ROW, 2.0)],
        "apply_along_axis": [call(onp.sum, 0, X), call(lambda v: v * 2.0, 1, X)],
        "apply_over_axes": [call(onp.sum, CUBE, [0, 2])],
        "array_split": [call(VECTOR, 4), call(X, [1], axis=1), call(INTEGERS, 2)],
        "broadcast": [call(X, ROW), call(COLUMN, ROW)],
        "broadcast_arrays": [call(X, ROW), call(COLUMN, ROW, SCALAR)],
        "broadcast_shapes": [call((2, 1), (3,)), call(3, (4, 1))],
        "broadcast_to": [call(ROW, (2, 3)), call(COLUMN, shape=(2, 4)), call(SCALAR, (2,))],
        "choose": [
            call(onp.array([0, 1, 0]), [ROW, ROW2]),
            call([1, 0, 1], (ROW, ROW2), mode="clip"),
        ],
        "compress": [
            call([True, False, True], ROW),
            call([False, True], X, axis=0),
            call(FLAGS[0], X, axis=1),
        ],
        "copyto": [call(X, Y), call(X, ROW, where=FLAGS), call(X, 2.0), call(SINGLE, Y)],
        "delete": [call(VECTOR, 1), call(X, [0, 2], axis=1), call(X, slice(1), 0)],
        "diagonal": [call(SQUARE), call(X, 1), call(CUBE, axis1=1, axis2=2)],
        "dsplit": [call(CUBE, 3), call(CUBE, [1])],
        "expand_dims": [call(X, 0), call(ROW, (0, 2)), call(X, axis=-1)],
        "extract": [call(FLAGS, X), call([True, False, True], ROW)],
        "fill_diagonal": [call(SQUARE, 1.5), call(SQUARE, ROW), call(X, 0.0, wrap=True)],
        "flatnonzero": [call(X), call(FLAGS)],
        "flip": [call(X), call(X, 0), call(CUBE, axis=(0, 2))],
        "frompyfunc": [call(lambda a, b: a + b, 2, 1)],
        "hsplit": [call(X, 3), call(VECTOR, 2)],
        "insert": [call(VECTOR, 1, 7.5), call(X, [1, 2], COLUMN, axis=1), call(X, 0, ROW, 0)],
        "matrix_transpose": [call(X), call(CUBE)],
        "moveaxis": [call(CUBE, 0, -1), call(CUBE, [0, 1], [1, 2])],
        "ndenumerate": [call(X)],
        "ndindex": [call(2, 3), call((2, 2))],
        "nditer": [call(X), call([INTEGERS, INTEGERS], flags=["multi_index"])],
        "nested_iters": [call(X, [[0], [1]])],
        "nonzero": [call(X), call(FLAGS), call(INTEGERS)],
        "packbits": [call(FLAGS), call(FLAGS, axis=1, bitorder="little")],
        "pad": [
            call(X, 1),
            call(X, ((0, 1), (2, 0)), mode="constant", constant_values=0.5),
            call(X, ((1, 1), (0, 0)), "edge"),
            call(ROW, 2, "reflect"),
            call(ROW, (1, 2), mode="wrap"),
            call(ROW, 1, mode="symmetric"),
            call(INTEGERS, 1),
        ],
        "piecewise": [
            call(X, [X < 0, X >= 0], [onp.negative, onp.exp]),
            call(X, [X < 0], [onp.square, 0.5]),
        ],
        "place": [call(X, FLAGS, [0.5, 1.5]), call(X, FLAGS, ROW)],
        "put": [call(VECTOR, [0, 3], [0.5, 1.5]), call(X, INDICES, ROW), call(X, [9], 1, "wrap")],
        "put_along_axis": [call(X, INTEGERS[:, :1] % 3, 2.5, 1), call(X, INTEGERS % 3, 1.5, 1)],
        "putmask": [call(X, FLAGS, Y), call(X, FLAGS, 0.5)],
        "ravel": [call(X), call(CUBE, order="F"), call(X.T, "K")],
        "ravel_multi_index": [call(INTEGERS % 2, (3, 3)), call(([1, 0], [2, 1]), (2, 3))],
        "repeat": [call(X, 2), call(X, [1, 2], axis=0), call(ROW, 3, -1)],
        "reshape": [call(X, (3, 2)), call(X, -1), call(CUBE, (4, 3), order="F"), call(ROW, (3, 1))],
        "resize": [call(X, (2, 4)), call(ROW, 2), call(X, (4, 3))],
        "roll": [call(X, 1), call(X, 1, axis=1), call(X, (1, -1), axis=(0, 1))],
        "rollaxis": [call(CUBE, 2), call(CUBE, 0, start=3)],
        "rot90": [call(X), call(X, 2), call(CUBE, k=3, axes=(1, 2))],
        "select": [
            call([X > 0.2, X < -0.2], [X, Y], 0.5),
            call([X > 0.0, X < 0.5], [Y, ROW], default=0),
        ],
        "squeeze": [call(X[None]), call(X[:, None], 1), call(COLUMN[None], axis=(0, 2))],
        "stack": [call([X, Y]), call((X, Y), axis=-1), call([X, Y], 1, out=CUBE)],
        "swapaxes": [call(X, 0, 1), call(CUBE, -1, 0)],
        "take": [
            call(X, [0, 4]),
            call(X, INDICES, axis=1),
            call(X, 1, axis=0),
            call(VECTOR, [7, -1], mode="wrap"),
            call(ROW, INTEGERS % 3),
            call(X, INDICES, 1, OUT),
        ],
        "take_along_axis": [call(X, INTEGERS % 3, 1), call(X, INTEGERS.ravel() % 6, None)],
        "tile": [call(X, 2), call(ROW, (2, 1)), call(X, (1, 2, 2))],
        "transpose": [call(X), call(CUBE, (2, 0, 1)), call(CUBE, axes=(-1, 0, 1))],
        "trim_zeros": [call(onp.array([0.0, 0.5, -0.7, 0.0])), call(onp.array([0, 1, 0]), "f")],
        "unpackbits": [call(BYTES), call(BYTES, axis=1, count=4)],
        "unravel_index": [call(4, (2, 3)), call(INTEGERS, (3, 3), order="F")],
        "unstack": [call(X), call(CUBE, axis=-1)],
        "vectorize": [call(lambda a: a + 1), call(onp.add, otypes=[float])],
        "vsplit": [call(X, 2), call(SQUARE, [1])],
        "where": [
            call(FLAGS, X, Y),
            call(FLAGS, X, 0.5),
            call(X > 0, ROW, COLUMN),
            call(FLAGS),
            call(FLAGS, X, INTEGERS),
            call(X, X, Y),
        ],
    }
)
SHAPES["concatenate"].append(call([CUBE, CUBE], axis=-1))
SHAPES["reshape"] += [call_since(2, 1, X, shape=(3, 2)), call_since(2, 1, X, (3, 2), copy=True)]
SHAPES["searchsorted"] = [
    call(ASCENDING, 0.5),
    call(ASCENDING, X),
    call(onp.array([1, 4, 6]), INTEGERS, side="right"),
    call(ROW, ROW2, sorter=onp.argsort(ROW)),
]
