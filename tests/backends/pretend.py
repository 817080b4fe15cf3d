"""A library that pretends to have a CPU and two GPUs, for machines that have none.

Its arrays wrap a NumPy array and the device where they pretend to be.  It has a handful of
functions, which refuse arrays of two devices; the rest are fallbacks.
"""

import sys

import numpy as onp

from minpy import backends
from minpy.backends import NUMPY, Backend
from minpy.backends.context import cpu, gpu
from minpy.backends.libraries import Library
from minpy.errors import DeviceError

__all__ = ["OWN", "PRETEND", "PretendArray", "backend_on"]


class PretendArray:
    """An array somewhere."""

    __array_ufunc__ = None  # NumPy's operators leave it alone

    def __init__(self, values, device):
        self.values = values
        self.device = device

    @property
    def shape(self):
        return self.values.shape

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def nbytes(self):
        return self.values.nbytes


class Functions:
    """What the library has."""


def _own(name):
    on_numpy = NUMPY.implementation(name)

    def function(*args, **static):
        (device,) = {x.device for x in args if type(x) is PretendArray}
        opened = [x.values if type(x) is PretendArray else x for x in args]
        return PretendArray(onp.asarray(on_numpy(*opened, **static)), device)

    return staticmethod(function)


OWN = ["add", "multiply", "negative", "exp", "matmul", "sum", "broadcast_to", "copy", "astype"]
for _name in OWN:
    setattr(Functions, _name, _own(_name))


def _on(device):
    return Backend(
        "pretend",
        (PretendArray,),
        Functions,
        to_numpy=lambda x: x.values.copy(),
        from_numpy=lambda x: PretendArray(onp.array(x), device),
        context=device,
    )


_BACKENDS = {device: _on(device) for device in (cpu(), gpu(0), gpu(1))}
backends.register(_BACKENDS[cpu()], lambda x: _BACKENDS[x.device])


def backend_on(context):
    """Return the backend on a device; raise `DeviceError` if there is none."""
    if context not in _BACKENDS:
        raise DeviceError(f"Pretend 1.0 has 2 GPUs, but no {context}.")
    return _BACKENDS[context]


class _Library(Library):
    def installed(self):
        return True

    def version(self):
        return "1.0"


PRETEND = _Library(
    "pretend",
    "Pretend",
    "pip install pretend",
    "devices out of thin air",
    lambda: sys.modules[__name__],
    lambda: ["Pretend GPU, 1 GiB", "Pretend GPU, 2 GiB"],
)
