"""Elementwise ops, over shapes, broadcasting and types."""

import numpy as onp

from ..checker import Arg, C, P, Row, U, X, row

# ---------------------------------------------------------------------------- one argument

SHAPES = ((3, 4), (), (0, 3), (2, 1, 3))


def unary(name: str, domain=X, types: str = "fc", **options) -> Row:
    return row(name, *(C(domain(*shape)) for shape in SHAPES), types=types, **options)


def above(low: float):
    return lambda *shape: Arg(shape, low, low + 2)


UNARY = [
    unary("positive"),
    unary("negative"),
    unary("conjugate"),
    unary("absolute"),
    unary("fabs", types="f"),
    unary("reciprocal", P),
    unary("square"),
    unary("sqrt", P),
    unary("cbrt", P, types="f"),
    unary("degrees", types="f"),
    unary("radians", types="f"),
    unary("rad2deg", types="f"),
    unary("deg2rad", types="f"),
    unary("exp"),
    unary("exp2"),
    unary("expm1"),
    unary("log", P),
    unary("log2", P),
    unary("log10", P),
    unary("log1p", P),
    unary("sin"),
    unary("cos"),
    unary("tan", U),
    unary("arcsin", U),
    unary("arccos", U),
    unary("arctan"),
    unary("sinh"),
    unary("cosh"),
    unary("tanh"),
    unary("arcsinh"),
    unary("arccosh", above(1.2)),
    unary("arctanh", U),
    unary("sinc"),
    unary("real"),
    unary("imag"),
    unary("floor", types="f"),
    unary("ceil", types="f"),
    unary("trunc", types="f"),
    unary("rint", types="f"),
    unary("fix", types="f"),
    unary("sign", types="f"),
    unary("copy"),
    row("real_if_close", C(X(3)), C(X())),
    row("real_if_close", C(X(3)), C(X()), types="c", call=lambda np, x: np.real_if_close(x + 0j)),
    row("angle", C(X(3, 2)), C(X(3), deg=True), C(X()), types="c"),
    row("round", C(X(3, 2)), C(X(3), decimals=1), C(X())),
    row("around", C(X(3, 2)), C(X(3), 1), C(X(), decimals=0)),
    row(
        "nan_to_num",
        C(X(4), X(), X(1), X(4)),
        C(X(4), X(), 1.0, -1.0),
        call=lambda np, x, *fills: np.nan_to_num(
            np.where(onp.arange(4) < 3, onp.array([onp.nan, onp.inf, -onp.inf, 0]), x),
            **dict(zip(("nan", "posinf", "neginf"), fills)),
        ),
    ),
    row(
        "nan_to_num",
        C(X(3, 2)),
        C(X()),
        C(X(3), nan=1.0, posinf=2.0),
        types="fc",
        call=lambda np, x, **kwargs: np.nan_to_num(
            np.where(onp.arange(x.size).reshape(x.shape) == 1, onp.nan, x), **kwargs
        ),
    ),
    row(
        "astype",
        C(X(3, 2), onp.float32),
        C(X(3, 2), onp.float64),
        C(X(), "float64"),
        types="f",
        tolerance=1e-1,  # the difference is of single precision
        call=lambda np, x, dtype: x.astype(dtype),
    ),
    row(
        "astype",
        C(X(3), onp.complex128),
        C(X()),
        types="fc",
        call=lambda np, x, *_: x.astype(complex),
    ),
]

# ---------------------------------------------------------------------------- two arguments

PAIRS = (
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((3, 1), (1, 4)),
    ((2, 1, 3), (4, 1)),
    ((), (3,)),
    ((3,), ()),
    ((), ()),
    ((0, 3), (3,)),
    ((0, 3), (1, 1)),
)


def binary(name: str, first=X, second=X, types: str = "fc", numbers=(2.0, 3), **options) -> Row:
    pairs = [C(first(*a), second(*b)) for a, b in PAIRS]
    pairs += [C(first(2, 3), n) for n in numbers] + [C(n, second(2, 3)) for n in numbers]
    pairs += [C(first(2, 3), onp.array([2, 3, 1]))]
    return row(name, *pairs, types=types, **options)


def whole(*shape: int) -> Arg:
    """Exponents that a negative base can have."""
    return Arg(shape, change=lambda x: onp.round(x.real))


BINARY = [
    binary("add"),
    binary("subtract"),
    binary("multiply"),
    binary("divide", X, P),
    binary("power", P, X),
    row("power", C(X(3, 4), 2), C(X(3, 4), 3.0), C(X(4), 0), C(X(4), 1), C(P(3), -1), types="fc"),
    row("power", C(X(3, 4), onp.array([0, 1, 2, 3])), C(X(3), onp.array([2.0, 0.0, 3.0]))),
    binary("float_power", P, X),
    binary("remainder", X, P, types="f"),
    binary("fmod", X, P, types="f"),
    row("remainder", C(X(5), -0.7), C(X(5), Arg((5,), -2, -0.5))),
    row("fmod", C(X(5), -0.7), C(X(5), Arg((5,), -2, -0.5))),
    binary("floor_divide", X, P, types="f"),
    row("divmod", C(X(3), P(3)), C(X(2, 3), 0.7), C(2.0, P(3))),
    binary("maximum", types="f", numbers=(0.3, 1)),
    binary("minimum", types="f", numbers=(0.3, 1)),
    binary("fmax", types="f", numbers=(0.3, 1)),
    binary("fmin", types="f", numbers=(0.3, 1)),
    binary("copysign", types="f"),
    binary("heaviside", types="f"),
    row("ldexp", C(X(3, 4), onp.array([0, 1, 2, -3])), C(X(), 2), C(X(3, 1), onp.array([1, 2]))),
    row("modf", C(X(3, 4)), C(P(2))),
    row("i1", C(X(2, 2)), C(P()), call=lambda np, x: np.i0(x) * 2, tolerance=1e-5),
    row("i0", C(X(3, 4)), C(P()), C(Arg((9,), -30, 30)), tolerance=1e-5),
    binary("logaddexp", types="f"),
    binary("logaddexp2", types="f"),
    binary("arctan2", types="f"),
    binary("hypot", types="f"),
    row("logaddexp", C(onp.zeros((2, 3)), P(2, 3)), C(P(2, 3), onp.ones((2, 3)))),
]

OPERATORS = [
    row(
        "add",
        C(X(3), X(3)),
        C(X(2, 3), X(3)),
        call=lambda np, x, y: x + y - (2 - x) * 3,
        types="fc",
    ),
    row("divide", C(P(3), P(3)), C(P(2, 3), P(3)), call=lambda np, x, y: x / y + 1 / x, types="fc"),
    row("power", C(P(3), P(3)), call=lambda np, x, y: x**y + 2.0**x + y**-1.5, types="fc"),
    row("remainder", C(P(3), P(3)), call=lambda np, x, y: x % y + x // y + abs(-x)),
]

ROWS = UNARY + BINARY + OPERATORS
