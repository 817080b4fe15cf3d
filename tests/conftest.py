"""Fixtures that several folders share: the backend on which new arrays are made."""

import pytest

from minpy import backends
from minpy.backends import NUMPY, Backend
from minpy.backends.context import CPU
from minpy.backends.libraries import LIBRARIES
from minpy.errors import DeviceError


def backend_named(name, context=CPU):
    """Return a library's backend on a device; skip the test where there is none."""
    if name == NUMPY.name:
        return NUMPY
    try:
        return LIBRARIES[name].backend_on(context)
    except DeviceError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def find_backend():
    """Return the function that finds a backend by its library's name, or skips the test."""
    return backend_named


@pytest.fixture
def backend(request):
    """Make new arrays on the backend that the test is parametrised with; else on NumPy.

    The parameter is a backend, or the name of a library.
    """
    chosen = getattr(request, "param", NUMPY)
    with backends.using(chosen if isinstance(chosen, Backend) else backend_named(chosen)) as made:
        yield made
