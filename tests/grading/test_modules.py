"""The grader is a distribution of its own: it uses the public names of minpy, and no others."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "grading").glob("*.py"))
MOST_LINES = 399


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_public_names_of_minpy_are_used(path):
    private = [
        name
        for name in imports(path)
        if name.split(".")[0] == "minpy" and any(part.startswith("_") for part in name.split("."))
    ]
    assert not private


def test_the_runner_knows_nothing_of_the_grader():
    """All that runs beside a student's code is one file, and the checks that students have too."""
    ours = [name for name in imports(ROOT / "grading" / "runner.py") if name.startswith("grading")]
    assert ours == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples(path):
    for library in ("jupytext", "nbgrader", "typer", "rich", "nh3"):
        pytest.importorskip(library, reason="grading needs it; `make setup` installs it")
    name = "grading" if path.stem == "__init__" else f"grading.{path.stem}"
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_files_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < MOST_LINES
