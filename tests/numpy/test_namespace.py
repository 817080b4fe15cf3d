"""`minpy.numpy` as a namespace: every name, and what is there besides functions."""

import importlib

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import assert_same
from .calls import is_plain_type, lookup, public
from .calls.data import PAIR, ROW, ROW2, X
from .recording import on_recorded

UFUNCS = [name for name in public() if isinstance(lookup(onp, name), onp.ufunc)]

JOINED = {
    "r_ joins": lambda xp, x, y: xp.r_[x, 0.5, y],
    "r_ counts": lambda xp, x, y: xp.r_[1:4, 0, 4],
    "r_ stacks": lambda xp, x, y: xp.r_["0,2", x, y],
    "c_": lambda xp, x, y: xp.c_[x, y, x],
}


@pytest.mark.parametrize("name", sorted(public()))
def test_name(name):
    ours, theirs = lookup(np, name), lookup(onp, name)
    if is_plain_type(theirs):
        assert ours is theirs
    if isinstance(theirs, float):
        assert ours == theirs or onp.isnan(theirs)
    if callable(theirs):
        assert callable(ours)
        assert ours.__doc__


@pytest.mark.parametrize("name", UFUNCS)
def test_universal_function(name):
    ours, theirs = lookup(np, name), lookup(onp, name)
    for attribute in ("__name__", "nin", "nout", "nargs", "identity", "signature", "types"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)


def test_dir():
    assert set(dir(np)) >= set(dir(onp))
    for name in ("linalg", "fft", "random"):
        assert set(dir(getattr(np, name))) >= set(getattr(onp, name).__all__)


def test_name_that_numpy_has_not():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = np.no_such_name
    assert not hasattr(np.linalg, "no_such_name")


@pytest.mark.parametrize("name", ["linalg", "fft", "random"])
def test_submodule_can_be_imported(name):
    assert importlib.import_module(f"minpy.numpy.{name}") is getattr(np, name)


def test_everything_can_be_imported():
    names = {}
    exec("from minpy.numpy import *", names)
    assert names["exp"] is np.exp
    assert names["ndarray"] is np.ndarray
    assert "max" in names or "amax" in names


@pytest.mark.parametrize("join", JOINED.values(), ids=JOINED)
def test_joining_by_indexing(join):
    assert_same(join(np, np.array(ROW), np.array(ROW2)), join(onp, ROW, ROW2))


@pytest.mark.parametrize("join", [JOINED["r_ joins"], JOINED["c_"]])
def test_joining_recorded_arrays(join):
    def check(x, y):
        try:
            joined = join(np, x, y)
        except (minpy.NoGradientError, minpy.ImplicitExitError):
            return
        assert minpy.is_recorded(joined)
        assert_same(joined, join(onp, ROW, ROW2))

    on_recorded(check, ROW, ROW2)


def test_grids():
    assert_same(np.mgrid[0:2, 0:1:3j], onp.mgrid[0:2, 0:1:3j])
    assert_same(np.ogrid[0:2, 0:3], onp.ogrid[0:2, 0:3])
    assert np.s_[1:3, ..., None] == onp.s_[1:3, ..., None]
    assert_same(np.array(X)[np.index_exp[:, 1:]], X[:, 1:])


def test_vectorized_function():
    double = np.vectorize(lambda a: 2 * a)
    assert_same(np.ones(2) * double(np.array(PAIR)), onp.ones(2) * 2 * PAIR)


def test_settings_are_numpys():
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.array([1.0]) / np.array([0.0])
    with np.printoptions(precision=2):
        assert repr(np.array([0.123456])) == "array([0.12])"


def test_testing_functions():
    np.testing.assert_allclose(np.array(X), X)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(np.array(X), X + 1)
