"""What is installed, which devices there are, and what runs where: `show_config`."""

from __future__ import annotations

import os
import platform
import textwrap
from importlib import import_module, metadata
from typing import Any, NamedTuple

import numpy as onp

from minpy.backends import kernels, libraries
from minpy.backends.context import CPU, current_context, gpu
from minpy.backends.policy import current_policy
from minpy.errors import DeviceError

__all__ = ["Config", "find_config", "show_config"]


class Config(NamedTuple):
    """What `find_config` returns.

    Attributes
    ----------
    versions : dict of str
        The versions of minpy, Python, NumPy and the optional libraries that work here.
    missing : dict of str
        The optional libraries that do not, with the reason and what to do.
    blas : str
        What multiplies NumPy's matrices, and on how many threads.
    devices : dict of str
        The devices, such as ``'gpu(0)'``, with a description of each.
    no_gpu : list of str
        Why there is no GPU, if there is none: a sentence for each library.
    policy, context : str
        Those in force.
    kernels : dict of dict
        The library that runs each heavy kernel on NumPy's arrays, by dtype, under this policy.
    """

    versions: dict[str, str]
    missing: dict[str, str]
    blas: str
    devices: dict[str, str]
    no_gpu: list[str]
    policy: str
    context: str
    kernels: dict[str, dict[str, str]]


def find_config() -> Config:
    """Find out what `show_config` prints; this imports the optional libraries.

    Returns
    -------
    Config

    Examples
    --------
    >>> find_config().context
    'cpu(0)'
    """
    import_module("minpy.nn.functional")  # kernels are known once they are imported
    versions = {
        "minpy": _own_version(),
        "Python": platform.python_version(),
        "NumPy": onp.__version__,
    }
    missing = {}
    devices = {repr(CPU): _counted(_cores(), "core")}
    no_gpu = []
    for library in libraries.LIBRARIES.values():
        try:
            library.backend_on(CPU)
            versions[library.title] = library.version()
        except DeviceError as reason:
            missing[library.title] = f"{reason} It brings {library.brings}."
        try:
            library.backend_on(gpu(0))
            for index, description in enumerate(library.gpus()):
                devices.setdefault(repr(gpu(index)), f"{description}, by {library.title}")
        except DeviceError as reason:
            no_gpu.append(str(reason))
    return Config(
        versions,
        missing,
        _blas(),
        devices,
        no_gpu if len(devices) == 1 else [],
        current_policy().name,
        repr(current_context()),
        {
            name: {dtype: kernels.library_for(name, dtype) for dtype in kernels.FASTEST}
            for name in kernels.every_kernel
        },
    )


def show_config() -> None:
    """Print what is installed, what to install for more, the devices, and what runs where.

    ``python -m minpy`` prints the same.

    Examples
    --------
    >>> show_config()
    minpy    ...
    context  cpu(0)
    ...
    """
    print(_report(find_config()))


def _report(config: Config) -> str:
    rows = list(config.versions.items())
    rows += config.missing.items()
    rows += [("BLAS", config.blas), *config.devices.items()]
    if config.no_gpu:
        rows.append(("gpu(0)", " ".join(["none.", *config.no_gpu])))
    rows += [("policy", config.policy), ("context", config.context)]
    for where, names in _by_library(config.kernels).items():
        rows.append(("kernels", f"{where}: {', '.join(names)}"))
    width = max(len(label) for label, _ in rows)
    return "\n".join(_row(label, text, width) for label, text in rows)


def _row(label: str, text: str, width: int) -> str:
    return textwrap.fill(
        text,
        width=88,
        initial_indent=f"{label:{width}}  ",
        subsequent_indent=" " * (width + 2),
        break_on_hyphens=False,
    )


def _by_library(runs: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Return the names of the kernels that run in the same places, under a text that says where."""
    groups: dict[str, list[str]] = {}
    for name, by_dtype in runs.items():
        if len(set(by_dtype.values())) == 1:
            where = f"on {next(iter(by_dtype.values()))}"
        else:
            where = ", ".join(f"{dtype} on {library}" for dtype, library in by_dtype.items())
        groups.setdefault(where, []).append(name)
    return groups


def _own_version() -> str:
    try:
        return metadata.version("minpy-edu")
    except metadata.PackageNotFoundError:
        return "not installed, found on the path"


def _blas() -> str:
    numpy: Any = onp  # the types of NumPy 1.26 do not know show_config's mode
    blas = numpy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    name = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    return f"{name}, {_threads()}"


def _threads() -> str:
    """Say on how many threads BLAS libraries run; the most special variable wins."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(variable):
            return f"{variable}={os.environ[variable]}"
    return f"up to {_counted(_cores(), 'thread')}"


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
