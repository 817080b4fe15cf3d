"""Importing MXNet 1.9.1, its last release (2022), beside a NumPy of today.

MXNet asks for names that NumPy has left out since: `numpy.bool` on NumPy 1.26, and some twenty on
NumPy 2.  They are not put back into NumPy, where other packages would see them.  MXNet's modules
get a NumPy of their own instead: the names of the real one, and the missing ones::

    import numpy as np        # in a module of MXNet: np is `numpy_for_mxnet()`
    np.bool                   # bool, also when a function asks for it later
    np.exp is numpy.exp       # True: everything else is NumPy's

This works by the import system's own means.  A finder recognises MXNet's modules, those that are
imported later too, and gives each an ``__import__`` that knows what ``numpy`` is to be.  So NumPy's
namespace is as it was, at any time and for all threads.

On Python 3.12 and later MXNet also needs `distutils`, which setuptools has.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import platform
import re
import sys
import warnings
from contextlib import suppress
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as onp

__all__ = ["load", "numpy_for_mxnet"]

INSTEAD = (
    "Without it everything but MXNet's symbols works: use_policy('prefer_torch') has PyTorch's "
    "arrays, and NumPy's need nothing."
)


@cache
def load() -> ModuleType:
    """Import MXNet and return it, as ``import mxnet as mx`` does where nothing is in its way.

    Returns
    -------
    module
        ``mxnet``.

    Raises
    ------
    ImportError
        If it is not installed or does not work here; the message says why, and what works instead.

    Examples
    --------
    >>> mx = load()
    >>> mx.nd.ones((1, 2)).asnumpy()
    array([[1., 1.]], dtype=float32)
    """
    if "mxnet" not in sys.modules:
        # An import that failed before, without this module, has left some of it behind.
        for name in [name for name in sys.modules if name.startswith("mxnet.")]:
            del sys.modules[name]
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    os.environ.setdefault("MXNET_SUBGRAPH_VERBOSE", "0")  # a line on stderr for each executor
    if importlib.util.find_spec("distutils") is None:
        with suppress(ModuleNotFoundError):  # which MXNet's import then says, if it is there
            importlib.import_module("setuptools")  # has distutils, and makes it importable
    try:
        with warnings.catch_warnings():
            # Where MXNet is old: deprecated modules, escapes in texts.  Others may still warn.
            # What warns while it is imported names the importer, which is `_import` below.
            warnings.filterwarnings("ignore", module=rf"(.*[/\\])?mxnet\b|{re.escape(__name__)}$")
            mx = importlib.import_module("mxnet")
    except ModuleNotFoundError as error:
        raise ImportError(_why_missing(error)) from error
    except Exception as error:
        raise ImportError(
            f"MXNet is installed, but does not import beside NumPy {onp.__version__} on Python "
            f"{platform.python_version()}: {type(error).__name__}: {error}. {INSTEAD}"
        ) from error
    _mend_earlier_imports()
    _mend_scipy(mx)
    return mx


def _why_missing(error: ModuleNotFoundError) -> str:
    """Say what is not installed, and what to do on this machine."""
    if error.name == "distutils":
        return (
            "MXNet needs distutils, which Python has left out from 3.12 on and setuptools has: "
            "pip install setuptools"
        )
    if error.name != "mxnet":
        return f"MXNet is installed, but {error.name} is not, which it needs: pip install it."
    machine = platform.machine().lower()
    supported = {"linux": ("x86_64", "aarch64"), "darwin": ("x86_64",)}
    if machine not in supported.get(sys.platform, ()):
        return (
            f"MXNet is not installed, and has no build for {platform.system()} on {machine}: its "
            "last release, 1.9.1, is there for Linux on x86-64 and ARM and for Macs with Intel "
            f"processors. {INSTEAD}"
        )
    if sys.version_info >= (3, 12):
        return (
            "MXNet is not installed. Its last release, 1.9.1, wants NumPy 1, which pip has for "
            "Python up to 3.12, and it is tested here with Python 3.10 and 3.11: use one of "
            f"these, and pip install mxnet==1.9.1. {INSTEAD}"
        )
    return f"MXNet is not installed: pip install mxnet==1.9.1. {INSTEAD}"


# ----- NumPy, as MXNet knows it


@cache
def numpy_for_mxnet() -> ModuleType:
    """Return a module with NumPy's names, and those that MXNet asks for and NumPy has left out.

    Examples
    --------
    >>> numpy_for_mxnet().bool, numpy_for_mxnet().exp is onp.exp
    (<class 'bool'>, True)
    """
    out = _NumPy("numpy", onp.__doc__)
    names = {**vars(onp), **_LEFT_OUT}
    if not hasattr(onp, "trapezoid"):
        del names["trapz"]  # NumPy 1 has it itself
    vars(out).update(names)
    return out


class _NumPy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(onp, name)  # what NumPy imports when it is first asked for


def _moved(name: str) -> Any:
    def function(*args: Any, **static: Any) -> Any:
        raise RuntimeError(f"numpy.{name} is numpy_financial.{name} since NumPy 1.20")

    function.__name__ = name
    return function


_LEFT_OUT = {
    "bool": bool,
    "int": int,
    "Inf": onp.inf,
    "PINF": onp.inf,
    "NINF": -onp.inf,
    "NaN": onp.nan,
    "NAN": onp.nan,
    "PZERO": 0.0,
    "NZERO": -0.0,
    "compat": SimpleNamespace(basestring=str),
    "alltrue": onp.all,
    "sometrue": onp.any,
    "product": onp.prod,
    "round_": onp.round,
    "trapz": getattr(onp, "trapezoid", None),
    "msort": lambda a: onp.sort(a, axis=0),
    "in1d": lambda ar1, ar2, **options: onp.isin(onp.ravel(ar1), ar2, **options),
    **{name: _moved(name) for name in ("mirr", "npv", "pmt", "ppmt", "pv", "rate")},
}


# ----- how MXNet's modules come by it


class _Finder:
    """Finds MXNet's modules where Python does, and has them loaded by `_Loader`."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition(".")[0] != "mxnet":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        # `import` in a module calls the __import__ of the builtins that the module has.
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import}
        super().exec_module(module)


def _import(
    name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
) -> ModuleType:
    if name == "numpy" and level == 0:
        return numpy_for_mxnet()
    return builtins.__import__(name, globals, locals, fromlist, level)


def _mend_earlier_imports() -> None:
    """Give those of MXNet's modules the names that were imported before there was a finder."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "mxnet" and module is not None:
            for key, value in list(vars(module).items()):
                if value is onp:
                    setattr(module, key, numpy_for_mxnet())


def _mend_scipy(mx: ModuleType) -> None:
    """Let `mx.nd.array` see SciPy's matrices where SciPy has them, not where it had them."""
    for module in (mx.nd.utils, mx.nd.sparse):
        scipy_sparse = module.spsp
        if scipy_sparse is not None and not isinstance(scipy_sparse, SimpleNamespace):
            names = {name: getattr(scipy_sparse, name) for name in ("csr_matrix", "coo_matrix")}
            module.spsp = SimpleNamespace(**names, csr=scipy_sparse)
