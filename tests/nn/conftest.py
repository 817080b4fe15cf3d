"""Fixtures: random numbers, PyTorch, as a witness; and NumPy's kernels alone."""

import pytest

import minpy
import minpy.numpy as np


@pytest.fixture(autouse=True)
def seeded():
    """Draw the same parameters in each run."""
    np.random.seed(0)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch")


@pytest.fixture
def numpy_alone():
    with minpy.use_policy("only_numpy"):
        yield


@pytest.fixture(params=["CPU", pytest.param("GPU", marks=pytest.mark.cuda)])
def on_torch(request, torch, find_backend):
    """A block in which new arrays are PyTorch's: on the CPU, and on a GPU where there is one."""
    if request.param == "CPU":
        return minpy.use_policy("prefer_torch")
    return find_backend("torch", minpy.gpu(0)).context
