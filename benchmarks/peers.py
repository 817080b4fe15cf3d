"""The libraries compared: their names in the tables, loading them, and their threads."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

#: Name in the tables -> name on import.
PACKAGES = {
    "minpy": "minpy",
    "NumPy": "numpy",
    "PyTorch": "torch",
    "HIPS autograd": "autograd",
    "JAX": "jax",
    "MXNet": "mxnet",
}

#: Environment variable -> whom it tells the number of threads.
THREAD_VARIABLES = {
    "OMP_NUM_THREADS": "PyTorch, MXNet",
    "OPENBLAS_NUM_THREADS": "NumPy's wheels",
    "MKL_NUM_THREADS": "conda's NumPy",
    "VECLIB_MAXIMUM_THREADS": "NumPy on macOS",
    "NPROC": "JAX",
}


class Unavailable(Exception):
    """A peer that cannot be measured here; the message says why."""


def load(module: str) -> ModuleType:
    """Import a peer.

    Parameters
    ----------
    module : str
        Its name on import, such as ``"autograd.numpy"``.

    Raises
    ------
    Unavailable
        It is not installed, or is and does not import beside the installed NumPy.

    Examples
    --------
    >>> load("no_such_library")
    Traceback (most recent call last):
    ...
    benchmarks.peers.Unavailable: not installed
    """
    package = module.partition(".")[0]
    try:
        with _numpy_bool(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MXNet reads names that NumPy has deprecated
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == package:
            raise Unavailable("not installed") from None
        raise Unavailable(f"does not import here: {error}") from error
    except Exception as error:
        raise Unavailable(f"does not import here: {error}") from error


@contextmanager
def _numpy_bool() -> Iterator[None]:
    """Give NumPy 1.24 to 1.26 the name `bool`, which MXNet 1.9.1, its last release, imports."""
    import numpy

    missing = "bool" not in vars(numpy)
    if missing:
        numpy.bool = bool
    try:
        yield
    finally:
        if missing:
            del numpy.bool


def use_threads(count: int) -> None:
    """Give every library, here and in processes started from here, the same number of threads.

    They read it when they are loaded, so this comes before the first import of NumPy.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(count)
