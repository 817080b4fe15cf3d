"""What PyTorch does otherwise than NumPy: NumPy's functions on tensors.

*Dtypes.*  For PyTorch an integer and a float32 make a float32, and so does an integer divided by an
integer.  What NumPy makes of dtypes it says itself, for ufuncs by `numpy.ufunc.resolve_dtypes`, for
others on an array of one element; each answer is kept.  Tensors that have the right dtypes go
straight to PyTorch.  The rules are those of NumPy 2: only Python's numbers adapt to arrays.

*What is not here* runs on NumPy, and so does what raises NotImplementedError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as onp
import torch
from torch import Tensor

from minpy.backends.torch import conversion
from minpy.backends.torch.conversion import (
    NUMBERS,
    NUMPYS,
    TORCHS,
    cast,
    promoted,
    result,
    tensor_of,
    tensor_or_number,
)
from minpy.backends.torch.convolution_kernels import *  # noqa: F403
from minpy.backends.torch.indexing import add_at, getitem, index_add, setitem  # noqa: F401
from minpy.backends.torch.network_kernels import *  # noqa: F403

Axis = int | tuple[int, ...] | None

# ----- ufuncs


def _loop(ufunc: Any, call: Callable[..., Tensor], *kinds: Any) -> tuple[torch.dtype, ...]:
    """Return the dtypes in which a function computes, given the kinds of its arguments."""
    *inputs, output = ufunc.resolve_dtypes((*(NUMPYS.get(kind, kind) for kind in kinds), None))
    loop = tuple(TORCHS[dtype] for dtype in inputs)
    try:
        dtype = NUMPYS[call(*(torch.ones(1, dtype=dtype) for dtype in loop)).dtype]
    except RuntimeError as error:
        raise NotImplementedError(str(error)) from error
    if dtype != output:
        raise NotImplementedError(f"{ufunc.__name__}: PyTorch makes {dtype}, NumPy {output}")
    return loop


def _unary(name: str, call: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Any]:
    ufunc = getattr(onp, name)
    loops: dict[torch.dtype, torch.dtype] = {}

    def run(x):
        dtype = x.dtype
        loop = loops.get(dtype)
        if loop is None:
            (loop,) = _loop(ufunc, call, dtype)
            loops[dtype] = loop
        out = call(x if loop is dtype else x.to(loop))
        return out if out.ndim else result(out)

    return run


def _binary(name: str, call: Callable[..., Tensor], takes: tuple = ()) -> Callable[..., Any]:
    """Return a ufunc; `takes` says which of Python's numbers `call` takes on the right."""
    ufunc = getattr(onp, name)
    loops: dict[tuple[Any, Any], tuple[torch.dtype, ...]] = {}  # empty: the arguments are ready

    def run(x, y):
        x_kind = x.dtype if type(x) is Tensor else type(x)
        y_kind = y.dtype if type(y) is Tensor else type(y)
        loop = loops.get((x_kind, y_kind))
        if loop is None:
            if x_kind not in _KINDS or y_kind not in _KINDS:
                return run(tensor_or_number(x, y), tensor_or_number(y, x))
            loop = _loop(ufunc, call, x_kind, y_kind)
            flags = y_kind is torch.bool and name == "multiply"  # of a rule: g * (x > 0)
            ready = loop[0] is x_kind and (loop[1] is y_kind or y_kind in takes or flags)
            loop = loops[x_kind, y_kind] = () if ready else loop
        if loop:
            x, y = cast(x, loop[0]), cast(y, loop[1])
        out = call(x, y)
        return out if out.ndim else result(out)

    return run


_KINDS = {*NUMPYS, *NUMBERS}


def _power(x: Tensor, y: Any) -> Tensor:
    if type(y) is Tensor and not (y.is_floating_point() or y.is_complex()) and (y < 0).any():
        raise ValueError("Integers to negative integer powers are not allowed.")
    return torch.pow(x, y)


