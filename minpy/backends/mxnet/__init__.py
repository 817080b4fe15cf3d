"""MXNet 1.9.1 as a backend, on the CPU and on CUDA devices.  Importing this imports MXNet.

The raw arrays are MXNet's NumPy-like ones, ``mx.np.ndarray``: of its two kinds, the one that may
have no axes or no elements, and whose comparisons are booleans.  It wants shapes to mean what they
mean in NumPy, which a thread has to ask for: in ``mx.nd`` and ``mx.sym`` a 0 in a shape means
"unknown".  So each function here asks for itself (`InNumPysShapes`), and a program's own MXNet code
finds its thread as it left it.  Arrays of ``mx.nd`` are taken too.

MXNet is asynchronous, and nobody notices.  On the CPU each function waits for its result, which
costs little beside what calling MXNet costs; memory is shared with NumPy only inside of functions
that wait, and for kernels on NumPy's arrays, whose results are waited for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from minpy.backends.backend import Backend
from minpy.backends.context import Context, cpu, gpu
from minpy.backends.mxnet import functions
from minpy.backends.mxnet.conversion import (
    array_of,
    copied_in,
    copied_out,
    dtype_of,
    from_numpy,
    mx,
    to_numpy,
)
from minpy.backends.registry import register
from minpy.errors import DeviceError

_set_shapes = mx.base._LIB.MXSetIsNumpyShape


class InNumPysShapes:
    """The functions of a module, each called with a 0 in a shape meaning nothing, as in NumPy.

    With `waits`, each returns when its result is there: an error that one of MXNet's threads finds
    is raised by the function that it belongs to.
    """

    def __init__(self, module: Any, *, waits: bool) -> None:
        self.module = module
        self.waits = waits

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self.module, name)

        def run(*args: Any, **static: Any) -> Any:
            before = ctypes.c_int()
            _set_shapes(1, ctypes.byref(before))
            try:
                out = function(*map(_new_kind, args), **static)
                if self.waits:
                    for part in out if isinstance(out, tuple) else (out,):
                        if isinstance(part, mx.nd.NDArray):
                            part.wait_to_read()
                return out
            finally:
                if not before.value:
                    _set_shapes(0, ctypes.byref(before))

        return run


def _new_kind(x: Any) -> Any:
    return array_of(x) if isinstance(x, mx.nd.NDArray) else x


@cache
def backend_on(context: Context) -> Backend:
    """Return the backend on a device; raise `minpy.DeviceError` if there is none."""
    if context.device_type == "cpu":
        return _backend(context, copied_in)
    _check_gpu(context.device_id)
    device = mx.gpu(context.device_id)
    return _backend(context, lambda x: copied_in(x, device))


def _backend(context: Context, place: Any) -> Backend:
    return Backend(
        "mxnet",
        (mx.np.ndarray, mx.nd.NDArray),
        InNumPysShapes(functions, waits=context.device_type == "cpu"),
        to_numpy=copied_out,
        from_numpy=place,
        lend=lambda x: from_numpy(x, mx.np.ndarray),
        collect=lambda x: to_numpy(x, new=True),
        aliases=lambda a, b: a is b,
        owns=lambda x: True,
        dtype_of=dtype_of,
        views=functions.VIEWS,
        context=context,
    )


def _check_gpu(index: int) -> None:
    """Raise `minpy.DeviceError` if MXNet cannot use GPU number `index`."""
    version = f"MXNet {mx.__version__}"
    if not mx.runtime.Features().is_enabled("CUDA"):
        raise DeviceError(
            f"{version} is installed, but it is the build for CPUs alone: of its builds for GPUs, "
            "the last are mxnet-cu112 1.9.1 and mxnet-cu102 1.9.1."
        )
    count = mx.context.num_gpus()
    if count == 0:
        raise DeviceError(
            f"{version} is built for CUDA, but sees no GPU: `nvidia-smi` must list one, and "
            "CUDA_VISIBLE_DEVICES must not hide it."
        )
    if index >= count:
        raise DeviceError(
            f"{version} sees {count} GPU(s), numbered from 0; there is no gpu({index})."
        )


def _backend_of(x: Any) -> Backend:
    return backend_on(gpu(x.ctx.device_id)) if x.ctx.device_type == "gpu" else ON_CPU


ON_CPU = backend_on(cpu())
register(ON_CPU, _backend_of)
