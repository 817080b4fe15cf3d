"""The environment of a runner: where its files are, and nothing of the grader's own."""

from __future__ import annotations

import os
from pathlib import Path

import minpy
from grading import wire

INHERITED = ("PATH", "LANG", "LC_ALL", "TZ")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a runner whose home, IPython and temporary files are in a folder.

    Parameters
    ----------
    folder : Path
    """
    home = folder / "home"
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **dict.fromkeys(THREADS, "1"),
        "MINPY_SIZE": "tiny",  # training does not run when graded, so little data will do
        "HOME": str(home),
        "TMPDIR": str(folder / "tmp"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "agg",
        "PYTHONPATH": python_path(),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def python_path() -> str:
    """Return where a runner finds minpy and the part of the grader that is its own."""
    packages = (Path(minpy.__file__).parent, Path(wire.__file__).parent)
    return os.pathsep.join(dict.fromkeys(str(path.parent) for path in packages))
