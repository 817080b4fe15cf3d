"""Checking that the implementations of a case compute the same, before any of them is timed."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Largest difference between implementations, relative to the largest element of the array.
#: In float32 a relu's input may round to either side of zero, and one of 256 examples then
#: changes a gradient; the tests compare in float64.
TOLERANCE = {"float32": 2e-2, "float64": 1e-9}

#: The same for single numbers, such as losses.
SCALAR_TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


def assert_agree(actual: Any, expected: Any) -> None:
    """Check that two nested results agree, array by array.

    Parameters
    ----------
    actual, expected : array_like, or tuple or list of them
        Arrays of any of the libraries. The tolerance is that of the coarser dtype, and relative
        to the largest element of an array: small elements of a gradient are sums that cancel.

    Examples
    --------
    >>> assert_agree((1.0, [np.ones(2)]), (1.0, [np.ones(2)]))
    >>> assert_agree(1.0, 1.25)
    Traceback (most recent call last):
    ...
    AssertionError: results differ by 2.0e-01 of the largest element
    """
    if isinstance(expected, (tuple, list)):
        if len(actual) != len(expected):
            raise AssertionError(f"{len(actual)} results, expected {len(expected)}")
        for part, other in zip(actual, expected):
            assert_agree(part, other)
        return
    got = as_numpy(actual)
    want = as_numpy(expected)
    if got.shape != want.shape:
        raise AssertionError(f"result of shape {got.shape}, expected {want.shape}")
    largest = float(np.max(np.abs(want))) or 1.0
    off = float(np.max(np.abs(got - want))) / largest
    # Written so that NaN fails.
    tolerance = TOLERANCE if want.ndim else SCALAR_TOLERANCE
    if not off <= max(tolerance[str(got.dtype)], tolerance[str(want.dtype)]):
        raise AssertionError(f"results differ by {off:.1e} of the largest element")


def as_numpy(array: Any) -> np.ndarray:
    """Return an array of any of the libraries as NumPy's."""
    if hasattr(array, "asnumpy"):
        return np.asarray(array.asnumpy())
    if hasattr(array, "detach"):
        return array.detach().cpu().numpy()
    return np.asarray(array)
