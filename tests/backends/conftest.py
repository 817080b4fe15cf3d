"""Fixtures: machines with other libraries installed than this one."""

import sys

import pytest

import minpy
import minpy.numpy as np
from minpy import backends
from minpy.backends import kernels, libraries, policy
from minpy.backends.libraries import Library
from minpy.backends.policy import Policy

from .pretend import PRETEND


@pytest.fixture
def anew():
    """Forget what was found out about libraries, before and after the test."""

    def forget():
        for cached in (
            backends.backend_for, kernels._backend_in, libraries._is_installed, libraries._loaded,
        ):  # fmt: skip
            cached.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def pretend(anew, monkeypatch):
    """A machine on which a library with two GPUs is all that is installed; its backends."""
    monkeypatch.setattr(libraries, "LIBRARIES", {"pretend": PRETEND})
    monkeypatch.setitem(policy.POLICIES, "prefer_pretend", Policy("prefer_pretend", "pretend"))
    only = Policy("only_pretend", "pretend", only=True)
    monkeypatch.setitem(policy.POLICIES, "only_pretend", only)
    return PRETEND.module().backend_on


@pytest.fixture
def no_torch(anew, monkeypatch):
    """A machine without PyTorch, and without any other library."""
    monkeypatch.setattr(Library, "installed", lambda self: False)


@pytest.fixture
def broken_torch(anew, monkeypatch):
    """A machine on which PyTorch alone is installed, and does not import."""
    monkeypatch.setattr(Library, "installed", lambda self: self.name == "torch")
    monkeypatch.setitem(sys.modules, "minpy.backends.torch", None)


@pytest.fixture
def torch(anew):
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="needs PyTorch")


@pytest.fixture
def gpu0(find_backend):
    """``gpu(0)``, where there is one for PyTorch."""
    return find_backend("torch", minpy.gpu(0)).context


@pytest.fixture(autouse=True)
def statistics_from_zero():
    np.policy.reset_op_stat()
