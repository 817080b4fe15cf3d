"""Numbers and NumPy's arrays as tensors."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from minpy.backends.torch.conversion import cast, promoted  # noqa: E402


@pytest.mark.parametrize(
    "make", [cast, lambda x, dtype: promoted(torch.ones(1, dtype=dtype), x)[1]]
)
def test_a_number_too_large_for_the_dtype_is_infinite(make):
    assert make(1e300, torch.float64).item() == 1e300
    assert make(-1e300, torch.float32).item() == -math.inf
