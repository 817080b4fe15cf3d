"""The grader is a distribution of its own: it uses the public names of minpy, and no others."""

import ast
import doctest
import graphlib
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "grading").rglob("*.py"))
    if "build" not in path.parts
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_only_public_names_of_minpy_are_used(path):
    private = [
        name
        for name in imports(path)
        if name.split(".")[0] == "minpy" and any(part.startswith("_") for part in name.split("."))
    ]
    assert not private


def test_the_runner_knows_nothing_of_the_grader():
    """A student's code runs beside the runner, the messages, and the checks students have too."""
    for name, allowed in (("runner", {"grading.wire"}), ("wire", set())):
        ours = {module_of(name) for name in imports(ROOT / "grading" / f"{name}.py")} - {None}
        assert ours <= allowed


def test_no_circle_of_imports():
    """Late imports and those for types count too."""
    graph = graphlib.TopologicalSorter()
    for module, path in MODULES.items():
        graph.add(module, *({module_of(name) for name in imports(path)} - {None, module}))
    graph.prepare()  # raises CycleError


def module_of(name):
    """The module of grading that an imported name is of: "grading.wire" for "grading.wire.send"."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    for library in ("jupytext", "nbgrader", "typer", "rich", "nh3"):
        pytest.importorskip(library, reason="grading needs it; `make setup` installs it")
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
