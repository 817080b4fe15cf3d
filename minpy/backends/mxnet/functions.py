"""What MXNet does otherwise than NumPy: NumPy's functions on arrays of ``mx.np``.

*Dtypes.*  What NumPy makes of dtypes it says itself, for ufuncs by `numpy.ufunc.resolve_dtypes`,
for others on an array of one element; each answer is kept.  Arguments are cast to what NumPy
computes in, because MXNet makes float32 of integers.  The rules are those of NumPy 2: only Python's
numbers adapt to arrays.

*Nothing is a view.*  MXNet's arrays have no strides: each function returns memory of its own.  The
engine makes the views of a program anew where something was written (`VIEWS`).

*Parts of arrays* on the CPU are read and written by NumPy in MXNet's memory, after it has waited
until MXNet is done with it.

*What is not here* runs on NumPy, and so does what raises NotImplementedError: MXNet 1.9.1 has no
`logaddexp`, `fmax`, `fmod`, `floor_divide`, `cumprod`, `fft`; its `rint` rounds 1.5 to 1, its
`remainder` by 0 is 0, its `copysign` knows no negative zero, and it sums nothing to a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as onp

from minpy.backends import numpy
from minpy.backends.mxnet.conversion import (
    DTYPES,
    NUMBERS,
    array_of,
    copied_in,
    has_dtype,
    mx,
    result,
    to_numpy,
)
from minpy.backends.mxnet.convolution_kernels import *  # noqa: F403
from minpy.backends.mxnet.network_kernels import *  # noqa: F403

np = mx.np
ndarray = np.ndarray
Axis = int | tuple[int, ...] | None

# The functions whose results NumPy shows in their argument's memory, where that can be.
VIEWS = frozenset(
    """getitem reshape ravel transpose squeeze expand_dims swapaxes moveaxis broadcast_to
    real""".split()
)

# ----- ufuncs


def _loop(ufunc: Any, call: Callable[..., Any], *kinds: Any) -> tuple[Any, ...]:
    """Return the dtypes in which a function computes, given the kinds of its arguments."""
    *loop, output = ufunc.resolve_dtypes((*kinds, None))
    if not DTYPES.issuperset(loop):
        raise NotImplementedError(f"{ufunc.__name__}: MXNet has no arrays of {loop}")
    try:
        tried = call(*(np.ones(1, dtype=dtype) for dtype in loop))
        tried.wait_to_read()  # some errors are found in MXNet's threads
    except (mx.MXNetError, TypeError, AttributeError) as error:
        raise NotImplementedError(str(error)) from error
    if tried.dtype != output:
        raise NotImplementedError(f"{ufunc.__name__}: MXNet makes {tried.dtype}, NumPy {output}")
    return tuple(loop)


def _unary(name: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    ufunc = getattr(onp, name)
    loops: dict[Any, Any] = {}

    def run(x):
        dtype = x.dtype
        loop = loops.get(dtype)
        if loop is None:
            (loop,) = _loop(ufunc, call, dtype)
            loops[dtype] = loop
        return result(call(x if loop is dtype else x.astype(loop)))

    return run


def _binary(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    ufunc = getattr(onp, name)
    loops: dict[tuple[Any, Any], tuple[onp.dtype, ...]] = {}

    def run(x, y):
        x_kind = type(x) if type(x) in NUMBERS else _kind(x)
        y_kind = type(y) if type(y) in NUMBERS else _kind(y)
        loop = loops.get((x_kind, y_kind))
        if loop is None:
            loop = loops[x_kind, y_kind] = _loop(ufunc, call, x_kind, y_kind)
        return result(call(_cast(x, loop[0], y), _cast(y, loop[1], x)))

    return run


def _kind(x: Any) -> onp.dtype:
    """Return the dtype of an argument; what MXNet cannot hold is left to NumPy."""
    dtype = x.dtype if isinstance(x, ndarray) else onp.asarray(x).dtype
    if not has_dtype(dtype):
        raise NotImplementedError(f"MXNet has no arrays of {dtype}")
    return dtype


def _cast(x: Any, dtype: onp.dtype, beside: Any = None) -> Any:
    """Return an argument in a dtype; what is no array of MXNet's comes to where `beside` is."""
    if type(x) is float and dtype.kind == "f":
        return x
    if isinstance(x, ndarray):
        return x if x.dtype is dtype else x.astype(dtype)
    return copied_in(onp.asarray(x, dtype), beside.ctx)


