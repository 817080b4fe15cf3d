"""Which library runs a heavy kernel on NumPy's arrays.

A convolution takes PyTorch half the time it takes NumPy, and a NumPy array enters another library
and comes back without a copy.  So the kernels declared with `kernel` run on the fastest library
that is installed, unless the policy says ``only_numpy``.  The choice is made at each call.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.backends import libraries, statistics
from minpy.backends.backend import NUMPY, Backend
from minpy.backends.context import CPU
from minpy.backends.policy import current_policy
from minpy.errors import DeviceError, NotInstalledError
from minpy.tree import tree_map

# The libraries that run kernels, the fastest first, for each dtype of the arrays.
# MXNet takes five times as long for float64 as for float32.
FASTEST = {"float32": ("torch", "mxnet"), "float64": ("torch",)}

# The only kernels that a library runs: MXNet's gradients take as long as NumPy's.
KERNELS_OF = {"mxnet": ("nn.conv2d",)}

every_kernel: list[str] = []


def kernel(name: str, on_numpy: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel on NumPy arrays that another library runs where that is faster.

    Parameters
    ----------
    name : str
        The op's name, such as ``"nn.conv2d"``.
    on_numpy : callable
        NumPy's implementation, on raw arrays.
    """
    every_kernel.append(name)
    count = statistics.counter(name, "numpy")

    @functools.wraps(on_numpy)
    def run(*args: Any, **static: Any) -> Any:
        backend = _fastest(name, args[0].dtype)
        if backend is None:
            count()
            return on_numpy(*args, **static)
        lent = tree_map(lambda x: backend.lend(x) if isinstance(x, onp.ndarray) else x, args)
        out = backend.implementation(name)(*lent, **static)
        types = backend.array_types
        return tree_map(lambda x: backend.collect(x) if isinstance(x, types) else x, out)

    run.count = lambda: None  # type: ignore[attr-defined] # for the op: it has been counted
    return run


def library_for(name: str, dtype: Any) -> str:
    """Return the name of the library that runs the kernel `name` on NumPy arrays of a dtype."""
    backend = _fastest(name, dtype)
    return NUMPY.name if backend is None else backend.name


def _fastest(name: str, dtype: Any) -> Backend | None:
    """Return the backend that runs a kernel on arrays of a dtype; None for NumPy."""
    policy = current_policy()
    for library in FASTEST.get(onp.dtype(dtype).name, ()):
        if policy.library in (None, library) and name in KERNELS_OF.get(library, (name,)):
            backend = _backend_in(library)
            if backend is not None and backend.has(name):
                return backend
    return None


@functools.cache
def _backend_in(library: str) -> Backend | None:
    """Return a library's backend on the CPU; None where it is not installed, or does not import."""
    try:
        return libraries.LIBRARIES[library].backend_on(CPU)
    except NotInstalledError:
        return None
    except DeviceError as error:
        message = f"{str(error).removesuffix('.')}; kernels run on NumPy"
        warnings.warn(message, RuntimeWarning, stacklevel=5)
        return None
