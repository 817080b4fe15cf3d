"""Importing minpy imports NumPy and nothing heavier."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "mxnet", "jax", "matplotlib", "scipy", "sklearn", "pooch", "tqdm", "IPython")
HEAVY += ("h5py", "tensorboard")


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
            [sys.executable, "-c", f"{statement}\n{report}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()[-1].split()

    return run


PROGRAM = """
import minpy
import minpy.numpy as np

def loss(w, x):
    return np.logaddexp(0, x @ w).mean()

with minpy.use_policy("auto"), minpy.cpu():
    minpy.grad(loss)(np.zeros(3), np.random.rand(4, 3))
np.linalg.inv(np.eye(2))
np.policy.show_op_stat()
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import minpy",
        "import minpy.numpy",
        "import minpy.nn, minpy.datasets, minpy.plotting",
        "import minpy.symbol, minpy.core, minpy.utils, minpy.dispatch",
        PROGRAM,
    ],
    ids=["minpy", "numpy", "networks", "old names", "program"],
)
def test_import_is_light(heavy_imports, statement):
    assert heavy_imports(statement) == []


def test_networks_are_imported_when_they_are_used(heavy_imports):
    heavy_imports("""
import sys, minpy
assert "minpy.nn" not in sys.modules
assert minpy.nn.functional.relu(-1.0) == 0
""")


def test_a_policy_that_needs_another_library_imports_it(heavy_imports):
    statement = """
import minpy
try:
    minpy.set_global_policy("prefer_torch")
except minpy.BackendError as error:
    assert "does not import" in str(error)  # it is an empty stand-in
"""
    assert heavy_imports(statement) == ["torch"]


def test_a_heavy_import_is_seen(heavy_imports):
    assert heavy_imports("import scipy, torch") == ["torch", "scipy"]