def _power(x: Any, y: Any) -> Any:
    if isinstance(y, ndarray) and y.dtype.kind == "i" and (y < 0).any():
        raise ValueError("Integers to negative integer powers are not allowed.")
    return np.power(x, y)


def _named(words: str) -> dict[str, Callable[..., Any]]:
    """Return MXNet's functions by NumPy's names: ``divide=true_divide`` where they differ."""
    pairs = [word.split("=") for word in words.split()]
    return {pair[0]: getattr(np, pair[-1]) for pair in pairs}


_UNARY = _named(
    """absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh
    exp expm1 fabs floor invert isfinite isinf isnan log log10 log1p log2 logical_not
    negative sin sinh sqrt square tan tanh trunc"""
) | {
    "conjugate": np.copy,
    **dict.fromkeys(("degrees", "rad2deg"), lambda x: x * (180 / math.pi)),  # in full precision
    **dict.fromkeys(("radians", "deg2rad"), lambda x: x * (math.pi / 180)),
    "positive": np.copy,
    "reciprocal": lambda x: 1.0 / x,
    "sign": lambda x: np.where(np.isnan(x), x, np.sign(x)),  # MXNet's sign of NaN is 0
}
_BINARY = _named(
    """add arctan2 bitwise_and bitwise_or bitwise_xor divide=true_divide equal greater greater_equal
    hypot less less_equal maximum minimum multiply not_equal subtract"""
) | {
    "logical_and": lambda x, y: np.multiply(x != 0, y != 0),
    "logical_or": lambda x, y: np.bitwise_or(x != 0, y != 0),
    "logical_xor": lambda x, y: np.not_equal(x != 0, y != 0),
    "matmul": np.matmul,
    "power": _power,
}
_UFUNCS = {name: _unary(name, call) for name, call in _UNARY.items()}
_UFUNCS |= {name: _binary(name, call) for name, call in _BINARY.items()}
globals().update(_UFUNCS)

# ----- other elementwise functions

fix = _unary("trunc", np.trunc)
real = lambda val: np.copy(val)
imag = lambda val: np.zeros_like(val)


def where(condition: Any, x: Any, y: Any) -> Any:
    x, y = _promoted(x, y, beside=condition)
    given = [array_of(condition, x.ctx) != 0, x, y]
    shape = onp.broadcast_shapes(*(z.shape for z in given))
    return np.where(*(np.broadcast_to(z, shape) for z in given))  # MXNet's broadcasting crashes


def _promoted(*given: Any, beside: Any = None) -> list[Any]:
    """Return arrays and numbers as arrays of the dtype that NumPy gives them together."""
    dtype = onp.result_type(*(x if type(x) in NUMBERS else _kind(x) for x in given))
    if not has_dtype(dtype):
        raise NotImplementedError(f"MXNet has no arrays of {dtype}")
    there = next((x for x in (*given, beside) if isinstance(x, ndarray)), None)
    return [_cast(x if isinstance(x, ndarray) else onp.asarray(x), dtype, there) for x in given]


# ----- reductions


