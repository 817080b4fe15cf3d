"""What it means that minpy's result is NumPy's: the same value, dtype, shape and structure."""

from collections.abc import Iterator
from typing import Any

import numpy as onp

from minpy.numpy import ndarray

__all__ = ["arrays_in", "assert_same", "assert_same_values"]


def assert_same(actual: Any, expected: Any, numpys: bool = False) -> None:
    """Compare what minpy returned with what NumPy returned, containers item by item.

    An array is minpy's array; a floating scalar is one too while it is recorded, and else a
    scalar of NumPy's type with the methods of minpy's arrays; an integer or boolean scalar is
    NumPy's; anything else has NumPy's type, by name.

    Parameters
    ----------
    actual, expected : object
        What minpy and NumPy returned.
    numpys : bool
        Whether subclasses of NumPy's array are returned as they are.
    """
    if isinstance(expected, (tuple, list)):
        assert type(actual).__name__ == type(expected).__name__
        assert len(actual) == len(expected)
        for ours, theirs in zip(actual, expected, strict=True):
            assert_same(ours, theirs, numpys)
    elif isinstance(expected, dict):
        onp.testing.assert_equal(actual, expected)
    elif isinstance(expected, onp.poly1d):
        coefficients = actual.coeffs
        if type(coefficients) is ndarray:
            coefficients = coefficients.asnumpy()
        assert_same_values(coefficients, expected.coeffs)
    elif isinstance(expected, onp.ndarray) and type(expected) is not onp.ndarray:
        assert numpys, f"NumPy returned its {type(expected).__name__}: give the reason in a list"
        assert type(actual) is type(expected)
        assert_same_values(actual, expected)
    elif isinstance(expected, onp.inexact) and type(actual) is not ndarray:
        assert isinstance(actual, type(expected)), f"not a number but {type(actual)}"
        assert_same_values(actual.asnumpy(), expected)
    elif isinstance(expected, (onp.ndarray, onp.inexact)):
        assert type(actual) is ndarray, f"not minpy's array but {type(actual)}"
        assert_same_values(actual.asnumpy(), expected)
    elif isinstance(expected, onp.generic):
        assert type(actual) is type(expected)
        assert_same_values(actual, expected)
    else:
        assert type(actual).__name__ == type(expected).__name__
        if isinstance(expected, (type(None), type, int, float, complex, str, bytes, onp.dtype)):
            assert actual == expected or expected != expected


def assert_same_values(actual: Any, expected: Any) -> None:
    """Compare raw arrays or scalars: dtype, shape, and values up to a few roundings."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if expected.dtype.kind in "fc" and expected.size:
        rounding = 16 * float(onp.finfo(expected.dtype).eps)
        sizes = onp.abs(onp.asarray(expected))
        scale = float(onp.max(sizes, initial=0.0, where=onp.isfinite(sizes)))
        onp.testing.assert_allclose(actual, expected, rounding, rounding * scale)
    else:
        onp.testing.assert_array_equal(actual, expected)


def arrays_in(result: Any) -> Iterator[Any]:
    """Every array of minpy or NumPy in a result, in order."""
    if isinstance(result, (tuple, list)):
        for item in result:
            yield from arrays_in(item)
    elif isinstance(result, onp.poly1d):
        yield result.coeffs
    elif isinstance(result, (ndarray, onp.ndarray, onp.generic)):
        yield result
