"""Running a check on plain and on recorded arrays."""

import pytest

import minpy.numpy as np

pytest.register_assert_rewrite(f"{__package__}.agreement")

from .recording import on_recorded  # noqa: E402 - what it imports is to be rewritten


@pytest.fixture(params=["plain", "recorded"])
def run(request):
    """Call a check with arrays made of NumPy's: once as they are, once while they are recorded.

    ``run(check, raw, other)`` calls ``check(x, y)``.
    """
    if request.param == "recorded":
        return on_recorded
    return lambda check, *raws: check(*map(np.array, raws))
