"""Who may import whom: read from the list of layers in CONTRIBUTING.md, and checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .reading import ROOT, imports_in, modules_in

# Groups of minpy that are written with nothing but public names, as a student would.
PUBLIC_NAMES_ONLY = {"plotting", "nn", "datasets", "checking", "course"}


class Layers(NamedTuple):
    """The groups of modules, each with its level; a module imports from its own and from below."""

    level: dict[str, int]  # of each group
    group: dict[str, str]  # of each top-level module of minpy

    @classmethod
    def read(cls, text: str) -> Layers:
        """Read the list: a line a level, the lowest first; groups between bars.

        >>> layers = Layers.read("errors\\narray, tape | containers\\n")
        >>> layers.group["tape"], layers.level["array"], layers.level["containers"]
        ('array', 1, 1)
        """
        level, group = {}, {}
        for number, line in enumerate(text.strip().splitlines()):
            for names in (part.replace(" ", "").split(",") for part in line.split("|")):
                level[names[0]] = number
                group.update(dict.fromkeys(names, names[0]))
        return cls(level, group)

    def group_of(self, module: str) -> str | None:
        """Name the group of a module of minpy; None where the list has no place for it."""
        return self.group.get(module.split(".")[1] if "." in module else "__init__")


def written_layers() -> Layers:
    """Return the layers as CONTRIBUTING.md lists them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"```layers\n(.*?)```", text, re.DOTALL)
    assert found, "CONTRIBUTING.md has no block of ```layers"
    return Layers.read(found[1])


def direction_violations(package: Path, layers: Layers) -> list[str]:
    """Say which imports inside minpy the layers forbid, and which modules have no place in them."""
    found = [
        f"{module} belongs to no layer: give it its place in CONTRIBUTING.md"
        for module in modules_in(package)
        if layers.group_of(module) is None
    ]
    for item in imports_in(package):
        importer, target = layers.group_of(item.importer), layers.group_of(item.target)
        if importer is None or target is None or importer == target:
            continue
        if layers.level[target] >= layers.level[importer]:
            found.append(f"{item}: {importer} may not import {target}")
        elif is_private(item.name) and importer in PUBLIC_NAMES_ONLY:
            found.append(f"{item}: {importer} may not import private names")
    return found


def violations_between(packages: dict[str, Path]) -> list[str]:
    """Say where minpy imports another package, or another package a private name of minpy's."""
    found = []
    for item in imports_in(*packages.values()):
        importer, target = item.importer.split(".")[0], item.target.split(".")[0]
        if importer != target and (target != "minpy" or is_private(item.name)):
            found.append(str(item))
    return found


def is_private(name: str) -> bool:
    """Whether a part of a dotted name begins with one underscore."""
    return any(part.startswith("_") and part != "__init__" for part in name.split("."))
