"""Between NumPy and PyTorch: arrays, dtypes, and what NumPy makes of several dtypes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as onp
import torch
from torch import Tensor

_NAMES = """
    bool uint8 uint16 uint32 uint64 int8 int16 int32 int64
    float16 float32 float64 complex64 complex128
""".split()
NUMPYS = {getattr(torch, name): onp.dtype(name) for name in _NAMES}
TORCHS = {theirs: ours for ours, theirs in NUMPYS.items()}
NUMBERS = (int, float, complex)  # of Python: they take the dtype of the arrays they meet


def dtype_of(x: Tensor) -> onp.dtype:
    """Return NumPy's dtype for the elements of a tensor."""
    return NUMPYS[x.dtype]


def torch_dtype(dtype: Any) -> torch.dtype:
    """Return PyTorch's name for a dtype of NumPy's."""
    if onp.dtype(dtype) not in TORCHS:
        raise TypeError(f"PyTorch has no dtype {onp.dtype(dtype)}; try use_policy('only_numpy')")
    return TORCHS[onp.dtype(dtype)]


def to_numpy(x: Tensor) -> onp.ndarray:
    """Return a tensor as a NumPy array; on the CPU it shares the tensor's memory."""
    return x.numpy(force=True)


def from_numpy(x: onp.ndarray) -> Tensor:
    """Return a NumPy array as a tensor, which shares its memory where PyTorch can."""
    if any(step < 0 for step in x.strides) or not x.flags.writeable:
        x = x.copy()  # PyTorch has no negative strides, and lets everybody write
    if not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    torch_dtype(x.dtype)  # raises if PyTorch has none
    return torch.from_numpy(x)


def tensor_of(x: Any, like: Any = None) -> Tensor:
    """Return what is no tensor as one, where `like` is; without axes it may stay on the CPU."""
    if isinstance(x, Tensor):
        return x
    x = from_numpy(onp.array(x))
    return x.to(like.device) if x.ndim else x


def tensor_or_number(x: Any, like: Any = None) -> Any:
    """Return a number of Python as it is, and anything else as a tensor; see `tensor_of`."""
    return x if type(x) in NUMBERS else tensor_of(x, like)


def cast(x: Any, dtype: torch.dtype) -> Tensor:
    """Return a tensor or a number of Python as a tensor of a dtype."""
    if isinstance(x, Tensor):
        return x.to(dtype)
    if type(x) is float:  # one that is too large for the dtype becomes infinite, as in NumPy
        return torch.scalar_tensor(x, dtype=torch.float64).to(dtype)
    return torch.scalar_tensor(x, dtype=dtype)


def promoted(*given: Any) -> list[Tensor]:
    """Return tensors and numbers as tensors of the dtype that NumPy gives them together."""
    xs = [tensor_or_number(x) for x in given]
    dtype = _common_dtype(*(type(x) if type(x) in NUMBERS else x.dtype for x in xs))
    return [cast(x, dtype) for x in xs]


@cache
def _common_dtype(*kinds: Any) -> torch.dtype:
    return TORCHS[onp.result_type(*(NUMPYS[k] if k in NUMPYS else k(0) for k in kinds))]


def result(x: Tensor) -> Any:
    """Return what NumPy returns: without axes, counts and flags are its scalars."""
    return x if x.ndim or x.is_floating_point() or x.is_complex() else x.numpy(force=True)[()]
