"""Which library runs a heavy kernel on NumPy's arrays.

A convolution takes PyTorch half the time it takes NumPy, and a NumPy array enters PyTorch and comes
back without a copy.  So the kernels declared with `kernel` run on the fastest library that is
installed, unless the policy says ``only_numpy``.  The choice is made at each call.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.backends import libraries, made_by, statistics
from minpy.backends.context import CPU
from minpy.backends.policy import POLICIES, current_policy

# The libraries that run kernels, the fastest first, for each dtype of the arrays.
FASTEST = {"float32": ("torch",), "float64": ("torch",)}

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
        library = library_for(name, args[0].dtype)
        if library == "numpy":
            count()
            return on_numpy(*args, **static)
        backend = made_by(POLICIES[f"prefer_{library}"], CPU)
        return backend.outward(backend.implementation(name)(*backend.inward(args), **static))

    run.count = lambda: None  # type: ignore[attr-defined] # for the op: it has been counted
    return run


def library_for(name: str, dtype: Any) -> str:
    """Return the name of the library that runs the kernel `name` on NumPy arrays of a dtype."""
    policy = current_policy()
    for library in FASTEST.get(onp.dtype(dtype).name, ()):
        if policy.library in (None, library) and _runs(library, name):
            return library
    return "numpy"


@functools.cache
def _runs(library: str, name: str) -> bool:
    return _works(library) and made_by(POLICIES[f"prefer_{library}"], CPU).has(name)


@functools.cache
def _works(library: str) -> bool:
    """Whether a library is installed, and imports."""
    known = libraries.LIBRARIES[library]
    if not known.installed():
        return False
    try:
        known.module()
    except ImportError as error:
        warnings.warn(
            f"{known.title} is installed, but does not import ({error}); kernels run on NumPy",
            RuntimeWarning,
            stacklevel=5,
        )
        return False
    return True
