"""Fixtures: MXNet, and how often something is bound or run."""

import importlib.util

import pytest


@pytest.fixture(scope="session")
def mx():
    """MXNet, where it is installed."""
    if importlib.util.find_spec("mxnet") is None:
        pytest.skip("needs MXNet, which is not installed")
    from minpy.backends.mxnet.loading import load

    return load()


@pytest.fixture
def counts(mx, monkeypatch):
    """How often MXNet binds, and runs forwards and backwards."""
    found = {"bind": 0, "forward": 0, "backward": 0}

    def counting(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            found[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    counting(mx.sym.Symbol, "bind")
    counting(mx.executor.Executor, "forward")
    counting(mx.executor.Executor, "backward")
    return found
