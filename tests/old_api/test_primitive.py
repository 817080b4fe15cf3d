"""`minpy.primitive.customop`: a function on raw arrays with a gradient of its own."""

import importlib.util

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.core import grad
from minpy.primitive import customop


def needs(library):
    installed = importlib.util.find_spec(library) is not None
    return pytest.param(library, marks=pytest.mark.skipif(not installed, reason=f"needs {library}"))


def test_on_numpys_arrays():
    @customop("numpy")
    def double(x):
        assert type(x) is onp.ndarray
        return 2 * x

    double.def_grad(lambda ans, x: lambda g: 2 * g)
    assert grad(double)(1.0) == 2.0
    assert double(onp.ones(2)).tolist() == [2, 2]


def test_the_rule_is_the_one_that_was_given_also_where_it_is_wrong():
    @customop("numpy")
    def square(x):
        return x * x

    square.def_grad(lambda ans, x: lambda g: g * 100)
    assert grad(square)(3.0) == 100.0


def test_a_missing_gradient_raises_at_the_call():
    @customop("numpy")
    def times(x, y):
        return x * y

    times.def_grad(lambda ans, x, y: lambda g: g * x, argnum=1)
    assert grad(times, argnum=1)(3.0, 5.0) == 3.0
    with pytest.raises(minpy.NoGradientError, match=r"times has no gradient rule.*argument 0"):
        grad(times)(3.0, 5.0)


@pytest.mark.parametrize("library", [needs("torch"), needs("mxnet")])
def test_on_the_arrays_of_another_library(library):
    seen = []

    @customop(library)
    def cube(x):
        seen.append(type(x).__module__.partition(".")[0])
        return x * x * x

    cube.def_grad(lambda ans, x: lambda g: g * 3 * x * x)
    x = np.array([1.0, 2.0])
    assert cube(x).tolist() == [1, 8]
    assert grad(cube)(x).tolist() == [3, 12]
    with minpy.use_policy(f"prefer_{library}"):
        there = np.array([1.0, 2.0])
        assert grad(cube)(there).tolist() == [3, 12]
        assert cube(there)._backend is there._backend
    assert set(seen) == {library}


def test_mxnets_functions_take_what_they_are_given():
    mx = pytest.importorskip("mxnet", reason="needs MXNet")

    @customop("mxnet")
    def soft(x):
        assert type(x) is mx.nd.NDArray
        return mx.nd.softmax(x, axis=1)

    soft.def_grad(lambda ans, x: lambda g: ans * (g - np.sum(g * ans, axis=1, keepdims=True)))
    x = onp.random.default_rng(0).normal(size=(2, 3))
    expected = onp.exp(x) / onp.exp(x).sum(axis=1, keepdims=True)
    onp.testing.assert_allclose(soft(x).asnumpy(), expected, 1e-12)
    assert minpy.gradcheck(soft, x)
    with minpy.use_policy("prefer_mxnet"):
        there = soft(np.array(x))
        onp.testing.assert_allclose((there * 2).asnumpy(), 2 * expected, 1e-12)
        assert minpy.gradcheck(soft, np.array(x))


@pytest.mark.parametrize("library", [needs("torch"), needs("mxnet")])
def test_the_statistics_say_which_library_ran_it(library):
    @customop(library)
    def counted_here(x):
        return x + x

    np.policy.reset_op_stat()
    counted_here(np.ones(2))
    assert np.policy.op_stat().on(library)["counted_here"] == 1
    assert "counted_here" not in np.policy.op_stat().on("numpy")


@pytest.mark.parametrize("library", [needs("torch"), needs("mxnet")])
def test_a_function_of_ones_own_runs_whatever_it_is_called(library):
    """Not the library's function of the same name."""

    @customop("numpy")
    def exp(x):
        return 7 + 0 * x

    with minpy.use_policy(f"prefer_{library}"):
        assert exp(np.zeros(2)).tolist() == [7, 7]


def test_a_library_that_nobody_knows():
    with pytest.raises(ValueError, match=r"one of numpy, .*was given 'cuda'"):
        customop("cuda")
