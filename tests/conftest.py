"""Fixtures that several folders share: the backend on which new arrays are made."""

import pytest

from minpy import backends
from minpy.backends import NUMPY, Backend
from minpy.backends.context import CPU
from minpy.backends.libraries import LIBRARIES


def called(name):
    """Return the backend of a name, on the CPU; skip the test where its library does not work."""
    if name == NUMPY.name:
        return NUMPY
    found = LIBRARIES[name].backend_on(CPU)
    if not isinstance(found, Backend):
        pytest.skip(found)
    return found


@pytest.fixture
def backend_called():
    """Return the function that finds a backend by its name, or skips the test."""
    return called


@pytest.fixture
def made_on(request):
    """Make new arrays on the backend that the test is parametrised with; else on NumPy."""
    with backends.using(called(getattr(request, "param", NUMPY.name))):
        yield