def _named(words: str) -> dict[str, Callable[..., Any]]:
    """Return PyTorch's functions by NumPy's names: ``fabs=abs`` where the names differ."""
    pairs = [word.split("=") for word in words.split()]
    return {pair[0]: getattr(torch, pair[-1]) for pair in pairs}


_UNARY = _named(
    """absolute arccos arccosh arcsin arcsinh arctan arctanh ceil cos cosh deg2rad degrees=rad2deg
    exp exp2 expm1 fabs=abs floor invert=bitwise_not isfinite isinf isnan log log10 log1p log2
    logical_not negative positive=clone rad2deg radians=deg2rad reciprocal rint=round
    signbit sin sinh sqrt square tan tanh trunc"""
) | {
    "conjugate": lambda x: x.conj_physical() if x.is_complex() else x.clone(),
    "sign": lambda x: torch.where(x.isnan(), x, x.sgn()),  # PyTorch's sign of NaN is 0
}
_BINARY = _named(
    """arctan2 copysign float_power fmax fmin fmod gcd heaviside hypot lcm logaddexp logaddexp2
    logical_and logical_or logical_xor matmul nextafter"""
)
_WITH_NUMBERS = _named(
    """add bitwise_and bitwise_or bitwise_xor divide equal=eq floor_divide greater greater_equal
    left_shift=bitwise_left_shift less less_equal multiply not_equal remainder
    right_shift=bitwise_right_shift subtract"""
) | {
    "maximum": lambda x, y: torch.maximum(x, y) if type(y) is Tensor else x.clamp(min=y),
    "minimum": lambda x, y: torch.minimum(x, y) if type(y) is Tensor else x.clamp(max=y),
    "power": _power,
}
_UFUNCS = {name: _unary(name, call) for name, call in _UNARY.items()}
_UFUNCS |= {name: _binary(name, call) for name, call in _BINARY.items()}
_UFUNCS |= {name: _binary(name, call, NUMBERS) for name, call in _WITH_NUMBERS.items()}
globals().update(_UFUNCS)

# ----- other elementwise functions

_inexact = lambda x: x if x.is_floating_point() or x.is_complex() else x.double()
_as_made_by = lambda numpys, x: x if x.is_complex() else x.to(_dtype_after(numpys, x.dtype))
where = lambda condition, x, y: torch.where(tensor_of(condition), *promoted(x, y))
fix = _unary("trunc", torch.trunc)
real = lambda val: val.real
imag = lambda val: val.imag if val.is_complex() else torch.zeros_like(val)
angle = lambda z, deg=False: _as_made_by(onp.angle, z).angle() * (180 / math.pi if deg else 1)
sinc = lambda x: torch.sinc(_as_made_by(onp.sinc, x))
nan_to_num = lambda x, nan=0.0, posinf=None, neginf=None: torch.nan_to_num(x, nan, posinf, neginf)


def round(a: Tensor, decimals: int = 0) -> Tensor:
    if not a.is_floating_point():
        raise NotImplementedError(f"PyTorch does not round {a.dtype}")
    return torch.round(a, decimals=decimals)


# ----- reductions


@cache
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
def _dtype_after(call: Callable[..., Any], dtype: torch.dtype) -> torch.dtype:
    return TORCHS[call(onp.ones(1, NUMPYS[dtype])).dtype]


_size = lambda a, dims: math.prod([a.shape[dim] for dim in dims])


def _reduction(numpys: Callable[..., Any], call: Callable[..., Tensor], empty: Any = 0) -> Callable:
    """Return a reduction; `empty` is None if there is none of no elements."""

    def run(a, axis=None, keepdims=False):
        dims = _dims(axis, a.ndim)
        if empty is None and not _size(a, dims):
            raise ValueError(f"zero-size array to {numpys.__name__}, which has no identity")
        dtype = _dtype_after(numpys, a.dtype)
        a = a if a.dtype is dtype else a.to(dtype)
        out = call(a, dims, keepdims) if dims else a.clone()  # to PyTorch, no axes are all axes
        out = out if out.dtype is dtype else out.to(dtype)
        return out if out.ndim else result(out)

    return run


