"""What code that was written for NumPy's arrays asks of ours."""

import copy
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

X = onp.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize("name", ["tanh", "add", "isnan", "equal"])
def test_a_ufunc_of_a_class_is_no_method(name):
    class Theirs:
        act = getattr(onp, name)

    class Ours:
        act = getattr(np, name)

    args = (X,) * getattr(onp, name).nin
    onp.testing.assert_array_equal(Ours().act(*args).asnumpy(), Theirs().act(*args))
    assert Ours().act is Ours.act is getattr(np, name)
    assert repr(Ours.act) == repr(Theirs.act)


def test_a_ufunc_is_copied_and_pickled_by_name():
    assert copy.deepcopy(np.tanh) is pickle.loads(pickle.dumps(np.tanh)) is np.tanh


def test_a_view_as_numpys_array_is_one():
    x = np.array(X)
    view = x.view(onp.ndarray)
    assert type(view) is onp.ndarray and onp.shares_memory(view, onp.asarray(x))
    assert type(x.view(np.ndarray)) is type(x.view(type=np.ndarray)) is np.ndarray
    assert x.view(onp.int64).dtype == onp.int64
    with pytest.raises(minpy.ImplicitExitError, match="view"):
        minpy.grad(lambda x: onp.sum(x.view(onp.ndarray)))(X)
    g = minpy.grad(lambda x: np.sum(x.view(np.ndarray) ** 2))(X)
    onp.testing.assert_array_equal(g.asnumpy(), 2 * X)


def test_array_wrap_makes_an_array():
    wrapped = np.array(X).__array_wrap__(2 * X)
    assert type(wrapped) is np.ndarray
    onp.testing.assert_array_equal(wrapped.asnumpy(), 2 * X)


def test_the_version_of_the_array_api_is_numpys():
    assert getattr(np, "__array_api_version__", None) == getattr(onp, "__array_api_version__", None)


@pytest.mark.parametrize("function", [onp.atleast_1d, onp.atleast_2d, onp.atleast_3d])
def test_numpys_atleast_converts_what_is_not_recorded(function):
    found = function(np.array(X))
    assert type(found) is onp.ndarray
    onp.testing.assert_array_equal(found, function(X))
    g = minpy.grad(lambda x: np.sum(function(x) ** 2))(X)
    onp.testing.assert_array_equal(g.asnumpy(), 2 * X)


EQUAL = """
    assert_allclose assert_almost_equal assert_array_almost_equal assert_array_almost_equal_nulp
    assert_array_equal assert_array_max_ulp assert_equal
""".split()


@pytest.mark.parametrize("name", EQUAL)
def test_testing_compares_arrays_recorded_or_not(name):
    check = getattr(np.testing, name)

    def f(x):
        check(x * 1, np.array(X))
        with pytest.raises(AssertionError):
            check(x, np.array(X + 1))
        return x.sum()

    assert f(np.array(X)) == 7.0
    onp.testing.assert_array_equal(minpy.grad(f)(X).asnumpy(), onp.ones(3))


def test_testing_of_errors_and_nested_values():
    np.testing.assert_equal({"a": [np.array(X), 1]}, {"a": [X, 1]})
    np.testing.assert_array_less(np.array(X), X + 1)
    with np.testing.assert_raises(ValueError):
        raise ValueError
