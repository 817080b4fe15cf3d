"""``import mxnet`` works in a program that has imported minpy, whatever NumPy is installed.

MXNet by itself does not import beside a NumPy of today; `minpy.backends.mxnet.loading` makes it.
Programs write ``import mxnet as mx`` all the same, and so a finder sends that one import there.
It does nothing before somebody imports MXNet.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class MXNetFinder:
    """Finds MXNet where Python does, and has it loaded by `minpy.backends.mxnet.loading`."""

    def __init__(self) -> None:
        self.stands_aside = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return how to load MXNet; None for anything else, and while it is being loaded."""
        if name != "mxnet" or self.stands_aside:
            return None
        spec = PathFinder.find_spec(name)
        if spec is not None:
            spec.loader = _Loader(self)  # type: ignore[assignment] # importlib.abc takes 20 ms
        return spec


class _Loader:
    """Imports MXNet by importing it once more, from a place that knows how."""

    def __init__(self, finder: MXNetFinder) -> None:
        self.finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.finder.stands_aside = True
        try:
            module = import_module("minpy.backends.mxnet.loading").load()
        finally:
            self.finder.stands_aside = False
        self.found = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.found  # it has been run, and keeps what it was loaded by


def install() -> None:
    """Put the finder in its place, once."""
    if not any(isinstance(finder, MXNetFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, MXNetFinder())  # type: ignore[arg-type]
