"""Notebooks of the course, and each of them executed once."""

from functools import cache
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def notebooks():
    """The module `notebook.py` beside this file."""
    for library in ("jupytext", "nbclient", "nbformat", "nbgrader", "skimage", "sklearn"):
        pytest.importorskip(library, reason="assignments need it; `make setup` installs it")
    # Imported here because the first time on a machine it builds a cache, and writes so to stderr.
    pytest.importorskip("matplotlib.font_manager", reason="notebooks draw")
    from grading import spec

    return spec.load(Path(__file__).with_name("notebook.py"))


@pytest.fixture(scope="session")
def find(notebooks):
    """Return the function that finds a notebook: ``find("a1-linear", "knn")``."""
    return cache(notebooks.Notebook)


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """Return the function that runs a notebook once: with the solutions in, or without them."""

    @cache
    def executed(notebook, solved=True):
        folder = tmp_path_factory.mktemp(f"{notebook.name}-{'solved' if solved else 'unsolved'}")
        return notebook.execute(notebook.source if solved else notebook.released, folder)

    return executed
