"""Fixtures: PyTorch, as a witness; and NumPy's kernels alone."""

import pytest

import minpy


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch")


@pytest.fixture
def numpy_alone():
    with minpy.use_policy("only_numpy"):
        yield
