"""The systematic tests on each backend; and the number of rows, at the end of a run."""

import pytest

from minpy.backends.libraries import LIBRARIES

from .rows import ROWS

COMPLEX_ROWS = """
    array-2 astype-2 mean-1 sort_complex-1 linalg.eigvals-1 linalg.eigvals-2 fft.fft-1 fft.fft2-1
    fft.fftn-1 fft.hfft-1 fft.ifft-1 fft.ifft2-1 fft.ifftn-1 fft.ihfft-1 fft.irfft-1 fft.irfft2-1
    fft.irfftn-1 fft.rfft-1 fft.rfft2-1 fft.rfftn-1
""".split()

# Where another library's results are others than NumPy's, or it has none: in test_real and
# test_single_precision.
DEVIATIONS = {
    "torch-linalg.svd-1": "singular vectors have another sign",
    "mxnet-ravel-3": "MXNet's arrays are in C order, whatever was transposed",
    **{f"mxnet-{row}": "MXNet has no complex numbers" for row in COMPLEX_ROWS},
}


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", ["numpy", *LIBRARIES], indirect=True)


def pytest_collection_modifyitems(config, items):
    left = [item for item in items if item.name.startswith("test_complex[mxnet")]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)  # MXNet has no complex numbers
    for item in items:
        test, _, case = item.name.partition("[")
        reason = DEVIATIONS.get(case.removesuffix("]")) if test != "test_complex" else None
        if item.path.name == "test_systematic.py" and reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(terminalreporter):  # what workers print is lost
    calls = sum(len(row.cases) for row in ROWS)
    names = len({row.name for row in ROWS})
    terminalreporter.write_line(f"tests/ops: {len(ROWS)} rows, {calls} calls, for {names} ops")
