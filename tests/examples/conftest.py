"""The scripts in examples/, as modules and as a user runs them."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def example(monkeypatch):
    """Return a function that imports an example by name, with those it imports itself."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    return importlib.import_module


@pytest.fixture
def run_example():
    """Return a function that runs an example as a user does, and gives what it printed."""

    def run(name, *arguments):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py"), *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout

    return run
