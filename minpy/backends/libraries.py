"""The optional array libraries: which are installed, and what to install; none is imported here."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from minpy.backends.backend import Backend
from minpy.backends.context import CPU, Context
from minpy.errors import DeviceError, NotInstalledError


@dataclass(frozen=True)
class Library:
    """An array library that may be installed.

    Attributes
    ----------
    name : str
        What policies call it; its import name.
    title : str
        What it is called.
    install : str
        How to install it.
    brings : str
        What one gets of it.
    load : callable
        Imports and returns our module for it, which has ``backend_on(context)``.
    gpus : callable
        Returns the name and the memory of each GPU that it can use.
    """

    name: str
    title: str
    install: str
    brings: str
    load: Callable[[], ModuleType]
    gpus: Callable[[], list[str]]

    def installed(self) -> bool:
        """Return whether it is there, without importing it."""
        return _is_installed(self.name)

    def version(self) -> str:
        """Return its version, without importing it."""
        from importlib import metadata  # half as slow to import as all of minpy

        try:
            return metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return "of unknown version"  # put on the path by hand

    def backend_on(self, context: Context) -> Backend:
        """Return the backend on a device.

        Raises
        ------
        minpy.errors.NotInstalledError
            If the library is not installed.
        minpy.DeviceError
            If it does not import, or cannot use the device.
        """
        if not self.installed():
            raise NotInstalledError(f"{self.title} is not installed: {self.install}.")
        try:
            module = self.module()
        except ImportError as error:
            reason = f"{self.title} is installed, but does not import ({error})."
            raise DeviceError(reason) from error
        # A program may call its CPU cpu(1), but arrays do not have to be moved between the two.
        return module.backend_on(CPU if context.device_type == "cpu" else context)

    def module(self) -> ModuleType:
        """Return our module for it, imported when first asked for.

        Raises
        ------
        ImportError
            If the library is installed, but does not import.
        """
        loaded = _loaded(self)
        if isinstance(loaded, Exception):
            raise ImportError(str(loaded)) from loaded
        return loaded


@cache
def _loaded(library: Library) -> ModuleType | Exception:
    """Import a library once, also if it fails: PyTorch fails differently the second time."""
    try:
        return library.load()
    except (ImportError, OSError) as error:  # OSError: a DLL of it does not load
        return error


@cache
def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _load_mxnet() -> ModuleType:
    return importlib.import_module("minpy.backends.mxnet")


def _load_torch() -> ModuleType:
    return importlib.import_module("minpy.backends.torch")


def _gpus_of_mxnet() -> list[str]:
    mx = importlib.import_module("mxnet")
    memories = [mx.context.gpu_memory_info(i)[1] for i in range(mx.context.num_gpus())]
    return [f"a GPU, {memory / 2**30:.0f} GiB" for memory in memories]


def _gpus_of_torch() -> list[str]:
    cuda = importlib.import_module("torch").cuda
    properties = map(cuda.get_device_properties, range(cuda.device_count()))
    return [f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB" for gpu in properties]


LIBRARIES = {
    library.name: library
    for library in (
        Library(
            "torch",
            "PyTorch",
            "pip install 'minpy-edu[torch]'",
            "faster convolutions, and arrays on GPUs",
            _load_torch,
            _gpus_of_torch,
        ),
        Library(
            "mxnet",
            "MXNet",
            "pip install 'minpy-edu[mxnet]'",
            "symbols as functions, and the policies of the old minpy",
            _load_mxnet,
            _gpus_of_mxnet,
        ),
    )
}
