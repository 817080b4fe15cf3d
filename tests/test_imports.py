"""Importing minpy imports NumPy and nothing heavier."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "mxnet", "jax", "matplotlib", "scipy", "IPython")


@pytest.fixture
def heavy_imports(tmp_path):
    """Run a statement in a new interpreter and list the heavy libraries that it imported.

    Empty stand-ins come before the installed libraries, so that an attempt to import one is
    seen also where it is not installed.
    """
    for name in HEAVY:
        (tmp_path / f"{name}.py").touch()
    search_path = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]

    def run(statement):
        report = f"import sys; print(*(name for name in {HEAVY} if name in sys.modules))"
        done = subprocess.run(
            [sys.executable, "-c", f"{statement}; {report}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.split()

    return run


@pytest.mark.parametrize("statement", ["import minpy", "import minpy.numpy"])
def test_import_is_light(heavy_imports, statement):
    assert heavy_imports(statement) == []


def test_a_heavy_import_is_seen(heavy_imports):
    assert heavy_imports("import scipy, torch") == ["torch", "scipy"]
