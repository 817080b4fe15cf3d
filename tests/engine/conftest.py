"""Fixtures: a graph to watch, and the backends.

The whole suite runs with new arrays made on NumPy, and once more with new arrays made on PyTorch.
The tests in `test_backends` say themselves which backends they are for.
"""

import importlib.util

import pytest

from minpy import backends
from minpy.backends.context import CPU
from minpy.backends.policy import POLICIES

from .deviations import DEVIATING, FAILING, MEANINGLESS, RANDOM_PROGRAMS, SOME_OF_THEM
from .expectations import Graph
from .toy_backend import TOY

HAS_TORCH = importlib.util.find_spec("torch") is not None
NAMES = ["numpy", "torch"]


def called(name):
    """Return the backend of a name, on the CPU; skip the test if its library is not installed."""
    if name == TOY.name:
        return TOY
    if name == "torch" and not HAS_TORCH:
        pytest.skip("needs PyTorch")
    return backends.made_by(POLICIES[f"prefer_{name}" if name != "numpy" else "only_numpy"], CPU)


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture(autouse=True)
def made_on(request):
    """Make new arrays on the backend that the test is parametrised with."""
    with backends.using(called(getattr(request, "param", "numpy"))):
        yield


@pytest.fixture(params=[*NAMES, TOY.name])
def backend(request):
    """Run a test with new arrays made on each of the backends."""
    with backends.using(called(request.param)) as made:
        yield made


@pytest.fixture
def toy():
    with backends.using(TOY):
        TOY.fallbacks.clear()
        yield TOY


def pytest_generate_tests(metafunc):
    if "made_on" in metafunc.fixturenames and metafunc.module.__name__[-13:] != "test_backends":
        metafunc.parametrize("made_on", NAMES, indirect=True)


def pytest_collection_modifyitems(config, items):
    """Mark the deviations, and leave most of the random programs to NumPy."""
    on_torch = [item for item in items if "engine" in item.path.parts and _is_on_torch(item)]
    left = [
        item
        for item in on_torch
        if item.name.startswith(RANDOM_PROGRAMS) and not item.name.endswith(SOME_OF_THEM)
    ]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)
    count = 0
    for item in on_torch:
        names = {item.name, item.originalname}
        for name in names & FAILING.keys():
            item.add_marker(pytest.mark.xfail(reason=FAILING[name], strict=True))
        for name in names & MEANINGLESS.keys():
            item.add_marker(pytest.mark.skip(reason=MEANINGLESS[name]))
        count += bool(names & (FAILING.keys() | MEANINGLESS.keys()))
    config.stash[DEVIATING] = (count, len(on_torch) - len(left))


def _is_on_torch(item):
    params = getattr(item, "callspec", None) and item.callspec.params
    return bool(params) and "torch" in (params.get("made_on"), params.get("backend"))
