"""PyTorch as a backend, on the CPU and on CUDA devices.  Importing this imports PyTorch.

On the CPU a NumPy array and its tensor share memory.  PyTorch's own autograd is not used: the
tensors here never require a gradient.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import torch

from minpy.backends.backend import Backend
from minpy.backends.context import Context, cpu, gpu
from minpy.backends.registry import register
from minpy.backends.torch import functions
from minpy.backends.torch.conversion import dtype_of, from_numpy, to_numpy
from minpy.errors import DeviceError

BARE_RULES = frozenset(
    """add subtract multiply divide negative matmul exp log sqrt square tanh sin cos sum mean
    reshape ravel transpose squeeze expand_dims swapaxes moveaxis broadcast_to concatenate getitem
    copy nn.relu nn.sigmoid nn.conv2d nn.conv2d_input nn.conv2d_weight""".split()
)


def aliases(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether `a`, just made of `b`, shares its memory."""
    if a is b:
        return True
    base = a._base
    return base is not None and (base is b or base is b._base)


@cache
def backend_on(context: Context) -> Backend:
    """Return the backend on a device; raise `minpy.DeviceError` if there is none."""
    if context.device_type == "cpu":
        return _backend(context, from_numpy)
    _check_gpu(context.device_id)
    device = torch.device("cuda", context.device_id)
    return _backend(context, lambda x: from_numpy(x).to(device))


def _backend(context: Context, place: Any) -> Backend:
    return Backend(
        "torch",
        (torch.Tensor,),
        functions,
        to_numpy=to_numpy,
        from_numpy=place,
        aliases=aliases,
        owns=lambda x: x._base is None,
        dtype_of=dtype_of,
        bare_rules=BARE_RULES,
        context=context,
    )


def _check_gpu(index: int) -> None:
    """Raise `minpy.DeviceError` if PyTorch cannot use GPU number `index`."""
    version = f"PyTorch {torch.__version__}"
    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceError(
            f"{version} is installed, but it is the build for CPUs alone: install the one that "
            "pytorch.org names for your system and GPU."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of a missing driver; so do we
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(
            f"{version} is built for CUDA {torch.version.cuda}, but sees no GPU: `nvidia-smi` must "
            "list one, and CUDA_VISIBLE_DEVICES must not hide it."
        )
    if index >= count:
        raise DeviceError(
            f"{version} sees {count} GPU(s), numbered from 0; there is no gpu({index})."
        )


def _backend_of(x: torch.Tensor) -> Backend:
    if x.is_cpu:
        return ON_CPU
    if not x.is_cuda:
        raise TypeError(f"tensors on {x.device} are not supported; x.cpu() brings them to the CPU")
    return backend_on(gpu(x.device.index))


ON_CPU = backend_on(cpu())
register(ON_CPU, _backend_of)