def _prod(a: Tensor, dims: tuple[int, ...], keepdims: bool) -> Tensor:
    for dim in sorted(dims, reverse=True):
        a = a.prod(dim, keepdims)
    return a


def _running(numpys: Callable[..., Any], call: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(a, axis=None):
        a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
        return call(a, axis, dtype=_dtype_after(numpys, a.dtype))

    return run


def _place(call: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return argmax or argmin: of equals, PyTorch promises the first."""

    def run(a, axis=None, keepdims=False):
        if not _size(a, _dims(axis, a.ndim)):
            raise ValueError("attempt to get the place of the largest or smallest of no elements")
        return result(call(_ordered(a), axis, keepdims))

    return run


def _ordered(a: Tensor) -> Tensor:
    if a.is_complex():
        raise NotImplementedError("PyTorch has no order of complex numbers")
    return a.byte() if a.dtype is torch.bool else a


sum = _reduction(onp.sum, torch.sum)
mean = _reduction(onp.mean, torch.mean)
prod = _reduction(onp.prod, _prod)
max = _reduction(onp.max, torch.amax, empty=None)
min = _reduction(onp.min, torch.amin, empty=None)
all = _reduction(onp.all, torch.all)
any = _reduction(onp.any, torch.any)
count_nonzero = lambda a, axis=None, *, keepdims=False: sum(a.bool(), axis, keepdims)
argmax = _place(torch.argmax)
argmin = _place(torch.argmin)
cumsum = _running(onp.cumsum, torch.cumsum)
cumprod = _running(onp.cumprod, torch.cumprod)


def var(a: Tensor, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
    dims = _dims(axis, a.ndim)
    if not dims:
        return var(a[None], 0, ddof)
    a = a.to(_dtype_after(onp.mean, a.dtype))
    n = _size(a, dims)
    if not a.numel():
        return torch.mean(a.abs(), dims, keepdims)  # NaN; the variance would warn
    out = torch.var(a, dims, correction=0, keepdim=keepdims)
    return out * (n / (n - ddof) if n > ddof else math.inf) if ddof else out


std = lambda a, axis=None, ddof=0, keepdims=False: var(a, axis, ddof, keepdims).sqrt()


def argsort(a: Tensor, axis: int | None = -1, kind: Any = None) -> Tensor:
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    return torch.argsort(_ordered(a), dim=axis, stable=True)


# ----- shapes


def reshape(a: Tensor, shape: Any, order: str = "C") -> Tensor:
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return a.reshape(shape) if order == "C" else transpose(transpose(a).reshape(shape[::-1]))


def transpose(a: Tensor, axes: Any = None) -> Tensor:
    return a.permute(tuple(axes) if axes is not None else tuple(range(a.ndim))[::-1])


def squeeze(a: Tensor, axis: Axis = None) -> Tensor:
    dims = _dims(axis, a.ndim)
    if axis is not None and _size(a, dims) != 1:
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return a.squeeze(dims)


def expand_dims(a: Tensor, axis: Any) -> Tensor:
    axes = _axes(axis) if isinstance(axis, tuple | list) else (axis,)
    for dim in sorted(_dims(axes, a.ndim + len(axes))):
        a = a.unsqueeze(dim)
    return a


_axes = lambda axis: axis if isinstance(axis, int) else tuple(axis)
moveaxis = lambda a, source, destination: a.movedim(_axes(source), _axes(destination))
swapaxes = lambda a, axis1, axis2: a.transpose(axis1, axis2)
ravel = lambda a, order="C": (a if order == "C" else transpose(a)).contiguous().view(-1)
broadcast_to = lambda array, shape: array.expand(shape)
concatenate = lambda *arrays, axis: torch.cat(promoted(*arrays), axis)
tile = lambda A, reps: A.tile(reps)


def roll(a: Tensor, shift: Any, axis: Any = None) -> Tensor:
    shift = shift.tolist() if hasattr(shift, "tolist") else shift
    return a.roll(shift) if axis is None else a.roll(*zip(*onp.broadcast(shift, axis)))


def pad(array: Tensor, pad_width: Any) -> Tensor:
    return torch.nn.functional.pad(array, [n for pair in pad_width[::-1] for n in pair])


# ----- copies, and tensors like others


def add_into(buffer: Tensor, values: Tensor) -> Tensor:
    fits = buffer.shape == values.shape and buffer.dtype is values.dtype
    return buffer.add_(values) if fits else buffer + values


copy = torch.clone
layout = lambda x: x.stride()
zeros_for = lambda like, shape: like.new_zeros(shape)
zeros_like = lambda a, *options, **named: full_like(a, 0, *options, **named)
ones_like = lambda a, *options, **named: full_like(a, 1, *options, **named)


def full_like(a: Tensor, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Tensor:
    dtype = a.dtype if dtype is None else conversion.torch_dtype(dtype)
    shape = a.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    return torch.full(shape, fill_value, dtype=dtype, device=a.device)


def astype(x: Tensor, dtype: Any) -> Tensor:
    dtype = conversion.torch_dtype(dtype)
    if x.is_complex() and not dtype.is_complex and dtype is not torch.bool:
        x = x.real  # what PyTorch takes too, with a warning
    return x.to(dtype, copy=True)


# ----- linear algebra


def einsum(*operands: Tensor, subscripts: str) -> Tensor:
    operands = promoted(*operands)
    out = torch.einsum(subscripts, *operands).to(operands[0].dtype)
    return out.clone() if len(operands) == 1 else out  # PyTorch may return a view of the one


def _on_matrices(name: str, *, square: bool = True) -> Callable[..., Any]:
    call, numpys = getattr(torch.linalg, name), getattr(onp.linalg, name, None)

    def run(a, *args, **static):
        if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):
            raise onp.linalg.LinAlgError(f"no {'square ' * square}matrices: {tuple(a.shape)}")
        out = call(_inexact(a), *args, **static)
        return type(numpys(onp.eye(1)))(*out) if isinstance(out, tuple) else out

    return run


for _name in "inv det slogdet cholesky eigh eigvalsh".split():
    globals()[f"linalg_{_name}"] = _on_matrices(_name)
for _name in "pinv svd svdvals qr".split():
    globals()[f"linalg_{_name}"] = _on_matrices(_name, square=False)


def linalg_cofactors(a: Tensor) -> Tensor:
    u, s, vh = torch.linalg.svd(_inexact(a))
    eye = torch.eye(s.shape[-1], dtype=torch.bool, device=s.device)
    others = torch.where(eye, 1, s[..., None, :]).prod(-1)
    scale = (torch.linalg.det(u) * torch.linalg.det(vh))[..., None, None]
    return scale * ((u * others[..., None, :]) @ vh).conj()


def linalg_solve(a: Tensor, b: Tensor) -> Tensor:
    a, b = promoted(_inexact(a), b)
    vectors = b.ndim == (1 if onp.lib.NumpyVersion(onp.__version__) >= "2.0.0" else a.ndim - 1)
    columns = b[..., None] if vectors else b
    batch = torch.broadcast_shapes(a.shape[:-2], columns.shape[:-2])
    out = torch.linalg.solve(a, columns.expand(batch + columns.shape[-2:]))  # else it guesses
    return out[..., 0] if vectors else out


# ----- Fourier transforms


def _transform(call: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(a, n=None, axis=-1, norm=None):
        single = _dtype_after(onp.fft.fft, a.dtype) is torch.complex64
        dtype = torch.promote_types(a.dtype, torch.float32 if single else torch.float64)
        return call(a.to(dtype), n, axis, norm)

    return run


for _name in "fft ifft rfft irfft".split():
    globals()[f"fft_{_name}"] = _transform(getattr(torch.fft, _name))
