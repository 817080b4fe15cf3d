"""Elementwise ops and their gradient rules.

Complex numbers follow HIPS autograd: the gradient of a real function of ``z = x + iy`` is
``df/dx - i df/dy``, and a holomorphic function multiplies by its derivative.  The gradient that
arrives at a real number may be complex; its real part counts, and is taken where a real result
was made of a complex argument, and at the leaves.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as onp

from minpy.array import Array, dtype_of, raw
from minpy.ops.indexing import where
from minpy.tape import binary, op, unary, unbroadcast

# ----- helpers of rules


def is_complex(x: Any) -> bool:
    """Whether an array is complex."""
    return hasattr(x, "dtype") and dtype_of(x).kind == "c"


def real_part(g: Any) -> Any:
    """Return the part of a gradient that counts for a real number."""
    return real(g) if is_complex(g) else g


def where_larger(g: Any, here: Any, other: Any) -> Any:
    """Return `g` where `here` is larger than `other`, and half of it where they are equal."""
    tied = here == other
    taken = here > other
    return g * taken + g * tied * 0.5 if may_hold(tied) else g * taken


def may_hold(condition: Any) -> bool:
    """Whether a condition holds anywhere; asked of a GPU, the program would wait for it."""
    return condition.any() if type(condition) is not Array or condition._link is None else True


def split_ties(g: Any, here: Any, other: Any, ans: Any) -> Any:
    """Return `g` where `here` was taken, and half of it where both arguments were equal."""
    taken = here == ans
    tied = taken & (other == ans)
    return g * taken - g * tied * 0.5 if may_hold(tied) else g * taken


# ----- one argument: arithmetic

positive = unary("positive", lambda g, ans, x: g)
negative = unary("negative", lambda g, ans, x: -g)
conjugate = unary("conjugate", lambda g, ans, x: conjugate(g))
absolute = unary("absolute", lambda g, ans, x: real_part(g) * direction(x, ans), reads="ans x")
fabs = unary("fabs", lambda g, ans, x: g * sign(x), reads="x")
reciprocal = unary("reciprocal", lambda g, ans, x: -g * ans * ans, reads="ans")
square = unary("square", lambda g, ans, x: g * 2 * x, reads="x")
sqrt = unary("sqrt", lambda g, ans, x: g * 0.5 / ans, reads="ans")
cbrt = unary("cbrt", lambda g, ans, x: g / (3 * ans * ans), reads="ans")
degrees = unary("degrees", lambda g, ans, x: g * (180 / math.pi))
radians = unary("radians", lambda g, ans, x: g * (math.pi / 180))
rad2deg = unary("rad2deg", lambda g, ans, x: g * (180 / math.pi))
deg2rad = unary("deg2rad", lambda g, ans, x: g * (math.pi / 180))


def direction(x: Any, size: Any) -> Any:
    """Return the conjugate of ``x / abs(x)``, and zero for zero."""
    return conjugate(x) / divisor(size) if is_complex(x) else sign(x)


def divisor(size: Any) -> Any:
    """Return a divisor that is one where `size` is zero: a gradient at a kink is zero."""
    return size + (size == 0)


# ----- one argument: exponentials and logarithms

exp = unary("exp", lambda g, ans, x: g * ans, reads="ans")
exp2 = unary("exp2", lambda g, ans, x: g * ans * math.log(2), reads="ans")
expm1 = unary("expm1", lambda g, ans, x: g * (ans + 1), reads="ans")
log = unary("log", lambda g, ans, x: g / x, reads="x")
log2 = unary("log2", lambda g, ans, x: g / (x * math.log(2)), reads="x")
log10 = unary("log10", lambda g, ans, x: g / (x * math.log(10)), reads="x")
log1p = unary("log1p", lambda g, ans, x: g / (x + 1), reads="x")

# ----- one argument: Bessel functions


@functools.cache
def _bessel_i1_fits() -> tuple[Any, Any]:
    """Return Chebyshev series of ``exp(-x) I1(x)``: over x up to 8, and times sqrt(x) beyond.

    Bessel's integral over an angle is that of a periodic function, for which equal steps converge
    faster than any power of their number.
    """
    cosines = onp.cos((onp.arange(4096) + 0.5) * (math.pi / 4096))

    def scaled(x):
        return (onp.exp(onp.multiply.outer(x, cosines - 1)) * cosines).mean(-1)

    fit = onp.polynomial.chebyshev.chebinterpolate
    near = fit(lambda t: scaled(4 * (t + 1)) / (4 * (t + 1)), 30)
    far = fit(lambda t: scaled(16 / (t + 1)) * onp.sqrt(16 / (t + 1)), 30)
    return near, far


def _bessel_i1(x):
    near, far = _bessel_i1_fits()
    series = onp.polynomial.chebyshev.chebval
    size = onp.abs(onp.asarray(x, onp.float64))
    beyond = onp.maximum(size, 8)
    large = series(16 / beyond - 1, far) / onp.sqrt(beyond)
    ans = onp.where(size <= 8, size * series(onp.minimum(size, 8) / 4 - 1, near), large)
    return (onp.exp(size) * onp.copysign(ans, x)).astype(x.dtype)


i0 = unary("i0", lambda g, ans, x: g * _i1(x), reads="x")
_i1 = unary(
    "i1",
    lambda g, ans, x: g * (i0(x) - where(x == 0, onp.full((), 0.5, dtype_of(x)), ans / divisor(x))),
    reads="ans x",
    raw=_bessel_i1,
)

# ----- one argument: trigonometry

sin = unary("sin", lambda g, ans, x: g * cos(x), reads="x")
cos = unary("cos", lambda g, ans, x: -g * sin(x), reads="x")
tan = unary("tan", lambda g, ans, x: g * (1 + ans * ans), reads="ans")
arcsin = unary("arcsin", lambda g, ans, x: g / _other_leg(x), reads="x")
arccos = unary("arccos", lambda g, ans, x: -g / _other_leg(x), reads="x")
arctan = unary("arctan", lambda g, ans, x: g / (1 + x * x), reads="x")
sinh = unary("sinh", lambda g, ans, x: g * cosh(x), reads="x")
cosh = unary("cosh", lambda g, ans, x: g * sinh(x), reads="x")
tanh = unary("tanh", lambda g, ans, x: g * (1 - ans * ans), reads="ans")
arcsinh = unary("arcsinh", lambda g, ans, x: g / sqrt(x * x + 1), reads="x")
arccosh = unary("arccosh", lambda g, ans, x: g / sqrt(x * x - 1), reads="x")
arctanh = unary("arctanh", lambda g, ans, x: g / (1 - x * x), reads="x")


def _other_leg(x: Any) -> Any:
    """Return ``sqrt(1 - x**2)``; of complex numbers on the branch of arcsin and arccos."""
    return sqrt(-(x * x - 1)) if is_complex(x) else sqrt(1 - x * x)


def _sinc_rule(g, ans, x):
    near = absolute(x) < 1  # where the difference of the formula cancels, and 0/0 at zero
    one, zero = onp.ones((), dtype_of(x)), onp.zeros((), dtype_of(x))
    inside, away = where(near, x, zero), where(near, one, x)
    return g * where(near, _sinc_slope(inside), (cos(math.pi * away) - sinc(away)) / away)


def _sinc_slope(x: Any) -> Any:
    """Return the derivative of sinc inside (-1, 1) as a power series: right to any order."""
    square, series = x * x, 0.0
    for k in range(22, 0, -1):
        series = series * square + (-1) ** k * 2 * k * math.pi ** (2 * k) / math.factorial(
            2 * k + 1
        )
    return series * x


sinc = op("sinc", _sinc_rule, reads="x")

# ----- one argument: complex parts

real = op("real", lambda g, ans, x: real_part(g))
imag = op("imag", lambda g, ans, x: real_part(g) * (-1j if is_complex(x) else 0), reads="x")


def _angle_rule(g, ans, x, deg=False):
    scale = 180 / math.pi if deg else 1.0
    if not is_complex(x):
        return 0 * g
    size = divisor(absolute(x))
    return scale * real_part(g) * (conjugate(x * 1j) / size) / size


angle = op("angle", _angle_rule, reads="x")


def _nan_to_num_rule(g, ans, x, **static):
    return g * (absolute(x) < math.inf)


_nan_to_num = op("nan_to_num", _nan_to_num_rule, reads="x")


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    fills = {"nan": nan, "posinf": posinf, "neginf": neginf}
    masks = {"nan": onp.isnan, "posinf": onp.isposinf, "neginf": onp.isneginf}
    values = onp.asarray(raw(x))
    for name, fill in fills.items():
        if type(fill) is Array:
            x = where(masks[name](values), fill, x)
            fills[name] = None if name != "nan" else 0.0
    return _nan_to_num(x, **fills)


def real_if_close(a: Any, tol: float = 100) -> Any:
    return a if onp.iscomplexobj(onp.real_if_close(raw(a), tol)) else real(a)


# ----- two arguments: arithmetic

# (the shapes compared here once more: these two are most of what there is in a loop over time)
add = binary(
    "add",
    lambda g, ans, x, y: g if g.shape == x else unbroadcast(g, x),
    lambda g, ans, x, y: g if g.shape == y else unbroadcast(g, y),
)
subtract = binary(
    "subtract",
    lambda g, ans, x, y: g if g.shape == x else unbroadcast(g, x),
    lambda g, ans, x, y: unbroadcast(-g, y),
)
multiply = binary(
    "multiply",
    lambda g, ans, x, y: unbroadcast(g * y, x),
    lambda g, ans, x, y: unbroadcast(g * x, y),
    reads=("y", "x"),
)
divide = binary(
    "divide",
    lambda g, ans, x, y: unbroadcast(g / y, x),
    lambda g, ans, x, y: unbroadcast(-g * ans / y, y),
    reads=("y", "ans y"),
)


def _power_base(g, ans, x, y):
    return unbroadcast(g * y * x ** (y - (y != 0)), x)


def _power_exponent(g, ans, x, y):
    base = x if hasattr(x, "dtype") else onp.asarray(x, dtype_of(ans))
    return unbroadcast(g * ans * log(base + (base == 0)), y)


power = binary("power", _power_base, _power_exponent, reads=("x y", "ans x y"))
float_power = binary("float_power", _power_base, _power_exponent, reads=("x y", "ans x y"))

# Of the two remainders the quotient is an integer, constant between its jumps.
remainder = binary(
    "remainder",
    lambda g, ans, x, y: unbroadcast(g, x),
    lambda g, ans, x, y: unbroadcast(-g * floor_divide(x, y), y),
    reads=("", "x y"),
)
fmod = binary(
    "fmod",
    lambda g, ans, x, y: unbroadcast(g, x),
    lambda g, ans, x, y: unbroadcast(-g * ((x - ans) / y), y),
    reads=("", "ans x y"),
)


ldexp = binary(
    "ldexp",
    lambda g, ans, x, y: unbroadcast(ldexp(g, y), x),
    None,  # y is an integer
    reads=("y", ""),
)
modf = op("modf", lambda g, ans, x: g[0], reads="ans")


# ----- two arguments: choosing

maximum = binary(
    "maximum",
    lambda g, ans, x, y: unbroadcast(where_larger(g, x, y), x),
    lambda g, ans, x, y: unbroadcast(where_larger(g, y, x), y),
    reads=("x y", "x y"),
)
minimum = binary(
    "minimum",
    lambda g, ans, x, y: unbroadcast(where_larger(g, y, x), x),
    lambda g, ans, x, y: unbroadcast(where_larger(g, x, y), y),
    reads=("x y", "x y"),
)
fmax = binary(
    "fmax",
    lambda g, ans, x, y: unbroadcast(split_ties(g, x, y, ans), x),
    lambda g, ans, x, y: unbroadcast(split_ties(g, y, x, ans), y),
    reads=("ans x y", "ans x y"),
)
fmin = binary(
    "fmin",
    lambda g, ans, x, y: unbroadcast(split_ties(g, x, y, ans), x),
    lambda g, ans, x, y: unbroadcast(split_ties(g, y, x, ans), y),
    reads=("ans x y", "ans x y"),
)
copysign = binary(
    "copysign",
    lambda g, ans, x, y: unbroadcast(g * sign(x) * sign(ans), x),
    lambda g, ans, x, y: 0 * unbroadcast(g, y),
    reads=("ans x", ""),
)

# ----- two arguments: exponentials and trigonometry


def _share(power, g, ans, here, other):
    """Return the part of a sum of powers that one of them is; of infinite ones, the larger."""
    infinite = absolute(ans) == math.inf
    if not may_hold(infinite):
        return g * power(here - ans)
    zero = onp.zeros((), dtype_of(ans))
    finite = power(where(infinite, zero, here) - where(infinite, zero, ans))
    return where(infinite, where_larger(g, here, other), g * finite)


logaddexp = binary(
    "logaddexp",
    lambda g, ans, x, y: unbroadcast(_share(exp, g, ans, x, y), x),
    lambda g, ans, x, y: unbroadcast(_share(exp, g, ans, y, x), y),
    reads=("ans x y", "ans x y"),
)
logaddexp2 = binary(
    "logaddexp2",
    lambda g, ans, x, y: unbroadcast(_share(exp2, g, ans, x, y), x),
    lambda g, ans, x, y: unbroadcast(_share(exp2, g, ans, y, x), y),
    reads=("ans x y", "ans x y"),
)


def _arctan2_rule(g, here, other):
    size = divisor(hypot(here, other))
    return g * (other / size) / size


arctan2 = binary(
    "arctan2",
    lambda g, ans, x, y: unbroadcast(_arctan2_rule(g, x, y), x),
    lambda g, ans, x, y: unbroadcast(_arctan2_rule(-g, y, x), y),
    reads=("x y", "x y"),
)
hypot = binary(
    "hypot",
    lambda g, ans, x, y: unbroadcast(g * x / divisor(ans), x),
    lambda g, ans, x, y: unbroadcast(g * y / divisor(ans), y),
    reads=("ans x", "ans y"),
)

# ----- steps: constant between their jumps

floor = unary("floor", lambda g, ans, x: 0 * g)
ceil = unary("ceil", lambda g, ans, x: 0 * g)
trunc = unary("trunc", lambda g, ans, x: 0 * g)
rint = unary("rint", lambda g, ans, x: 0 * g)
sign = unary("sign", lambda g, ans, x: 0 * g)
round = op("round", lambda g, ans, a, decimals=0: 0 * g)
around = round
fix = op("fix", lambda g, ans, x: 0 * g)
floor_divide = binary(
    "floor_divide",
    lambda g, ans, x, y: 0 * unbroadcast(g, x),
    lambda g, ans, x, y: 0 * unbroadcast(g, y),
)
heaviside = binary(
    "heaviside",
    lambda g, ans, x, y: 0 * unbroadcast(g, x),
    lambda g, ans, x, y: unbroadcast(g * (x == 0), y),
    reads=("", "x"),
)
