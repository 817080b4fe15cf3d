"""Universal functions and their methods."""

import numpy as onp

from .call import call, each
from .data import (
    COLUMN,
    COMPLEX,
    CUBE,
    DAYS,
    EMPTY,
    FLAGS,
    FLAGS2,
    GAPS,
    INDICES,
    INTEGERS,
    INTEGERS2,
    OUT,
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

SMOOTH = (
    "absolute abs negative positive exp exp2 expm1 sin cos tan sinh cosh tanh arctan atan arcsinh "
    "asinh square cbrt deg2rad degrees rad2deg radians fabs"
)
IN_UNIT_INTERVAL = "arcsin asin arccos acos arctanh atanh"
ABOVE_ONE = "log log2 log10 log1p sqrt reciprocal arccosh acosh"
SMOOTH_BINARY = (
    "add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 atan2 hypot "
    "logaddexp logaddexp2 copysign"
)

UFUNCS = (
    each(
        SMOOTH,
        call(X),
        call(SCALAR),
        call(SINGLE),
        call(EMPTY),
        call(X, out=OUT),
        call(X, where=FLAGS, out=OUT),
    )
    | each(IN_UNIT_INTERVAL, call(X), call(SCALAR), call(SINGLE), call(X, out=OUT))
    | each(ABOVE_ONE, call(POSITIVE), call(POSITIVE[0]), call(POSITIVE, out=OUT))
    | each("conj conjugate", call(X), call(COMPLEX), call(X, out=OUT))
    | each("floor ceil rint trunc sign spacing", call(X), call(SINGLE), call(X, out=OUT))
    | each("signbit isfinite isinf isnan", call(X), call(GAPS), call(X, out=FLAGS))
    | each("frexp modf", call(X), call(SINGLE))
    | each("logical_not", call(X), call(FLAGS))
    | each("invert bitwise_not bitwise_invert", call(INTEGERS), call(FLAGS))
    | each("bitwise_count", call(INTEGERS))
    | each("isnat", call(DAYS))
    | each(
        SMOOTH_BINARY,
        call(X, Y),
        call(X, ROW),
        call(COLUMN, ROW),
        call(SINGLE, 2.5),
        call(0.5, X),
        call(SCALAR, SCALAR + 0.25),
        call(EMPTY, ROW),
        call(X, Y, out=OUT),
        call(COLUMN, X, where=FLAGS, out=OUT),
    )
    | each("nextafter floor_divide mod remainder fmod divmod", call(X, Y), call(COLUMN, X))
    | each("heaviside", call(X, 0.5), call(X, ROW))
    | each(
        "power pow float_power",
        call(POSITIVE, Y),
        call(POSITIVE, 3),
        call(X, 2),
        call(2.5, X),
        call(POSITIVE, ROW, out=OUT),
    )
    | each("greater greater_equal less less_equal", call(X, Y), call(X, 0.3), call(INTEGERS, 3))
    | each("equal not_equal", call(X, Y), call(X, 0.31), call(INTEGERS, INTEGERS2))
    | each("logical_and logical_or logical_xor", call(X, Y), call(FLAGS, FLAGS2))
    | each("ldexp", call(X, INTEGERS))
    | each("gcd lcm", call(INTEGERS, INTEGERS2))
    | each("bitwise_and bitwise_or bitwise_xor", call(INTEGERS, INTEGERS2), call(FLAGS, FLAGS2))
    | each("left_shift right_shift bitwise_left_shift bitwise_right_shift", call(INTEGERS, 2))
    | each(
        "matmul",
        call(X, TALL),
        call(X, ROW),
        call(ROW, TALL),
        call(ROW, ROW2),
        call(SQUARES, SQUARE),
        call(CUBE, TALL),
        call(EMPTY, TALL),
        call(X, INTEGERS.T),
    )
    | each("vecdot", call(X, Y), call(X, ROW), call(COMPLEX, COMPLEX))
    | each("matvec", call(X, ROW), call(SQUARES, ROW))
    | each("vecmat", call(ROW, TALL), call(ROW, SQUARES))
)
UFUNCS["add"] += [
    call(INTEGERS, X),
    call(FLAGS, X),
    call(X, COMPLEX),
    call(X, Y, dtype=onp.float32, casting="same_kind"),
    call(INTEGERS, 1),
    call(SINGLE, ROW),
]
for name in ("exp", "sin", "log", "sqrt", "tanh", "absolute", "square", "reciprocal", "negative"):
    UFUNCS[name].append(call(COMPLEX))
for name in ("multiply", "divide", "subtract", "power"):
    UFUNCS[name].append(call(COMPLEX, POSITIVE))

METHODS = {
    "add.reduce": [call(X), call(X, axis=1, keepdims=True), call(X, axis=None)],
    "add.accumulate": [call(X, axis=1)],
    "add.outer": [call(ROW, ROW2)],
    "add.at": [call(VECTOR, onp.array([0, 2, 2]), ROW), call(OUT, (slice(None), INDICES), X)],
    "add.reduceat": [call(VECTOR, onp.array([0, 2, 3]))],
    "subtract.at": [call(VECTOR, onp.array([1, 1]), 0.5)],
    "subtract.outer": [call(ROW, ROW2)],
    "multiply.reduce": [call(X, axis=0)],
    "multiply.accumulate": [call(ROW)],
    "multiply.outer": [call(ROW, X)],
    "multiply.at": [call(VECTOR, INDICES, ROW)],
    "maximum.reduce": [call(X, axis=1), call(X, axis=1, initial=0.0)],
    "maximum.accumulate": [call(X, axis=1)],
    "maximum.at": [call(VECTOR, INDICES, ROW)],
    "minimum.reduce": [call(X, axis=0)],
    "logaddexp.reduce": [call(X, axis=1)],
    "logical_or.reduce": [call(FLAGS, axis=1)],
    "bitwise_or.reduce": [call(INTEGERS, axis=1)],
    "hypot.outer": [call(ROW, ROW2)],
    "greater.outer": [call(ROW, ROW2)],
    "exp.at": [call(VECTOR, INDICES)],
}
