"""``import mxnet`` in a program that has imported minpy; each in a process of its own."""

import importlib.util
import subprocess
import sys

import pytest

needs_mxnet = pytest.mark.skipif(
    importlib.util.find_spec("mxnet") is None, reason="needs MXNet, which is not installed here"
)


def run(code, path=None):
    start = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    command = [sys.executable, "-W", "error", "-c", start + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@needs_mxnet
def test_it_imports_as_ever_and_is_the_module_that_loading_gives():
    code = """
import minpy.numpy as np
from mxnet import nd
import mxnet.gluon, mxnet as mx, sys
from minpy.backends.mxnet.loading import load
assert load() is mx is sys.modules["mxnet"]
print(nd.ones((2,)).asnumpy(), mx.__spec__.name, mx.__version__)
"""
    assert run(code) == "[1. 1.] mxnet 1.9.1"


@needs_mxnet
def test_looking_for_it_does_not_import_it():
    code = """
import minpy, importlib.util, sys
print(importlib.util.find_spec("mxnet").name, "mxnet" in sys.modules)
"""
    assert run(code) == "mxnet False"


def test_where_it_is_not_installed(tmp_path):
    """The error is Python's: nothing stands in the way."""
    code = f"""
import minpy, sys
sys.path[:] = [{str(tmp_path)!r}]
try:
    import mxnet
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert run(code) == "mxnet"


def test_the_finder_is_put_in_its_place_once():
    code = """
import minpy, sys
from minpy.backends import importing
importing.install()
print(sum(isinstance(finder, importing.MXNetFinder) for finder in sys.meta_path))
"""
    assert run(code) == "1"
