"""What the figures depend on: the machine, the interpreter, the libraries."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy

from benchmarks import peers


def facts(gpu: bool = False) -> dict[str, Any]:
    """Describe the machine and the software, ready for JSON; with `gpu`, also that of gpu(0)."""
    return {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "gpu": _gpu() if gpu else None,
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": {name: _version(package) for name, package in peers.PACKAGES.items()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _gpu() -> str:
    import torch

    return f"{torch.cuda.get_device_name(0)}, CUDA {torch.version.cuda}"


def _blas() -> str:
    blas = numpy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _version(package: str) -> str | None:
    """Return the installed version; minpy's own comes from the checkout it is run from."""
    distribution = "minpy-edu" if package == "minpy" else package
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "checkout" if package == "minpy" else None
