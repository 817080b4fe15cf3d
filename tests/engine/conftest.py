"""Fixtures: a graph to watch, and the backends."""

import pytest

from minpy import backends

from .expectations import Graph
from .toy_backend import TOY


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture(params=[backends.NUMPY, TOY], ids=lambda backend: backend.name)
def backend(request):
    """Run a test with new arrays made on each of the backends."""
    with backends.using(request.param):
        yield request.param


@pytest.fixture
def toy():
    with backends.using(TOY):
        TOY.fallbacks.clear()
        yield TOY