def _dims(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return axes as numbers from 0 on, or raise as NumPy does."""
    axes = range(ndim) if axis is None else axis if type(axis) is tuple else (axis,)
    bound = ndim or 1  # NumPy lets axis 0 pass where there is none
    for i in axes:
        if not -bound <= i < bound:
            raise onp.exceptions.AxisError(i, ndim)
    if len({i % bound for i in axes}) < len(axes):
        raise ValueError("duplicate value in 'axis'")
    return tuple(int(i) % ndim for i in axes) if ndim else ()


@cache
def _dtype_after(call: Callable[..., Any], dtype: Any) -> Any:
    out = call(onp.ones(1, dtype)).dtype
    if not has_dtype(out):
        raise NotImplementedError(f"MXNet has no arrays of {out}")
    return out


def _reduction(numpys: Callable[..., Any], call: Callable[..., Any]) -> Callable[..., Any]:
    def run(a, axis=None, keepdims=False):
        dims = _dims(axis, a.ndim)
        if not a.size or a.dtype == onp.float16:
            raise NotImplementedError("MXNet sums nothing to a mistake, and float16 in float16")
        dtype = _dtype_after(numpys, a.dtype)
        a = _cast(a, dtype)
        out = call(a, dims, keepdims=keepdims) if dims else np.copy(a)
        return result(_cast(out, dtype))

    return run


def _place(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(a, axis=None, keepdims=False):
        _dims(axis, a.ndim)
        if not a.size:
            raise NotImplementedError("NumPy says whether there may be nothing")
        out = call(a.astype(onp.uint8) if a.dtype == onp.bool_ else a, axis)
        if keepdims:
            shape = [1 if axis in (None, i, i - a.ndim) else n for i, n in enumerate(a.shape)]
            out = np.reshape(out, tuple(shape))
        return result(out)

    return run


def _flags(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, dims, keepdims: call(a, dims, keepdims=keepdims)


sum = _reduction(onp.sum, np.sum)
mean = _reduction(onp.mean, np.mean)
prod = _reduction(onp.prod, np.prod)
max = _reduction(onp.max, np.max)
min = _reduction(onp.min, np.min)
var = lambda a, axis=None, ddof=0, keepdims=False: _spread(a, axis, ddof, keepdims)
std = lambda a, axis=None, ddof=0, keepdims=False: np.sqrt(_spread(a, axis, ddof, keepdims))
all = lambda a, axis=None, keepdims=False: min(a != 0, axis, keepdims)
any = lambda a, axis=None, keepdims=False: max(a != 0, axis, keepdims)
count_nonzero = lambda a, axis=None, *, keepdims=False: sum(a != 0, axis, keepdims)
argmax = _place(np.argmax)
argmin = _place(np.argmin)


def _spread(a: Any, axis: Axis, ddof: float, keepdims: bool) -> Any:
    deviation = a - mean(a, axis, keepdims=True)
    squares = sum(deviation * deviation, axis, keepdims)
    n = math.prod(a.shape[i] for i in _dims(axis, a.ndim))
    return squares / (n - ddof) if n > ddof else squares * math.nan


def cumsum(a: Any, axis: int | None = None) -> Any:
    if not a.size or not a.ndim:
        raise NotImplementedError("MXNet adds up no empty arrays, and no numbers")
    axis = None if axis is None else _dims(axis, a.ndim)[0]
    return np.cumsum(_cast(a, _dtype_after(onp.cumsum, a.dtype)), axis)


# ----- shapes


def reshape(a: Any, shape: Any, order: str = "C") -> Any:
    shape = onp.broadcast_to(False, a.shape).reshape(_shape(shape)).shape  # NumPy's -1, and errors
    if order != "C":
        return transpose(np.reshape(transpose(a), shape[::-1]))
    return np.reshape(a, shape)


def transpose(a: Any, axes: Any = None) -> Any:
    axes = tuple(range(a.ndim))[::-1] if axes is None else tuple(axes)
    if sorted(i % a.ndim for i in axes) != list(range(a.ndim)):
        raise ValueError("axes don't match array")
    if a.ndim > 6:
        raise NotImplementedError("MXNet transposes up to six axes")
    return np.transpose(a, axes)


def squeeze(a: Any, axis: Axis = None) -> Any:
    shape = onp.broadcast_to(False, a.shape).squeeze(axis).shape
    return np.reshape(a, shape)


def expand_dims(a: Any, axis: Any) -> Any:
    return np.reshape(a, onp.expand_dims(onp.broadcast_to(False, a.shape), axis).shape)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    order = onp.moveaxis(onp.empty(range(a.ndim)), source, destination).shape
    return transpose(a, order)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = onp.empty(range(a.ndim)).swapaxes(axis1, axis2).shape
    return transpose(a, order)


ravel = lambda a, order="C": reshape(a, (-1,), "F" if order == "F" else "C")
broadcast_to = lambda array, shape: np.broadcast_to(array, _shape(shape))
_shape = lambda shape: tuple(shape) if isinstance(shape, tuple | list) else (shape,)
tile = lambda A, reps: np.tile(A, reps)


def concatenate(*arrays: Any, axis: int) -> Any:
    ndim = arrays[0].ndim
    if axis is not None:
        _dims(axis, ndim)
    return np.concatenate(_promoted(*arrays), axis)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if not a.size:
        raise NotImplementedError("MXNet rolls no empty arrays")
    if axis is None:
        return np.roll(a, int(onp.sum(shift)))
    steps = dict.fromkeys(range(a.ndim), 0)
    for step, i in onp.broadcast(shift, axis):
        steps[_dims(int(i), a.ndim)[0]] += int(step)
    return np.roll(a, tuple(steps.values()), tuple(steps))


# ----- reading and writing parts


def getitem(x: Any, index: Any) -> Any:
    if x.ctx.device_type != "cpu":
        raise NotImplementedError("parts of arrays on a GPU are read by NumPy")
    part = to_numpy(x, new=True)[index]  # what reads the array may go on meanwhile
    return copied_in(part) if isinstance(part, onp.ndarray | onp.floating) else part


def setitem(x: Any, index: Any, value: Any) -> None:
    data = to_numpy(x)
    data[index] = to_numpy(value, new=True) if isinstance(value, ndarray) else value
    if x.ctx.device_type != "cpu":
        x._sync_copyfrom(data)


def index_add(x: Any, values: Any, index: Any) -> Any:
    if x.ctx.device_type != "cpu":
        raise NotImplementedError("parts of arrays on a GPU are added to by NumPy")
    values = to_numpy(values, new=True) if isinstance(values, ndarray) else values
    return copied_in(numpy.index_add(to_numpy(x, new=True), values, index))


# ----- copies, and arrays like others


def add_into(buffer: Any, values: Any) -> Any:
    fits = buffer.shape == values.shape and buffer.dtype is values.dtype
    return np.add(buffer, values, out=buffer) if fits else _UFUNCS["add"](buffer, values)


copy = np.copy
layout = lambda x: x.shape  # what is of one shape is laid out alike
zeros_for = lambda like, shape: np.zeros(shape, like.dtype, ctx=like.ctx)
zeros_like = lambda a, *options, **named: full_like(a, 0, *options, **named)
ones_like = lambda a, *options, **named: full_like(a, 1, *options, **named)


def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    dtype = a.dtype if dtype is None else onp.dtype(dtype)
    if not has_dtype(dtype) or not isinstance(fill_value, int | float):
        raise NotImplementedError(f"MXNet has no arrays of {dtype}")
    shape = a.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    return np.full(shape, fill_value, dtype=dtype, ctx=a.ctx)


def astype(x: Any, dtype: Any) -> Any:
    if not has_dtype(dtype):
        raise NotImplementedError(f"MXNet has no arrays of {dtype}")
    return x.astype(onp.dtype(dtype))


# ----- linear algebra


def einsum(*operands: Any, subscripts: str) -> Any:
    return np.einsum(subscripts, *_promoted(*operands))


def _on_matrices(name: str) -> Callable[..., Any]:
    call, numpys = getattr(np.linalg, name), getattr(onp.linalg, name)

    def run(a):
        if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
            raise onp.linalg.LinAlgError(f"no square matrices: {a.shape}")
        if not a.size:
            raise NotImplementedError("MXNet has no linear algebra of nothing")
        out = call(_cast(a, _dtype_after(lambda x: onp.linalg.inv(x.reshape(1, 1)), a.dtype)))
        return type(numpys(onp.eye(1)))(*out) if isinstance(out, tuple | list) else out

    return run


for _name in "inv det slogdet cholesky".split():
    globals()[f"linalg_{_name}"] = _on_matrices(_name)
