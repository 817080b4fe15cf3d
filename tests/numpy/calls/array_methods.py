"""Methods of the array class, called with the array as first argument."""

import io

import numpy as onp

from .call import File, call, call_since, each
from .data import (
    ASCENDING,
    COLUMN,
    COMPLEX,
    CUBE,
    FLAGS,
    INDICES,
    INTEGERS,
    OUT,
    PAIR,
    POSITIVE,
    ROW,
    ROW2,
    SCALAR,
    SINGLE,
    SQUARE,
    SQUARES,
    TALL,
    VECTOR,
    X,
    Y,
)

ALONG_AXES = (
    call(X),
    call(X, 1),
    call(CUBE, axis=(0, 2), keepdims=True),
    call(SCALAR),
    call(SINGLE),
    call(INTEGERS, 0),
    call(X, axis=0, out=ROW),
)
ARITHMETIC = (
    "__add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __divmod__ __radd__ __rsub__ "
    "__rmul__ __rtruediv__ __rfloordiv__ __rmod__ __rdivmod__"
)
IN_PLACE = "__iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__"
BITWISE = "__and__ __or__ __xor__ __rand__ __ror__ __rxor__ __iand__ __ior__ __ixor__"
SHIFTS = "__lshift__ __rshift__ __rlshift__ __rrshift__ __ilshift__ __irshift__"

ARRAY_METHODS = (
    each("sum prod mean std var max min", *ALONG_AXES)
    | each("all any", call(FLAGS), call(FLAGS, 1), call(X, axis=0, keepdims=True))
    | each("argmax argmin", call(X), call(X, 1), call(INTEGERS, axis=0))
    | each("cumsum cumprod", call(X), call(X, 1))
    | each("conj conjugate", call(X), call(COMPLEX))
    | each(ARITHMETIC, call(X, Y), call(X, ROW), call(POSITIVE, 2.5), call(INTEGERS, 3))
    | each("__pow__", call(POSITIVE, Y), call(X, 2), call(INTEGERS, INTEGERS))
    | each("__rpow__", call(Y, POSITIVE), call(X, 2.5), call(INTEGERS, INTEGERS))
    | each(IN_PLACE, call(X, Y), call(X, ROW), call(X, 2.5), call(X, INTEGERS))
    | each("__neg__ __pos__ __abs__", call(X), call(INTEGERS), call(SCALAR))
    | each("__lt__ __le__ __gt__ __ge__ __eq__ __ne__", call(X, Y), call(X, 0.31), call(X, ROW))
    | each(BITWISE, call(INTEGERS, 5), call(FLAGS, FLAGS))
    | each(SHIFTS, call(INTEGERS, 1), call(INTEGERS, INTEGERS))
    | each("tobytes tolist", call(X), call(INTEGERS), call(SCALAR))
    | each("__copy__ flatten", call(X), call(CUBE.T), call(SCALAR))
    | {
        "__contains__": [call(X, 0.31), call(INTEGERS, 9)],
        "__deepcopy__": [call(X, {}), call(INTEGERS, {})],
        "__getitem__": [call(X, 1), call(X, (slice(None), INDICES)), call(X, FLAGS)],
        "__imatmul__": [call_since(2, 0, SQUARE, SQUARE), call_since(2, 0, TALL, TALL[:2])],
        "__invert__": [call(INTEGERS), call(FLAGS)],
        "__ipow__": [call(POSITIVE, Y), call(X, 2)],
        "__len__": [call(X), call(VECTOR)],
        "__matmul__": [call(X, TALL), call(ROW, ROW2), call(SQUARES, ROW), call(INTEGERS, ROW)],
        "__rmatmul__": [call(TALL, X), call(ROW, ROW2)],
        "__setitem__": [call(X, 1, ROW), call(X, FLAGS, 0.5), call(X, (0, slice(2)), PAIR)],
        "argpartition": [call(VECTOR, 2), call(X, 1, axis=0)],
        "argsort": [call(X), call(X, 0), call(VECTOR, kind="stable")],
        "astype": [
            call(X, onp.float32),
            call(INTEGERS, float),
            call(POSITIVE, int),
            call(SINGLE, onp.float64),
            call(X, float, copy=False),
        ],
        "byteswap": [call(INTEGERS)],
        "choose": [call(onp.array([0, 1, 0]), [ROW, ROW2])],
        "clip": [call(X, -0.5, 0.5), call(X, None, ROW), call(X, min=0.1), call(INTEGERS, 2, 4)],
        "compress": [call(ROW, [True, False, True]), call(X, [False, True], axis=0)],
        "copy": [call(X), call(X, order="F")],
        "diagonal": [call(SQUARE), call(CUBE, 0, 1, 2)],
        "dot": [call(X, TALL), call(ROW, ROW2), call(X, 2.0)],
        "dumps": [call(INTEGERS)],
        "fill": [call(X, 0.5), call(INTEGERS, 7)],
        "getfield": [call(X.astype(complex), float, 8)],
        "item": [call(SCALAR), call(X, 4), call(X, 1, 2), call(INTEGERS, (0, 1))],
        "itemset": [call(X, 1, 0.5), call(X, (1, 2), 0.5)],
        "newbyteorder": [call(INTEGERS)],
        "nonzero": [call(X), call(FLAGS)],
        "partition": [call(VECTOR, 2), call(X, 1, axis=1)],
        "ptp": [call(X), call(X, 1)],
        "put": [call(VECTOR, [0, 3], [0.5, 1.5]), call(X, INDICES, ROW)],
        "ravel": [call(X), call(CUBE, "F")],
        "repeat": [call(X, 2), call(X, [1, 2], 0)],
        "reshape": [call(X, 3, 2), call(X, (3, 2)), call(X, -1), call(CUBE, (4, 3), order="F")],
        "round": [call(X), call(POSITIVE, 1), call(INTEGERS)],
        "searchsorted": [call(ASCENDING, 0.5), call(ASCENDING, X, side="right")],
        "setfield": [call(INTEGERS, 1, onp.int32)],
        "setflags": [call(X, write=True)],
        "sort": [call(VECTOR), call(X, 0), call(INTEGERS)],
        "squeeze": [call(COLUMN), call(X[None]), call(COLUMN[None], 0)],
        "swapaxes": [call(X, 0, 1), call(CUBE, -1, 0)],
        "take": [call(X, [0, 4]), call(X, INDICES, axis=1), call(X, 1, 0)],
        "to_device": [call(X, "cpu")],
        "tofile": [call(X, File(b""))],
        "tostring": [call(X)],
        "trace": [call(SQUARE), call(SQUARES, 1, 1, 2)],
        "transpose": [call(X), call(CUBE, 2, 0, 1), call(CUBE, (1, 0, 2)), call(X, None)],
        "view": [call(X), call(X, onp.int64), call(INTEGERS.astype(onp.int32), onp.uint32)],
    }
)
for name in ("sum", "max", "min", "mean"):
    ARRAY_METHODS[name].append(call(COMPLEX if name in ("sum", "mean") else X, axis=-1))
for name in ("sum", "prod", "max", "min"):
    ARRAY_METHODS[name].append(call(X, where=FLAGS, initial=0.5))
ARRAY_METHODS["sum"].append(call(X, dtype=onp.float32))
ARRAY_METHODS["cumsum"].append(call(X, axis=0, out=OUT))
ARRAY_METHODS["dump"] = [call(INTEGERS, io.BytesIO())]
