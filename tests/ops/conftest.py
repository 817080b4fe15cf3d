"""The systematic tests on each backend; and the number of rows, at the end of a run."""

import importlib.util

import pytest

from minpy import backends
from minpy.backends.context import CPU
from minpy.backends.policy import POLICIES

from .rows import ROWS

# Where PyTorch's results are others than NumPy's, and as good.
OTHER_RESULTS = {
    "test_real[torch-linalg.svd-1]": "singular vectors have another sign",
    "test_single_precision[torch-linalg.svd-1]": "singular vectors have another sign",
}


@pytest.fixture(autouse=True)
def made_on(request):
    """Make new arrays on the backend that the test is parametrised with."""
    name = getattr(request, "param", "numpy")
    if name == "torch" and importlib.util.find_spec("torch") is None:
        pytest.skip("needs PyTorch")
    policy = POLICIES["prefer_torch" if name == "torch" else "only_numpy"]
    with backends.using(backends.made_by(policy, CPU)):
        yield


def pytest_generate_tests(metafunc):
    if metafunc.module.__name__.endswith("test_systematic"):
        metafunc.parametrize("made_on", ["numpy", "torch"], indirect=True)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name == "test_systematic.py" and item.name in OTHER_RESULTS:
            item.add_marker(pytest.mark.xfail(reason=OTHER_RESULTS[item.name], strict=True))


def pytest_terminal_summary(terminalreporter):  # what workers print is lost
    calls = sum(len(row.cases) for row in ROWS)
    names = len({row.name for row in ROWS})
    terminalreporter.write_line(f"tests/ops: {len(ROWS)} rows, {calls} calls, for {names} ops")
