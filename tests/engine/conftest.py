"""Fixtures: a graph to watch, and the backends.

The whole suite runs with new arrays made on NumPy, and once more on each library that is installed.
The tests in `test_backends` say themselves which backends they are for.
"""

import inspect

import pytest

from minpy import backends
from minpy.backends.libraries import LIBRARIES

from .deviations import COUNTED, DEVIATIONS, RANDOM_PROGRAMS
from .expectations import Graph
from .toy_backend import TOY

NAMES = ["numpy", *LIBRARIES]


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture(autouse=True)
def everything_made_on(backend):
    """Make new arrays on the backend that the test is parametrised with."""


@pytest.fixture
def toy():
    with backends.using(TOY):
        TOY.fallbacks.clear()
        yield TOY


def pytest_generate_tests(metafunc):
    if "backend" in inspect.signature(metafunc.function).parameters:
        metafunc.parametrize("backend", [*NAMES, pytest.param(TOY, id=TOY.name)], indirect=True)
    elif metafunc.module.__name__[-13:] != "test_backends":
        metafunc.parametrize("backend", NAMES, indirect=True)


def pytest_collection_modifyitems(config, items):
    """Mark each library's deviations, and leave most of the random programs to NumPy."""
    config.stash[COUNTED] = {}
    for library, known in DEVIATIONS.items():
        on_it = [item for item in items if "engine" in item.path.parts and _is_on(library, item)]
        left = [
            item
            for item in on_it
            if item.name.startswith(RANDOM_PROGRAMS) and not item.name.endswith(known.programs)
        ]
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)
        count = 0
        for item in on_it:
            names = {item.name, item.originalname}
            for name in names & known.failing.keys():
                item.add_marker(pytest.mark.xfail(reason=known.failing[name], strict=True))
            for name in names & known.meaningless.keys():
                item.add_marker(pytest.mark.skip(reason=known.meaningless[name]))
            count += bool(names & (known.failing.keys() | known.meaningless.keys()))
        config.stash[COUNTED][library] = (count, len(on_it) - len(left))


def _is_on(library, item):
    return hasattr(item, "callspec") and item.callspec.params.get("backend") == library
